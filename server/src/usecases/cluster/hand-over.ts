import type { Logger } from 'pino';
import type { Tenure } from '../../domain/instances/tenure.js';
import type { StatusBoard } from '../../ports/status-board.js';
import type { Acknowledgements } from '../messages/acknowledgements.js';
import type { SessionRestorer } from '../sessions/restore-sessions.js';
import type { SessionManager } from '../sessions/session-manager.js';
import type { DeliveryDispatcher } from '../webhooks/deliver-webhooks.js';
import type { Subscriptions } from '../webhooks/subscriptions.js';

/** Synchronous senders are waited for that long before their connection is closed. */
const SENDERS_MS = 1_000;

export interface HandOverParts {
  /** What was read of an instance's session in an earlier tenure may be old. */
  beginTenure: (instanceId: string) => void;
  subscriptions: Pick<Subscriptions, 'invalidate'>;
  /** The same for its settings. */
  forgetSettings: (instanceId: string) => void;
  restorer: Pick<SessionRestorer, 'bringBack'>;
  dispatcher: Pick<DeliveryDispatcher, 'wake' | 'leave'>;
  acknowledgements: Pick<Acknowledgements, 'quiet' | 'leave'>;
  sessions: Pick<SessionManager, 'leave'>;
  /** Lets go of everything that is kept in memory of an instance: it may never come back, and what comes back may have changed meanwhile. */
  letGo: (instanceId: string) => void;
  board: Pick<StatusBoard, 'forget' | 'remove'>;
  logger: Pick<Logger, 'info' | 'error'>;
}

/** What a node does when an instance becomes its own, and when it is another's. */
export function createHandOver({ beginTenure, subscriptions, forgetSettings, restorer, dispatcher, acknowledgements, sessions, letGo, board, logger }: HandOverParts) {
  return {
    /** Takes up everything of these instances: connections, deliveries, what was received and not told. */
    onGained(tenures: readonly Tenure[]): void {
      const instanceIds = tenures.map(({ instanceId }) => instanceId);
      for (const tenure of tenures) {
        const { instanceId } = tenure;
        // What the one before showed is over.
        void board.remove(tenure);
        beginTenure(instanceId);
        subscriptions.invalidate(instanceId);
        forgetSettings(instanceId);
      }
      logger.info({ instances: instanceIds.length }, 'this node owns instances that nobody owned');
      dispatcher.wake();
      restorer.bringBack(instanceIds).catch((err: unknown) => logger.error({ err }, 'instances could not be brought back'));
    },
    /**
     * Ends everything of an instance, within about three seconds.
     * @param lasts the tenure lasts, so that there is time to end in order
     */
    async leave(tenure: Tenure, lasts: boolean): Promise<void> {
      const { instanceId } = tenure;
      if (lasts) await acknowledgements.quiet(instanceId, SENDERS_MS);
      acknowledgements.leave(instanceId);
      await Promise.all([sessions.leave(instanceId), dispatcher.leave(instanceId)]);
      letGo(instanceId);
      await board.forget(tenure);
    },
  };
}
