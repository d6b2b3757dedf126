import type { GatewayHealth } from './gateway.js';
import type { SessionManager } from './sessions/session-manager.js';
import type { DeliveryDispatcher } from './webhooks/deliver-webhooks.js';

export interface HealthParts {
  sessions: Pick<SessionManager, 'all'>;
  dispatcher: Pick<DeliveryDispatcher, 'worstBreaker'>;
}

/** How many sessions are connected, how many wait for a scan, and how the receivers of events do. */
export function createHealth({ sessions, dispatcher }: HealthParts) {
  return async (): Promise<GatewayHealth> => {
    const states = sessions.all().map(({ session }) => session.view().connection);
    return {
      activeSessions: states.filter(({ status }) => status === 'CONNECTED').length,
      pendingCount: states.filter(({ status, paired }) => status === 'QR_READY' || (status === 'CONNECTING' && !paired)).length,
      circuitBreaker: dispatcher.worstBreaker(),
    };
  };
}
