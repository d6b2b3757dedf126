import type { InstanceHealth } from './gateway.js';
import type { SessionManager } from './sessions/session-manager.js';

/** How many sessions are connected, and how many wait for a scan. */
export function createHealth(sessions: Pick<SessionManager, 'all'>) {
  return async (): Promise<InstanceHealth> => {
    const states = sessions.all().map(({ session }) => session.view().connection);
    return {
      activeSessions: states.filter(({ status }) => status === 'CONNECTED').length,
      pendingCount: states.filter(({ status, paired }) => status === 'QR_READY' || (status === 'CONNECTING' && !paired)).length,
    };
  };
}
