import { until } from '../until.js';
import type { Cluster, TestNode } from './cluster.js';

/** Where an instance is: the node that owns it, and the others. */
export interface Place { owner: TestNode; others: TestNode[] }

export async function placeOf(cluster: Cluster, instanceId: string): Promise<Place> {
  let place: Place | null = null;
  await until(`somebody owns ${instanceId}`, async () => {
    const { node: nodeId } = (await cluster.owners()).get(instanceId) ?? { node: '' };
    const owner = cluster.nodes.find(node => node.ids().at(-1) === nodeId);
    place = owner ? { owner, others: cluster.nodes.filter(node => node !== owner) } : null;
    return place !== null;
  }, 30_000);
  if (!place) throw new Error('unreachable');
  return place;
}

/** Until each of the nodes that are up owns as many of these active instances as the others, more or less one, and all are CONNECTED. */
export async function untilSpread(cluster: Cluster, instanceIds: readonly string[]): Promise<void> {
  let counts: number[] = [];
  await until('the instances are spread evenly', async () => {
    const owners = await cluster.owners();
    const up = cluster.nodes.filter(node => node.isUp()).map(node => node.ids().at(-1));
    counts = up.map(nodeId => instanceIds.filter(instanceId => owners.get(instanceId)?.node === nodeId).length);
    return instanceIds.every(instanceId => owners.has(instanceId)) && Math.max(...counts) - Math.min(...counts) <= 1;
  }, 60_000).catch((error: unknown) => { throw new Error(`${String(error)}: ${counts.join(', ')}`); });
  for (const instanceId of instanceIds) await cluster.next().api.untilStatus(instanceId, 'CONNECTED', 20_000);
}
