import type { Tenure } from '../../domain/instances/tenure.js';
import type { Clock } from '../../ports/clock.js';
import type { LiveStatus, StatusBoard } from '../../ports/status-board.js';

/** Live states of one process, which are always fresh. Entries are copies: what a caller does to them afterwards is not seen. */
export function createMemoryStatusBoard(clock: Pick<Clock, 'now'>): StatusBoard {
  const entries = new Map<string, LiveStatus>();
  const isOver = ({ instanceId, epoch }: Tenure): boolean => (entries.get(instanceId)?.epoch ?? epoch) > epoch;
  const get = (instanceId: string): LiveStatus | null => {
    const entry = entries.get(instanceId);
    return entry ? { ...structuredClone(entry), updatedAt: clock.now() } : null;
  };
  async function remove(tenure: Tenure): Promise<void> {
    if (!isOver(tenure)) entries.delete(tenure.instanceId);
  }
  return {
    async put(status) {
      if (!isOver(status)) entries.set(status.instanceId, structuredClone(status));
    },
    async get(instanceId) {
      return get(instanceId);
    },
    async getMany(instanceIds) {
      return new Map(instanceIds.flatMap(id => {
        const entry = get(id);
        return entry ? [[id, entry] as const] : [];
      }));
    },
    remove,
    forget: remove,
  };
}
