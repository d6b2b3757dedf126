import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { IDataObject, INodeExecutionData, INodeParameters, ITriggerFunctions, ITriggerResponse, IWebhookData, IWebhookFunctions, Workflow } from 'n8n-workflow';
import { additionalData, type GatewayAccess } from './additional-data.js';
import { core, workflowLibrary } from './n8n.js';
import type { Pack } from './pack.js';

export interface Received {
  status: number;
  /** Whether it came in at the test URL. */
  isTest: boolean;
}

/** A trigger that runs. */
export interface Kept {
  /** The schedules that it asked n8n for. */
  schedules: string[];
  /** n8n's clock: calls what is on the schedules. */
  tick(): void;
  close(): Promise<void>;
}

/** Plays the part of n8n's server around one Chasqui Trigger, with n8n's own hook and webhook contexts. */
export interface TriggerHost {
  /** What the executions were started with, one entry each. */
  executions: INodeExecutionData[][];
  /** Every request that came, with what it was answered. */
  received: Received[];
  url(isTest?: boolean): string;
  /** As n8n activates: `create` unless `checkExists` finds the webhook. Tells what `checkExists` found. */
  activate(isTest?: boolean): Promise<boolean>;
  deactivate(isTest?: boolean): Promise<boolean>;
  /** Starts the trigger beside the webhook, as n8n does. */
  keep(): Promise<Kept>;
  exists(isTest?: boolean): Promise<boolean>;
  staticData(): IDataObject;
  setParameters(parameters: INodeParameters): void;
  stop(): Promise<void>;
}

const WEBHOOK_ID = '7b1c1f6e-3f0a-4a55-9c1e-5f6f7a9d2b10';

export async function startTriggerHost(pack: Pack, access: GatewayAccess, parameters: INodeParameters): Promise<TriggerHost> {
  const executions: INodeExecutionData[][] = [];
  const received: Received[] = [];
  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const extra = additionalData(pack, access, base);

  // n8n makes the workflow anew whenever it is saved; what the trigger keeps lives in the static data.
  const staticData: IDataObject = {};
  let workflow = makeWorkflow(pack, parameters, staticData);

  function webhookData(isTest: boolean): IWebhookData {
    const [webhookDescription] = pack.nodes.chasquiTrigger.description.webhooks ?? [];
    if (webhookDescription === undefined) throw new Error('The trigger has no webhook');
    return {
      httpMethod: 'POST', node: 'Chasqui Trigger', path: `${WEBHOOK_ID}/webhook`, webhookDescription, workflowId: 'workflow',
      workflowExecuteAdditionalData: extra, webhookId: WEBHOOK_ID, isTest,
    };
  }

  function node(): NonNullable<ReturnType<Workflow['getNode']>> {
    const found = workflow.getNode('Chasqui Trigger');
    if (found === null) throw new Error('The workflow has no trigger');
    return found;
  }

  async function hook(method: 'checkExists' | 'create' | 'delete', isTest: boolean): Promise<boolean> {
    const context = new core.HookContext(workflow, node(), extra, isTest ? 'manual' : 'trigger', isTest ? 'manual' : 'activate', webhookData(isTest));
    const run = pack.nodes.chasquiTrigger.webhookMethods?.default?.[method];
    if (run === undefined) throw new Error(`The trigger has no ${method}`);
    return await run.call(context);
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const isTest = request.url?.startsWith('/webhook-test/') ?? false;
    const result = await callWebhook(request, response, Buffer.concat(chunks), isTest);
    if (result.noWebhookResponse !== true) {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result.webhookResponse ?? { message: 'Workflow was started' }));
    }
    for (const items of result.workflowData ?? []) executions.push(items);
    received.push({ status: response.statusCode, isTest });
  }

  async function callWebhook(request: IncomingMessage, response: ServerResponse, rawBody: Buffer, isTest: boolean) {
    const data = { ...extra, httpRequest: Object.assign(request, { rawBody }), httpResponse: expressLike(response) } as unknown as typeof extra;
    const context = new core.WebhookContext(workflow, node(), data, isTest ? 'manual' : 'webhook', webhookData(isTest), [], null);
    return await (pack.nodes.chasquiTrigger.webhook as (this: IWebhookFunctions) => ReturnType<NonNullable<typeof pack.nodes.chasquiTrigger.webhook>>).call(context);
  }

  return {
    executions,
    received,
    url: (isTest = false) => `${base}/${isTest ? 'webhook-test' : 'webhook'}/${WEBHOOK_ID}/webhook`,
    async activate(isTest = false) {
      const found = await hook('checkExists', isTest);
      if (!found) await hook('create', isTest);
      return found;
    },
    deactivate: async (isTest = false) => await hook('delete', isTest),
    async keep() {
      const registered: { expression: string; onTick: (at: Date) => void }[] = [];
      const context = new core.TriggerContext(workflow, node(), extra, 'trigger', 'activate', undefined, undefined, undefined, {
        registerCron: ({ expression }, onTick) => { registered.push({ expression, onTick }); },
      });
      const start = pack.nodes.chasquiTrigger.trigger as (this: ITriggerFunctions) => Promise<ITriggerResponse>;
      const { closeFunction } = await start.call(context);
      return {
        schedules: registered.map(({ expression }) => expression),
        tick() { for (const { onTick } of registered) onTick(new Date()); },
        close: async () => { await closeFunction?.(); },
      };
    },
    exists: async (isTest = false) => await hook('checkExists', isTest),
    staticData: () => workflow.getStaticData('node', node()),
    setParameters(next) { workflow = makeWorkflow(pack, next, workflow.staticData); },
    async stop() {
      const closed = new Promise(resolve => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function makeWorkflow(pack: Pack, parameters: INodeParameters, staticData: IDataObject): Workflow {
  return new workflowLibrary.Workflow({
    id: 'workflow', name: 'Test', active: false, nodeTypes: pack.nodeTypes, connections: {}, staticData,
    nodes: [{
      id: 'trigger', name: 'Chasqui Trigger', type: 'n8n-nodes-chasqui.chasquiTrigger', typeVersion: 1, position: [0, 0], parameters,
      webhookId: WEBHOOK_ID, credentials: { chasquiApi: { id: '1', name: 'Gateway' } },
    }],
  });
}

/** The two calls of express that a webhook node answers with. */
function expressLike(response: ServerResponse): ServerResponse {
  return Object.assign(response, {
    status(code: number) { response.statusCode = code; return response; },
    json(body: unknown) { response.setHeader('content-type', 'application/json'); response.end(JSON.stringify(body)); return response; },
  });
}
