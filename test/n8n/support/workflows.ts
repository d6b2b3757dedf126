import { randomUUID } from 'node:crypto';
import type { Credential } from './n8n-client.js';

export interface WorkflowNode {
  id: string;
  name: string;
  type: string;
  typeVersion: number;
  position: [number, number];
  parameters: Record<string, unknown>;
  credentials?: Record<string, { id: string; name: string }>;
  webhookId?: string;
  retryOnFail?: boolean;
  waitBetweenTries?: number;
  onError?: 'stopWorkflow' | 'continueRegularOutput' | 'continueErrorOutput';
}

export type Connections = Record<string, { main: { node: string; type: 'main'; index: number }[][] }>;

export const CHASQUI = 'n8n-nodes-chasqui.chasqui';
export const CHASQUI_TRIGGER = 'n8n-nodes-chasqui.chasquiTrigger';

/** A node of the pack, or of n8n itself when it has no credential. */
export function node(name: string, type: string, parameters: Record<string, unknown>, options: { credential?: Credential; typeVersion?: number } = {}): WorkflowNode {
  const { credential, typeVersion = 1 } = options;
  return {
    id: randomUUID(),
    name,
    type,
    typeVersion,
    position: [0, 0],
    parameters,
    ...(credential ? { credentials: { [credential.type]: { id: credential.id, name: credential.name } } } : {}),
    ...(type === CHASQUI_TRIGGER ? { webhookId: randomUUID() } : {}),
  };
}

/** Lays the nodes out from left to right and connects each with the next. */
export function chain(...nodes: WorkflowNode[]): { nodes: WorkflowNode[]; connections: Connections } {
  const connections: Connections = {};
  nodes.forEach((current, index) => {
    const next = nodes[index + 1];
    if (next) connections[current.name] = { main: [[{ node: next.name, type: 'main', index: 0 }]] };
  });
  return { nodes: nodes.map((current, index) => ({ ...current, position: [index * 240, 0] })), connections };
}
