import type { INode, INodeExecutionData, INodeParameters, IRun, IWorkflowBase } from 'n8n-workflow';
import { additionalData, type GatewayAccess } from './additional-data.js';
import { core, workflowLibrary } from './n8n.js';
import type { Pack } from './pack.js';

export interface NodeRun {
  /** What came out, by output: with an error output, that is the second one. */
  outputs: INodeExecutionData[][];
  /** The error that ended the run. */
  error: (Error & { description?: string | null; httpCode?: string | null; context?: { itemIndex?: number } }) | undefined;
  run: IRun;
}

/**
 * Executes Chasqui in n8n's own engine, behind a node that hands it `items`: expressions, binary data, error handling and
 * HTTP are n8n's.
 * @param settings of the node, such as `onError`
 * @param execution its number, as n8n's database gives it, and the time zone of the workflow
 */
export async function runChasqui(
  pack: Pack, access: GatewayAccess, parameters: INodeParameters, items: INodeExecutionData[] = [{ json: {} }], settings: Partial<INode> = {},
  execution: { id?: string; timezone?: string } = {},
): Promise<NodeRun> {
  const from: INode = { id: 'start', name: 'Start', type: 'test.start', typeVersion: 1, position: [0, 0], parameters: {} };
  const node: INode = {
    id: 'chasqui', name: 'Chasqui', type: 'n8n-nodes-chasqui.chasqui', typeVersion: 1, position: [200, 0], parameters,
    credentials: { chasquiApi: { id: '1', name: 'Gateway' } }, ...settings,
  };
  const workflow = new workflowLibrary.Workflow({
    id: 'workflow', name: 'Test', nodes: [from, node], active: false, nodeTypes: pack.nodeTypes, settings: { executionOrder: 'v1', timezone: execution.timezone ?? 'UTC' },
    connections: { Start: { main: [[{ node: 'Chasqui', type: 'main', index: 0 }]] } },
  });
  const start = workflow.getNode('Start');
  if (start === null) throw new Error('The workflow has no start');
  const stack = [{ node: start, data: { main: [items] }, source: null }];
  const data = workflowLibrary.createRunExecutionData({ executionData: { nodeExecutionStack: stack } });
  const extra = additionalData(pack, access);
  if (execution.id !== undefined) extra.executionId = execution.id;
  const saved = { id: 'workflow', name: 'Test', nodes: [from, node], connections: workflow.connectionsBySourceNode, active: false };
  extra.hooks = new core.ExecutionLifecycleHooks('manual', '1', saved as unknown as IWorkflowBase);
  const run = await new core.WorkflowExecute(extra, 'manual', data).processRunExecutionData(workflow);
  const task = run.data.resultData.runData['Chasqui']?.[0];
  return {
    outputs: (task?.data?.['main'] ?? []).map(output => output ?? []),
    error: (task?.error ?? run.data.resultData.error) as NodeRun['error'],
    run,
  };
}
