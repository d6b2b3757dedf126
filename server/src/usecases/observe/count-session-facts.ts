import type { CloseCause } from '../../domain/instances/reconnect-policy.js';
import type { ConnectOutcome, ConnectPhase, Metrics } from '../../ports/metrics.js';
import type { SessionFact, SessionObserver } from '../sessions/observe-session.js';

/** How an attempt ends that was not the connection's fault: the account is not ours any more, or not now. */
const NOBODYS_FAULT: readonly CloseCause[] = ['logged_out', 'replaced', 'banned'];

export type SessionMetrics = Pick<Metrics,
  'connectEnded' | 'connectTook' | 'connectionClosed' | 'reconnectScheduled' | 'pairingExpired' | 'sessionDeaf' | 'sessionFlapping'>;

/** Makes attempts with an outcome of what happens to connections. */
export function createSessionCounter(metrics: SessionMetrics): SessionObserver {
  /** What each instance is in the middle of. */
  const phases = new Map<string, ConnectPhase>();

  function end(instanceId: string, outcome: ConnectOutcome, tookMs?: number): void {
    const phase = phases.get(instanceId);
    if (phase === undefined) return;
    phases.delete(instanceId);
    metrics.connectEnded(phase, outcome);
    if (tookMs !== undefined) metrics.connectTook(phase, tookMs);
  }

  function onClosed({ instanceId, cause }: SessionFact & { type: 'closed' }): void {
    metrics.connectionClosed(cause);
    // After a scan WhatsApp demands a restart: the way goes on.
    if (cause === 'restart_required' && phases.get(instanceId) === 'link') return;
    end(instanceId, NOBODYS_FAULT.includes(cause) ? 'cancelled' : 'failed');
  }

  return fact => {
    const { instanceId } = fact;
    switch (fact.type) {
      case 'connect_started':
        if (fact.again && phases.get(instanceId) === 'link') return;
        // Whoever disconnects is not heard of until the next time.
        end(instanceId, 'cancelled');
        phases.set(instanceId, fact.paired ? 'resume' : 'qr');
        return;
      case 'qr_shown': return end(instanceId, 'ok', fact.afterMs);
      case 'scanned': return void phases.set(instanceId, 'link');
      case 'opened': return end(instanceId, 'ok', fact.afterMs);
      case 'closed': return onClosed(fact);
      case 'reconnect_scheduled': return metrics.reconnectScheduled(fact.cause);
      case 'deaf': return metrics.sessionDeaf();
      case 'flapping': return metrics.sessionFlapping();
      case 'expired': return metrics.pairingExpired();
    }
  };
}
