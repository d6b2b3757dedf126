import { isAtRest, isPending, type ExpiredBy } from '../../domain/instances/connection.js';
import type { Clock } from '../../ports/clock.js';
import type { KeyedLock } from '../../ports/keyed-lock.js';
import type { SessionStore } from '../../ports/session-store.js';
import type { StatusBoard } from '../../ports/status-board.js';
import type { WhatsAppClient } from '../../ports/whatsapp-client.js';
import type { Ownership } from '../cluster/ownership.js';
import type { OutboxKeeper } from '../messages/keep-outbox.js';
import type { SessionManager } from './session-manager.js';

/** What an ended connection leaves behind is on disk, and what waited for it has gone on, by then. */
const RESTED_MS = 1_000;
/** What waits for the store is not waited for long. */
const SETTLE_WITHIN_MS = 2_000;

export interface SessionCleanerParts {
  sessions: Pick<SessionManager, 'all' | 'find' | 'forget' | 'isStored' | 'settled'>;
  client: Pick<WhatsAppClient, 'release' | 'hasSession' | 'discardHalfMadeSession'>;
  keeper: Pick<OutboxKeeper, 'release'>;
  board: Pick<StatusBoard, 'remove'>;
  material: Pick<SessionStore, 'listSessions'>;
  ownership: Pick<Ownership, 'holds' | 'tenureOf'>;
  /** Lets go of what else is kept in memory of an instance. */
  forget: (instanceId: string) => void;
  turns: KeyedLock;
  clock: Clock;
}

/** Cleans sessions of this node; each call answers which. Those that are `wanted`; all where that is left out. */
export interface SessionCleaner {
  /** Gives up open pairings: those that are older than that, in milliseconds. */
  expirePending(options: { olderThanMs: number; by: ExpiredBy; wanted?: (instanceId: string) => boolean }): Promise<string[]>;
  /**
   * Lets go of everything in memory of instances that have no connection, and none that comes back by itself. Rows, journal, queued messages and
   * credentials stay.
   */
  releaseInactive(options?: { wanted?: (instanceId: string) => boolean }): Promise<string[]>;
  /** Deletes credentials that a crash in the middle of a pairing has left; good ones stay. */
  discardHalfMade(): Promise<string[]>;
}

export function createSessionCleaner(parts: SessionCleanerParts): SessionCleaner {
  const { sessions, client, keeper, board, material, ownership, turns, clock } = parts;
  const all = () => true;

  async function releaseOne(instanceId: string): Promise<boolean> {
    const session = sessions.find(instanceId);
    const view = session?.view();
    if (!session || !view || !isAtRest(view.connection) || !sessions.isStored(instanceId) || clock.now() - view.since < RESTED_MS) return false;
    sessions.forget(instanceId);
    client.release(instanceId);
    parts.forget(instanceId);
    await keeper.release(instanceId);
    // Its row says the same.
    await board.remove(session.tenure);
    return true;
  }

  async function eachInTurn(instanceIds: string[], work: (instanceId: string) => Promise<boolean>): Promise<string[]> {
    const done: string[] = [];
    for (const instanceId of instanceIds) {
      if (await turns.run([instanceId], () => work(instanceId))) done.push(instanceId);
    }
    return done;
  }

  return {
    async expirePending({ olderThanMs, by, wanted = all }) {
      const isDue = (instanceId: string): boolean => {
        const view = sessions.find(instanceId)?.view();
        return view !== undefined && isPending(view.connection) && clock.now() - (view.pendingSince ?? view.since) >= olderThanMs;
      };
      const due = sessions.all().map(({ instanceId }) => instanceId).filter(instanceId => wanted(instanceId) && isDue(instanceId));
      return eachInTurn(due, async instanceId => {
        // Somebody may have scanned, or called connect again, in the meantime.
        if (!isDue(instanceId)) return false;
        await sessions.find(instanceId)?.dispatch({ type: 'expire', by });
        await within(SETTLE_WITHIN_MS, sessions.settled(instanceId), clock);
        return true;
      });
    },
    async releaseInactive({ wanted = all } = {}) {
      const candidates = sessions.all().filter(({ instanceId, session }) => wanted(instanceId) && isAtRest(session.view().connection));
      return eachInTurn(candidates.map(({ instanceId }) => instanceId), releaseOne);
    },
    async discardHalfMade() {
      const stored = await material.listSessions();
      return eachInTurn(stored.filter(instanceId => ownership.holds(instanceId) && !sessions.find(instanceId)), async instanceId =>
        ownership.holds(instanceId) && !sessions.find(instanceId) && await client.discardHalfMadeSession(ownership.tenureOf(instanceId)));
    },
  };
}

/** Resolves when the work has ended, or its time is over. */
async function within(ms: number, work: Promise<void>, clock: Pick<Clock, 'after'>): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const cancel = clock.after(ms, resolve);
    work.finally(cancel).then(resolve, reject);
  });
}
