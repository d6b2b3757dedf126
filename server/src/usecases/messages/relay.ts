import type { Logger } from 'pino';
import { isDomainError } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import type { WhatsAppSocket } from '../../ports/whatsapp-client.js';
import { ACK_TIMEOUT_MS } from './acknowledgements.js';

/** What tells of a message beside its content; it never changes. */
export interface MessageFacts { party: string; chatId: string; correlationId: string | null; retries: number; /** Of one that went through the queue. */ dueAt: number | null }

/** A message that was on its way, and how long ago it could leave (milliseconds). */
export interface RelayedFacts extends MessageFacts { leftMs: number }

export interface RelayedMessage {
  instanceId: string;
  messageId: string;
  proto: Uint8Array;
  facts: MessageFacts;
  /** Its row is on disk, and may go out; nothing leaves before. */
  permit?: Promise<boolean>;
  /** Called when it could leave: whether those that go before it have gone. */
  turn?: () => Promise<boolean>;
  /** It may have been written before. */
  again?: boolean;
}

/** Writes messages to sockets, and remembers which were written to which until WhatsApp answers. */
export interface Relay {
  /** Never rejects: a message that could not be written stays in `sending` and goes out again under the same id. Answers whether it was written. */
  send(socket: WhatsAppSocket, message: RelayedMessage): Promise<boolean>;
  /** Whether the message is on its way on this socket and its acknowledgement may still come. */
  isUnderWay(socket: WhatsAppSocket, instanceId: string, messageId: string): boolean;
  /** Nothing is awaited any more. Answers what is known of the message if it was on its way, so that nobody has to read it. */
  settled(instanceId: string, messageId: string): RelayedFacts | null;
}

export function createRelay(clock: Clock, logger: Logger): Relay {
  const underWay = new Map<string, { socket: WhatsAppSocket; at: number; leftAt: number; facts: MessageFacts }>();
  const key = (instanceId: string, messageId: string) => `${instanceId}/${messageId}`;

  return {
    async send(socket, { instanceId, messageId, proto, facts, permit, turn, again }) {
      let itsTurn = true;
      const name = key(instanceId, messageId);
      const entry = { socket, at: clock.now(), leftAt: clock.elapsed(), facts };
      // What counts for WhatsApp's time is when nothing held it back any more.
      const released = (may: boolean) => {
        entry.leftAt = clock.elapsed();
        return may;
      };
      underWay.set(name, entry);
      try {
        await socket.relay({ messageId, jid: facts.party, proto, ...(permit ? { permit: permit.then(released) } : {}), ...(turn ? { turn: async () => (itsTurn = released(await turn())) } : {}), ...(again === undefined ? {} : { again }) });
        return true;
      } catch (err) {
        // Not to leave is what its sender wanted, and nothing will come back for it.
        if (!itsTurn || await permit === false) {
          if (underWay.get(name) === entry) underWay.delete(name);
          return false;
        }
        // That a connection was lost says itself, once for all that was on its way.
        logger[isDomainError(err) && err.code === 'whatsapp_unavailable' ? 'info' : 'warn']({ err, instanceId, messageId }, 'the message could not be written');
        return false;
      }
    },
    isUnderWay(socket, instanceId, messageId) {
      const relayed = underWay.get(key(instanceId, messageId));
      return relayed?.socket === socket && clock.now() - relayed.at < ACK_TIMEOUT_MS;
    },
    settled(instanceId, messageId) {
      const name = key(instanceId, messageId);
      const entry = underWay.get(name);
      underWay.delete(name);
      return entry ? { ...entry.facts, leftMs: clock.elapsed() - entry.leftAt } : null;
    },
  };
}
