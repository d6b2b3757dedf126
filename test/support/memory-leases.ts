import type { Tenure } from '@gateway/domain/instances/tenure.js';
import type { Leases } from '@gateway/ports/leases.js';
import { DomainError } from '@gateway/domain/errors.js';

/** Leases that a test looks into and meddles with; the store's clock is the test's. All instances are active ones. */
export interface MemoryLeases {
  /** The port, as this node sees it. */
  of(nodeId: string): Leases;
  rows: Map<string, { owner: string | null; epoch: number; expiresAt: number }>;
  /** The store cannot be reached while this is set. */
  setAway(away: boolean): void;
  /** Answers of the store are late by so many milliseconds of the test's clock. */
  setDelay(ms: number): void;
}

export function createMemoryLeases(instanceIds: string[], { now, after }: { now(): number; after(ms: number, work: () => void): () => void }, ttlMs: number): MemoryLeases {
  const rows: MemoryLeases['rows'] = new Map(instanceIds.map(instanceId => [instanceId, { owner: null, epoch: 0, expiresAt: 0 }]));
  const nodes = new Map<string, { seenAt: number; draining: boolean; startedAt: number }>();
  let away = false;
  let delay = 0;

  async function answer<T>(work: () => T): Promise<T> {
    if (away) throw new DomainError('store_unavailable', 'The database cannot be reached.');
    const result = work();
    if (delay > 0) await new Promise<void>(resolve => { after(delay, resolve); });
    return result;
  }

  const isFree = ({ owner, expiresAt }: { owner: string | null; expiresAt: number }) => owner === null || expiresAt <= now();
  const heldBy = (nodeId: string) => [...rows].filter(([, row]) => row.owner === nodeId && row.expiresAt > now()).map(([instanceId]) => instanceId);

  function take(nodeId: string, instanceId: string): Tenure[] {
    const row = rows.get(instanceId);
    if (!row || !isFree(row)) return [];
    Object.assign(row, { owner: nodeId, epoch: row.epoch + 1, expiresAt: now() + ttlMs });
    return [{ instanceId, epoch: row.epoch }];
  }

  return {
    rows,
    setAway(value) { away = value; },
    setDelay(ms) { delay = ms; },
    of: nodeId => ({
      nodeId,
      renew: instanceIds => answer(() => {
        nodes.set(nodeId, { draining: false, startedAt: now(), ...nodes.get(nodeId), seenAt: now() });
        for (const [instanceId, row] of rows) {
          if (row.owner === nodeId && !instanceIds.includes(instanceId) && row.expiresAt < now() + ttlMs * 2 / 3) Object.assign(row, { owner: null, expiresAt: 0 });
        }
        return instanceIds.flatMap(instanceId => {
          const row = rows.get(instanceId);
          if (row?.owner !== nodeId) return [];
          row.expiresAt = now() + ttlMs;
          return [{ instanceId, epoch: row.epoch }];
        });
      }),
      claim: ({ active }) => answer(() => [...rows].filter(([, row]) => isFree(row)).slice(0, active).flatMap(([instanceId]) => take(nodeId, instanceId))),
      claimOne: instanceId => answer(() => take(nodeId, instanceId)[0] ?? null),
      release: tenures => answer(() => {
        for (const { instanceId, epoch } of tenures) {
          const row = rows.get(instanceId);
          if (row?.owner === nodeId && row.epoch === epoch) Object.assign(row, { owner: null, expiresAt: 0 });
        }
      }),
      census: () => answer(() => {
        const live = [...nodes].filter(([, node]) => !node.draining && node.seenAt > now() - ttlMs).map(([id]) => id).sort();
        const spread = live.map(id => ({ active: heldBy(id).length, idle: 0 }));
        return { nodes: live.length, all: { active: rows.size, idle: 0 }, own: { active: heldBy(nodeId).length, idle: 0 }, spread, place: live.indexOf(nodeId) };
      }),
      ownerOf: instanceId => answer(() => {
        const row = rows.get(instanceId);
        return row && row.owner !== null && !isFree(row) ? { nodeId: row.owner, epoch: row.epoch } : null;
      }),
      epochs: instanceIds => answer(() => new Map(instanceIds.flatMap(instanceId => {
        const row = rows.get(instanceId);
        return row !== undefined && !isFree(row) ? [[instanceId, row.epoch] as const] : [];
      }))),
      mine: () => answer(() => ({ active: heldBy(nodeId), idle: [] })),
      nodes: () => answer(() => []),
      drain: () => answer(() => { Object.assign(nodes.get(nodeId) ?? {}, { draining: true }); }),
      leave: () => answer(() => { nodes.delete(nodeId); }),
    }),
  };
}
