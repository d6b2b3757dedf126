import type { Clock } from '../../ports/clock.js';
import type { WhatsAppSocket } from '../../ports/whatsapp-client.js';
import type { SessionManager } from './session-manager.js';
import type { Session } from './session.js';

/** Probes that have to stay without an answer, one after the other: one alone may be lost in a gateway that has much to do. */
const PROBES = 2;

export interface DeafWatchParts {
  sessions: Pick<SessionManager, 'all' | 'find'>;
  /** A connection that answered nothing for that long is probed, in milliseconds. Baileys asks something every 25 s, so that one which answers never is. */
  silenceMs: number;
  clock: Clock;
}

/** Finds connections that stand, and over which WhatsApp answers nothing, and restarts them. */
export interface DeafWatch {
  start(): void;
  /** Idempotent. */
  stop(): void;
}

/**
 * From the last answer to the finding it takes the silence, a look, and the probes: twice that, and a third. Other traffic is no sign of life: a server
 * that goes on delivering and answers nothing loses every message that is sent.
 */
export function createDeafWatch({ sessions, silenceMs, clock }: DeafWatchParts): DeafWatch {
  const lookMs = silenceMs / 3;
  const probeMs = silenceMs / PROBES;
  const probing = new WeakSet<WhatsAppSocket>();
  let cancel: (() => void) | null = null;

  async function isDeaf(socket: WhatsAppSocket): Promise<boolean> {
    const began = clock.elapsed();
    for (let probe = 0; probe < PROBES; probe += 1) {
      // An answer to something else that was asked will do.
      if (await socket.probe(probeMs) || socket.unansweredFor() < clock.elapsed() - began) return false;
    }
    return true;
  }

  async function examine(session: Session, socket: WhatsAppSocket): Promise<void> {
    probing.add(socket);
    const number = session.view().connection.socket;
    const deaf = await isDeaf(socket);
    probing.delete(socket);
    if (deaf && cancel !== null && session.socket === socket) await session.dispatch({ type: 'closed', socket: number, cause: 'deaf' });
  }

  function look(): void {
    for (const { session } of sessions.all()) {
      const { socket } = session;
      if (socket && !probing.has(socket) && socket.unansweredFor() >= silenceMs) void examine(session, socket);
    }
  }

  function later(): void {
    cancel = clock.after(lookMs, () => {
      look();
      later();
    });
  }

  return {
    start() {
      if (cancel === null) later();
    },
    stop() {
      cancel?.();
      cancel = null;
    },
  };
}
