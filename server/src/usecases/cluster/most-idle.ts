import type { SessionManager } from '../sessions/session-manager.js';

/** Messages came or went this recently: another instance is the better one to move. */
const BUSY_MS = 5_000;

/**
 * The instances in the order in which they can be given to another node: those without a connection first, then those that were silent
 * longest. Left out are those that are being connected or paired: what somebody watches does not move.
 */
export function createMostIdle(sessions: Pick<SessionManager, 'find'>, now: () => number) {
  return (instanceIds: readonly string[]): string[] => {
    const places = instanceIds.flatMap(instanceId => {
      const view = sessions.find(instanceId)?.view();
      const status = view?.connection.status ?? 'DISCONNECTED';
      if (status === 'CONNECTING' || status === 'QR_READY') return [];
      const silentSince = status === 'CONNECTED' ? view?.lastSeen ?? view?.connectedAt ?? 0 : 0;
      return [{ instanceId, silentSince, busy: now() - silentSince < BUSY_MS }];
    });
    return places.sort((a, b) => Number(a.busy) - Number(b.busy) || a.silentSince - b.silentSince).map(({ instanceId }) => instanceId);
  };
}
