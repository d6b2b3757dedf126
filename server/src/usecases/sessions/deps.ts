import type { Clock } from '../../ports/clock.js';
import type { KeyedLock } from '../../ports/keyed-lock.js';
import type { InstanceRepository } from '../../ports/repositories.js';
import type { WhatsAppClient } from '../../ports/whatsapp-client.js';
import type { InstanceLookup } from '../instances/find-instance.js';
import type { InstanceViewer } from '../instances/view-instance.js';
import type { SessionManager } from './session-manager.js';

/** What the use cases of connections are made of; each takes what it needs of it. */
export interface SessionUseCaseDeps {
  find: InstanceLookup;
  view: InstanceViewer;
  instances: Pick<InstanceRepository, 'find' | 'update'>;
  sessions: SessionManager;
  client: Pick<WhatsAppClient, 'hasSession'>;
  /** Verbs that begin or end the connection of one instance take turns, by its id: what one has read stays true until it has acted. */
  turns: KeyedLock;
  clock: Clock;
}
