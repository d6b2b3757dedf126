import type { Execution, ExecutionItem } from './n8n-client.js';

/**
 * The items that came out of a node's first output.
 * @throws with the execution's own error, if the node did not run
 */
export function itemsOf(execution: Execution, node: string): ExecutionItem[] {
  const { runData, error } = execution.data.resultData;
  const items = runData[node]?.[0]?.data?.main[0];
  if (items === undefined) {
    throw new Error(`"${node}" gave no items; the execution ended as ${execution.status}: ${JSON.stringify(error ?? runData[node]?.[0]?.error)}`);
  }
  return items;
}
