import type { WASocket } from '@whiskeysockets/baileys';

/** The WebSocket under Baileys, as far as it is needed. */
interface FrameSink { send(data: unknown, done?: (error?: Error) => void): void }

export interface WriteBarrier {
  /** What is handed over to be sent from now on leaves when this has succeeded, and never if it fails. */
  hold(work: Promise<unknown>): void;
  /** Resolves when all that was handed over so far has left. */
  drained(): Promise<void>;
}

/**
 * Keeps the gateway from telling WhatsApp that it has something before it has it: each frame waits for what was being stored when
 * it was handed over. Frames keep their order, which the encryption of the connection counts on; one that has nothing to wait for goes out at once.
 *
 * It can wait for ever only with a store that never answers: nothing that is held waits for a frame to leave. So hold only work that
 * stores what has come in already.
 * @param mayLeave asked as each frame leaves; once it says no, nothing leaves any more
 */
export function createWriteBarrier(socket: WASocket, mayLeave: () => boolean): WriteBarrier {
  const sink = sinkOf(socket);
  const write = sink.send.bind(sink);
  let shut = false;
  const send: FrameSink['send'] = (data, done) => {
    shut ||= !mayLeave();
    if (!shut) write(data, done);
  };
  const held = new Set<Promise<unknown>>();
  let last: Promise<void> | null = null;

  // Baileys took its `send` when the socket was made, so it is the WebSocket below that has to be wrapped.
  sink.send = (data, done) => {
    if (!last && held.size === 0) return send(data, done);
    const sent = Promise.all([last, ...held]).then(() => {
      if (last === sent) last = null;
      send(data, done);
    });
    last = sent;
  };

  return {
    hold(work) {
      const success = work.then(() => {
        held.delete(success);
      }, () => new Promise<void>(() => {}));
      held.add(success);
    },
    async drained() {
      await last;
    },
  };
}

/** @throws Error when Baileys is built in another way */
function sinkOf(socket: WASocket): FrameSink {
  const { socket: sink } = socket.ws as unknown as { socket?: FrameSink | null };
  if (typeof sink?.send !== 'function') throw new Error('Baileys keeps its WebSocket in another place than expected.');
  return sink;
}
