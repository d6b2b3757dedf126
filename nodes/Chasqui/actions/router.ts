import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { NodeApiError, NodeOperationError } from 'n8n-workflow';
import { findOperation } from './resources';

type ItemResult = { items: INodeExecutionData[] } | { error: NodeApiError | NodeOperationError };

/**
 * Runs the chosen operation for every incoming item, one after the other, and pairs what comes out with its item.
 * With Continue On Fail, a failed item becomes an item that tells the failure; otherwise the first failure ends the run.
 */
export async function router(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
  const output: INodeExecutionData[] = [];
  for (let itemIndex = 0; itemIndex < this.getInputData().length; itemIndex++) {
    const result = await runItem.call(this, itemIndex);
    if ('error' in result && !this.continueOnFail()) throw result.error;
    const items = 'error' in result ? [failedItem(result.error)] : result.items;
    output.push(...items.map(item => ({ ...item, pairedItem: { item: itemIndex } })));
  }
  return [output];
}

async function runItem(this: IExecuteFunctions, itemIndex: number): Promise<ItemResult> {
  const resource = this.getNodeParameter('resource', itemIndex) as string;
  const name = this.getNodeParameter('operation', itemIndex) as string;
  const operation = findOperation(resource, name);
  if (operation === undefined) {
    return { error: new NodeOperationError(this.getNode(), `There is no operation "${name}" of "${resource}"`, { itemIndex }) };
  }
  try {
    return { items: await operation.execute.call(this, itemIndex) };
  } catch (error) {
    return { error: withItem.call(this, error, itemIndex) };
  }
}

function withItem(this: IExecuteFunctions, error: unknown, itemIndex: number): NodeApiError | NodeOperationError {
  if (!(error instanceof NodeApiError) && !(error instanceof NodeOperationError)) {
    return new NodeOperationError(this.getNode(), error instanceof Error ? error : String(error), { itemIndex });
  }
  error.context.itemIndex = itemIndex;
  return error;
}

/**
 * `error` is the only field: that is how every version of n8n tells failed items from others when the node has an error output.
 * It is an object, so that a workflow can decide by the code.
 */
function failedItem(error: NodeApiError | NodeOperationError): INodeExecutionData {
  const { message, description, errorResponse } = error;
  const code = errorResponse?.code;
  return { json: { error: { message, ...(description ? { description } : {}), ...(typeof code === 'string' ? { code } : {}) } } };
}
