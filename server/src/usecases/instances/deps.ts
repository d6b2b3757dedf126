import type { Clock } from '../../ports/clock.js';
import type { KeyedLock } from '../../ports/keyed-lock.js';
import type { InstanceRepository } from '../../ports/repositories.js';
import type { StatusBoard } from '../../ports/status-board.js';
import type { SessionManager } from '../sessions/session-manager.js';
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
  /** An instance's settings were changed. */
  onSettings: (instanceId: string) => void;
  clock: Clock;
}
