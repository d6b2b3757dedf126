import { inject } from 'vitest';
import { startStack, type Stack } from '../../support/stack.js';
import { createContact, type Contact } from './contact.js';
import { eventually } from './eventually.js';
import { requestJson } from './http.js';
import { createN8nClient, type Credential, type Execution, type N8nClient, type N8nSession, type Workflow } from './n8n-client.js';
import { chain, CHASQUI_TRIGGER, type WorkflowNode } from './workflows.js';

/** The id and the number of the WhatsApp account of a scene. */
export const INSTANCE = 'demo';
export const ACCOUNT = '15550001111';

/** The field Instance, chosen from the list. */
export const instanceId = { __rl: true, mode: 'list', value: INSTANCE, cachedResultName: INSTANCE };

/** A gateway and a simulator of its own with a paired account, and the running n8n with a credential for that gateway. */
export interface Scene {
  stack: Stack;
  n8n: N8nClient;
  credential: Credential;
  contact(number: string): Contact;
  /** A workflow of these nodes, each connected with the next. */
  workflow(name: string, ...nodes: WorkflowNode[]): Promise<Workflow>;
  /** Activates a workflow and waits until its trigger is registered at the gateway. @returns the production URL */
  activate(workflow: Workflow): Promise<string>;
  /** Deactivates a workflow and waits until the gateway has none of its webhooks. */
  deactivate(workflow: Workflow): Promise<void>;
  /** The URLs of the webhooks that the gateway holds for the account. */
  webhookUrls(): Promise<string[]>;
  /** The only execution of a workflow, awaited until it has ended. */
  onlyExecution(workflow: Workflow): Promise<Execution>;
  close(): Promise<void>;
}

/** @param session of an n8n of the test's own; else the one of all tests */
export async function openScene(session: N8nSession = inject('n8n')): Promise<Scene> {
  const stack = await startStack({ simulator: { quickPairing: true } });
  try {
    return await furnish(stack, session);
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

async function furnish(stack: Stack, session: N8nSession): Promise<Scene> {
  await stack.pair(INSTANCE, ACCOUNT);
  const n8n = createN8nClient(session);
  const credential = await n8n.createCredential('Chasqui', 'chasquiApi', { baseUrl: stack.gatewayUrl, apiKey: stack.apiKey });
  const active = new Set<Workflow>();

  const webhookUrls = async (): Promise<string[]> => {
    const { webhooks } = await requestJson<{ webhooks: { url: string }[] }>('GET', `${stack.gatewayUrl}/instances/${INSTANCE}/webhooks`, undefined, { 'x-api-key': stack.apiKey });
    return webhooks.map(webhook => webhook.url);
  };
  const deactivate = async (workflow: Workflow): Promise<void> => {
    await n8n.deactivate(workflow);
    active.delete(workflow);
    const url = productionUrl(n8n, workflow);
    await eventually(`the gateway forgets ${url}`, async () => (await webhookUrls()).includes(url) ? undefined : true);
  };

  return {
    stack,
    n8n,
    credential,
    webhookUrls,
    deactivate,
    contact: number => createContact(stack.simulatorUrl, number),
    workflow: (name, ...nodes) => {
      const { nodes: placed, connections } = chain(...nodes);
      return n8n.createWorkflow(name, placed, connections);
    },
    async activate(workflow) {
      await n8n.activate(workflow);
      active.add(workflow);
      const url = productionUrl(n8n, workflow);
      return eventually(`the gateway holds ${url}`, async () => (await webhookUrls()).find(held => held === url));
    },
    onlyExecution: workflow => eventually(`"${workflow.name}" has run once`, async () => {
      const executions = await n8n.executions(workflow.id);
      if (executions.length > 1) throw new Error(`"${workflow.name}" ran ${executions.length} times`);
      const [only] = executions;
      return only && !['new', 'running'].includes(only.status) ? n8n.execution(only.id) : undefined;
    }),
    async close() {
      for (const workflow of active) await deactivate(workflow);
      await stack.stop();
    },
  };
}

function productionUrl(n8n: N8nClient, workflow: Workflow): string {
  const trigger = workflow.nodes.find(node => node.type === CHASQUI_TRIGGER);
  if (trigger?.webhookId === undefined) throw new Error(`"${workflow.name}" has no Chasqui Trigger`);
  return `${n8n.session.url}/webhook/${trigger.webhookId}/webhook`;
}
