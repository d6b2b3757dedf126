import type { Tenure } from '../../domain/instances/tenure.js';
import type { Clock } from '../../ports/clock.js';
import type { ConnectionHistory } from '../../ports/connection-history.js';
import type { KeyedLock } from '../../ports/keyed-lock.js';
import type { DeliveryStore, MessageStore } from '../../ports/message-store.js';
import type { InstanceRepository } from '../../ports/repositories.js';
import type { SendQueue } from '../../ports/send-queue.js';
import type { SessionStore } from '../../ports/session-store.js';
import type { StatusBoard } from '../../ports/status-board.js';
import type { SessionManager } from '../sessions/session-manager.js';
import type { Subscriptions } from '../webhooks/subscriptions.js';
import type { InstanceLookup } from './find-instance.js';
import type { InstanceViewer } from './view-instance.js';

/** What the use cases of instances are made of; each takes what it needs of it. */
export interface InstanceUseCaseDeps {
  instances: InstanceRepository;
  find: InstanceLookup;
  view: InstanceViewer;
  board: StatusBoard;
  sessions: SessionManager;
  /** Verbs that begin or end the connection of one instance take turns, by its id: what one has read stays true until it has acted. */
  turns: KeyedLock;
  /** What else is kept of an instance, for a deletion that leaves nothing. */
  belongings: {
    messages: Pick<MessageStore, 'deleteAll'>;
    deliveries: Pick<DeliveryStore, 'deleteAll'>;
    history: Pick<ConnectionHistory, 'deleteAll'>;
    material: Pick<SessionStore, 'purge'>;
    queue: Pick<SendQueue, 'forget'>;
    subscriptions: Pick<Subscriptions, 'invalidate'>;
  };
  /** The tenure ends with its instance: from now on nobody acts in it. */
  endTenure: (tenure: Tenure) => void;
  /** Lets go of what this process keeps in memory of an instance whose session is forgotten. */
  letGo: (instanceId: string) => void;
  /** An instance's settings were changed. */
  onSettings: (instanceId: string) => void;
  clock: Clock;
}
