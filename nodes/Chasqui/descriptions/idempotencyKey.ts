import { createHash } from 'crypto';
import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { jsonStringify, NodeOperationError } from 'n8n-workflow';

/** An entry of Options: what tells a repeat from a new message. */
export const idempotencyKeyField: INodeProperties = {
  displayName: 'Idempotency Key',
  name: 'idempotencyKey',
  type: 'string',
  default: '',
  placeholder: 'e.g. order-{{ $json.orderId }}-shipped',
  description:
    'The gateway sends one message for each key within 24 hours. By default every run of the node has a key of its own for each item, which its retries share: Retry On Fail sends nothing twice. With a key of yours, another execution does not either.',
};

/**
 * The header for an item: the user's key, else one that all tries of this run share and no other run has.
 * @throws NodeOperationError for a key that no header can hold
 */
export function idempotencyKey(this: IExecuteFunctions, itemIndex: number): Record<string, string> {
  const given = String(this.getNodeParameter('options', itemIndex, {}).idempotencyKey ?? '').trim();
  if (given === '') return automatic.call(this, itemIndex);
  if (/^[\x21-\x7e]{1,255}$/.test(given)) return { 'Idempotency-Key': given };
  throw new NodeOperationError(this.getNode(), 'The idempotency key cannot be used; nothing was sent', {
    itemIndex, description: 'A key has 1 to 255 letters, digits and signs of ASCII, without spaces',
  });
}

/**
 * Made of what stays when n8n tries again and changes when it runs again. The start of the execution is in it because
 * numbers of executions come again when n8n's database is set back. Without a number there is nothing to go by.
 */
function automatic(this: IExecuteFunctions, itemIndex: number): Record<string, string> {
  const executionId: string | undefined = this.getExecutionId();
  if (executionId === undefined || !/\d/.test(executionId)) return {};
  // Added to n8n after its first 1.x versions.
  const begun = this.getExecutionContext?.()?.establishedAt;
  const parts = [this.getInstanceId(), this.getWorkflow().id, executionId, begun, this.getNode().id, itemIndex, run.call(this, itemIndex)];
  return { 'Idempotency-Key': `n8n-${createHash('sha256').update(jsonStringify(parts)).digest('base64url')}` };
}

/**
 * Which run of the node within the execution: in a loop there are many. Where n8n calls the node as an agent's tool by itself, it counts
 * every try as a run, and two agents' first calls both as the first; there it is what the agent asked for.
 */
function run(this: IExecuteFunctions, itemIndex: number): unknown {
  if (this.isToolExecution?.()) return jsonStringify(this.getInputData()[itemIndex]?.json, { replaceCircularRefs: true });
  return this.getWorkflowDataProxy(itemIndex).$runIndex;
}
