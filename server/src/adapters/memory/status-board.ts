import type { LiveStatus, StatusBoard } from '../../ports/status-board.js';

/** Live states of one process. Entries are copies: what a caller does to them afterwards is not seen. */
export function createMemoryStatusBoard(): StatusBoard {
  const entries = new Map<string, LiveStatus>();
  const get = (instanceId: string): LiveStatus | null => {
    const entry = entries.get(instanceId);
    return entry ? structuredClone(entry) : null;
  };
  return {
    async put(status) {
      entries.set(status.instanceId, structuredClone(status));
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
    async remove(instanceId) {
      entries.delete(instanceId);
    },
  };
}
