import type { BinaryNode, WAMessage, WASocket } from '@whiskeysockets/baileys';
import type { Logger } from 'pino';
import { isPassing } from '../../domain/errors.js';
import type { SocketHandlers } from '../../ports/whatsapp-client.js';
import type { AddressBook } from './addresses.js';
import { createChatOrder } from './chat-order.js';
import type { DoneLater } from './done-later.js';
import { holdReceipts } from './hold-receipts.js';
import { handOverInTurn } from './in-turn.js';
import { readIncoming } from './incoming.js';
import { readReceipt, readServerAck } from './receipts.js';
import type { OwnJids, ReceivedStanzas } from './received-stanzas.js';
import type { Leftover } from './replay.js';
import { atMost } from './time-limit.js';
import { takeUpserts } from './upserts.js';
import type { WriteBarrier } from './write-barrier.js';

const READ_MS = 1_000;

export interface IntakeParts {
  instanceId: string;
  socket: WASocket;
  own: () => OwnJids;
  book: AddressBook;
  handlers: Pick<SocketHandlers, 'onMessage' | 'onReceipt' | 'onServerAck' | 'onActivity'>;
  stanzas: ReceivedStanzas;
  barrier: Pick<WriteBarrier, 'hold'>;
  doneLater: DoneLater;
  /** What came in could not be stored: nobody may go on as if it were, since WhatsApp may believe it delivered. */
  onFatal: (error: Error) => void;
  logger: Logger;
}

/** What comes in over one socket, on its way to the handlers. */
export interface Intake {
  /** Gives Baileys what it has to be given again. */
  giveBack(leftovers: Leftover[]): void;
  /** Takes nothing more from the wire; what was decrypted is still handed over. */
  stop(): void;
  /** Resolves when everything that was handed over is stored, or has failed. */
  settled(): Promise<void>;
}

export function createIntake(parts: IntakeParts): Intake {
  const { instanceId, socket, own, book, handlers, stanzas, barrier, doneLater, onFatal, logger } = parts;
  const storing = new Set<Promise<void>>();
  const order = createChatOrder(message => {
    // Reading may ask for an address, so it goes one by one; storing keeps the order by itself and may overlap.
    reading = reading.then(() => deliver(message));
  });
  const ends = new WeakMap<WAMessage, Promise<void>>();
  let reading: Promise<void> = Promise.resolve();
  let stopped = false;

  socket.ws.on('frame', (frame: BinaryNode | Uint8Array) => {
    handlers.onActivity();
    if (!stopped && !(frame instanceof Uint8Array)) take(frame);
  });
  takeUpserts(socket.ev, (message, ended) => {
    ends.set(message, ended);
    order.take(message);
  });

  const receipts = holdReceipts(socket);
  handOverInTurn(socket, () => !stopped, logger);

  /** Before Baileys sees the frame, so that its acknowledgement waits. */
  function take(frame: BinaryNode): void {
    if (frame.tag === 'message') {
      stanzas.add(frame);
      order.see(frame);
    } else if (frame.tag === 'receipt') {
      const { id: pn, lid } = own();
      const receipt = readReceipt(frame, { pn, lid });
      if (receipt) receipts.hold(frame, store(handlers.onReceipt(receipt), 'a receipt could not be stored'));
    } else if (frame.tag === 'ack' && frame.attrs['class'] === 'message') {
      const ack = readServerAck(frame);
      if (ack) void store(handlers.onServerAck(ack), 'an acknowledgement could not be stored').catch(() => {});
    }
  }

  function store(work: Promise<void>, complaint: string): Promise<void> {
    const settled = work.catch((cause: unknown) => {
      logger[isPassing(cause) ? 'debug' : 'error']({ err: cause, instanceId }, complaint);
      // Nothing is told to WhatsApp any more, whatever it is.
      if (!stopped) barrier.hold(Promise.reject(cause instanceof Error ? cause : new Error(String(cause))));
      if (!stopped) onFatal(cause instanceof Error ? cause : new Error(String(cause)));
    }).finally(() => storing.delete(settled));
    storing.add(settled);
    return work;
  }

  async function deliver(message: WAMessage): Promise<void> {
    const hashes = stanzas.take(message.key);
    try {
      const incoming = await readIncoming(instanceId, message, book);
      if (!incoming) return void ends.get(message)?.then(() => doneLater.add(hashes));
      // The journal has it, so WhatsApp may be told before it is stored: nothing is held.
      void store(handlers.onMessage({ ...incoming, journaled: hashes }), 'an incoming message could not be stored').catch(() => {});
    } catch (err) {
      logger.error({ err, instanceId, messageId: message.key.id }, 'an incoming message could not be read');
    }
  }

  return {
    giveBack(leftovers) {
      for (const { message, hashes } of leftovers) {
        for (const hash of hashes) stanzas.note(message.key, hash);
        socket.upsertMessage(message, 'append').catch((err: unknown) => {
          logger.warn({ err, instanceId, messageId: message.key.id }, 'Baileys could not take what was decrypted before the end of an earlier connection');
        });
      }
    },
    stop() {
      stopped = true;
      order.stop();
      doneLater.stop();
    },
    async settled() {
      await atMost(READ_MS, reading);
      await Promise.all(storing);
    },
  };
}
