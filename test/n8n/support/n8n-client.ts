import { requestJson } from './http.js';
import type { Connections, WorkflowNode } from './workflows.js';

/** Who the tests are in n8n. */
export const OWNER = { email: 'owner@example.com', firstName: 'Test', lastName: 'Owner', password: 'Quipu-2026-x' };

/** What a logged-in client needs; plain data, so that it can be handed to another process. */
export interface N8nSession {
  url: string;
  cookie: string;
  browserId: string;
  /** for n8n's public API */
  apiKey: string;
}

export interface Credential {
  id: string;
  name: string;
  type: string;
}

export interface Workflow {
  id: string;
  versionId: string;
  name: string;
  nodes: WorkflowNode[];
  connections: Connections;
}

export type ExecutionStatus = 'new' | 'running' | 'waiting' | 'success' | 'error' | 'canceled' | 'crashed';

export interface ExecutionSummary {
  id: string;
  status: ExecutionStatus;
  mode: string;
}

export interface BinaryEntry {
  id?: string;
  data: string;
  mimeType: string;
  fileName?: string;
}

export interface ExecutionItem {
  json: Record<string, unknown>;
  binary?: Record<string, BinaryEntry>;
  pairedItem?: unknown;
}

export interface Execution extends ExecutionSummary {
  data: {
    resultData: {
      error?: { message: string; description?: string };
      runData: Record<string, { data?: { main: ExecutionItem[][] }; error?: { message: string; description?: string } }[]>;
    };
  };
}

/** Makes n8n's first user, logs in and makes a key for the public API. */
export async function setUpOwner(url: string): Promise<N8nSession> {
  const browserId = 'chasqui-tests';
  const headers = { 'browser-id': browserId };
  await requestJson('POST', `${url}/rest/owner/setup`, OWNER, headers);
  const response = await fetch(`${url}/rest/login`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ emailOrLdapLoginId: OWNER.email, password: OWNER.password }),
  });
  const cookie = response.headers.getSetCookie().find((line) => line.startsWith('n8n-auth='))?.split(';')[0];
  await response.arrayBuffer();
  if (cookie === undefined) throw new Error(`n8n's login answered ${response.status} without its cookie`);
  const auth = { ...headers, cookie };
  const scopes = await requestJson<{ data: string[] }>('GET', `${url}/rest/api-keys/scopes`, undefined, auth);
  const key = await requestJson<{ data: { rawApiKey: string } }>('POST', `${url}/rest/api-keys`, { label: 'tests', expiresAt: null, scopes: scopes.data }, auth);
  return { url, cookie, browserId, apiKey: key.data.rawApiKey };
}

/** n8n's own REST calls, as its editor makes them, and the executions of its public API. */
export function createN8nClient(session: N8nSession) {
  const headers = { 'browser-id': session.browserId, cookie: session.cookie };
  const rest = async <T>(method: string, path: string, body?: unknown): Promise<T> =>
    (await requestJson<{ data: T }>(method, `${session.url}/rest${path}`, body, headers)).data;
  const api = <T>(path: string): Promise<T> =>
    requestJson<T>('GET', `${session.url}/api/v1${path}`, undefined, { 'X-N8N-API-KEY': session.apiKey });

  return {
    session,
    createCredential: (name: string, type: string, data: Record<string, unknown>) =>
      rest<Credential>('POST', '/credentials', { name, type, data }),
    /** n8n answers 200 whatever comes out; `status` is OK or Error. */
    testCredential: (credential: Credential, data: Record<string, unknown>) =>
      rest<{ status: 'OK' | 'Error'; message: string }>('POST', '/credentials/test', { credentials: { ...credential, data } }),
    createWorkflow: (name: string, nodes: WorkflowNode[], connections: Connections) =>
      rest<Workflow>('POST', '/workflows', { name, nodes, connections, settings: {} }),
    /** Answers before the trigger has registered its webhook: poll for the effect. */
    activate: (workflow: Workflow) => rest<unknown>('POST', `/workflows/${workflow.id}/activate`, { versionId: workflow.versionId }),
    deactivate: (workflow: Workflow) => rest<unknown>('POST', `/workflows/${workflow.id}/deactivate`, {}),
    /** The editor's "Execute workflow": a trigger with a webhook then waits for one event on its test URL. */
    testRun: (workflow: Workflow, trigger: string) =>
      rest<{ executionId?: string; waitingForWebhook?: boolean }>('POST', `/workflows/${workflow.id}/run`, {
        triggerToStartFrom: { name: trigger },
        workflowData: workflow,
      }),
    /** What the editor's "From List" shows. */
    listSearch: (request: { nodeType: string; version: number; path: string; method: string; parameters: Record<string, unknown>; credentials: Record<string, unknown>; filter?: string }) =>
      rest<{ results: { name: string; value: string; url?: string }[]; paginationToken?: string }>('POST', '/dynamic-node-parameters/resource-locator-results', {
        path: request.path,
        methodName: request.method,
        nodeTypeAndVersion: { name: request.nodeType, version: request.version },
        currentNodeParameters: request.parameters,
        credentials: request.credentials,
        ...(request.filter === undefined ? {} : { filter: request.filter }),
      }),
    /** newest first */
    executions: async (workflowId: string) => (await api<{ data: ExecutionSummary[] }>(`/executions?workflowId=${workflowId}&limit=100`)).data,
    execution: (id: string) => api<Execution>(`/executions/${id}?includeData=true`),
    /** The bytes of a binary property of an execution's item, wherever n8n keeps them. */
    async binary(entry: BinaryEntry): Promise<Buffer> {
      if (entry.id === undefined) return Buffer.from(entry.data, 'base64');
      const response = await fetch(`${session.url}/rest/binary-data?action=download&id=${encodeURIComponent(entry.id)}`, { headers });
      if (!response.ok) throw new Error(`n8n's binary data answered ${response.status}: ${await response.text()}`);
      return Buffer.from(await response.arrayBuffer());
    },
  };
}

export type N8nClient = ReturnType<typeof createN8nClient>;
