import { setTimeout as sleep } from 'node:timers/promises';
import {
  generateWAMessage, getBinaryNodeChild, jidDecode, jidNormalizedUser, proto,
  type BinaryNode, type ConnectionState, type WAMessage, type WASocket,
} from '@whiskeysockets/baileys';
import { DomainError, isPassing } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import type { PreparedMessage, SocketHandlers, WhatsAppSocket } from '../../ports/whatsapp-client.js';
import { createAddressBook, type AddressBook } from './addresses.js';
import type { AuthState } from './auth-state.js';
import type { createBaileysLogger } from './baileys-logger.js';
import { readClose } from './close-cause.js';
import { createDoneLater } from './done-later.js';
import { relayed, untilItsTurn } from './encrypt-memo.js';
import { createFirstContacts } from './first-contacts.js';
import { isMemberOf } from './group-membership.js';
import { createIntake } from './intake.js';
import { toBaileysContent } from './outgoing.js';
import { takePlace } from './place-in-line.js';
import type { ReceivedStanzas } from './received-stanzas.js';
import type { Leftover } from './replay.js';
import { atMost, bounded, createCalls, type Bounded } from './time-limit.js';
import { replaceTransactions } from './transactions.js';
import { watchWire } from './wire.js';
import { createWriteBarrier } from './write-barrier.js';
import type { Logger } from 'pino';

/** Baileys shows the first QR for a minute and each further one for 20 s. */
const FIRST_QR_MS = 60_000;
const NEXT_QR_MS = 20_000;
const LOOKUP_TIMEOUT_MS = 15_000;
const RELAY_TIMEOUT_MS = 25_000;
const LOGOUT_TIMEOUT_MS = 3_000;
const UPLOAD_TIMEOUT_MS = 120_000;
/** An orderly close waits this long for commits under way, and then this long for their receipts to leave. */
const DRAIN_MS = 1_000;
const FLUSH_MS = 50;

export interface SocketParts {
  instanceId: string;
  socket: WASocket;
  auth: AuthState;
  handlers: SocketHandlers;
  stanzas: ReceivedStanzas;
  /** For Baileys, once the connection is open. */
  leftovers: Leftover[];
  /** Marks journal entries done; does not reject. */
  markDone: (hashes: string[]) => Promise<void>;
  /** Whether this process may still speak for the instance. */
  isCurrent: () => boolean;
  onFatal: (error: Error) => void;
  clock: Pick<Clock, 'elapsed'>;
  logger: Logger;
  baileysLogger: ReturnType<typeof createBaileysLogger>;
}

/** Wires one Baileys socket to the handlers and gives it the port's verbs. */
export function wrapSocket(parts: SocketParts): WhatsAppSocket {
  const { instanceId, socket, auth, handlers, stanzas, leftovers, markDone, isCurrent, onFatal, clock, logger, baileysLogger } = parts;
  const book = createAddressBook(socket.signalRepository.lidMapping);
  const barrier = createWriteBarrier(socket, isCurrent);
  const own = () => ({ id: auth.creds.me?.id, lid: auth.creds.me?.lid });
  const intake = createIntake({ instanceId, socket, own, book, handlers, stanzas, barrier, doneLater: createDoneLater(markDone), onFatal, logger });
  const contacts = createFirstContacts();
  const calls = createCalls();
  if ('transaction' in socket.authState.keys) {
    replaceTransactions(socket.authState.keys, auth.keys, {
      // Baileys uses the account's name for what makes prekeys, too, and that must not overlap.
      isSend: name => name === auth.creds.me?.id && relayed.getStore() !== undefined,
      async beforeWrite() {
        const message = relayed.getStore();
        if (message) await untilItsTurn(message);
      },
    });
  }
  let released = false;
  /** The close that follows was asked for: it says nothing that whoever asked does not know. */
  let leaving = false;
  let qrShown = 0;
  /** The two come in either order. */
  const arrived = { open: false, pending: false };
  /** Credentials are written in order; a close is told only when they are on disk, so that a reconnect reads them. */
  let saving: Promise<void> = Promise.resolve();

  function save(): void {
    saving = saving.then(() => auth.saveCredentials()).catch((err: unknown) => {
      logger[isPassing(err) ? 'debug' : 'error']({ err, instanceId }, 'credentials could not be stored');
    });
    barrier.hold(saving);
  }

  socket.ev.on('creds.update', update => {
    Object.assign(auth.creds, update);
    save();
  });
  socket.ev.on('connection.update', update => void onConnection(update));
  const wire = watchWire(socket, status => {
    if (!released) handlers.onClose({ cause: 'connection_lost', code: status, message: `WhatsApp refused the connection with HTTP ${status}.` });
  });

  /** Answers to what was asked: Baileys asks something every 25 s. Other frames may go on coming from a server that answers nothing. */
  let answeredAt = clock.elapsed();
  for (const type of ['result', 'error']) socket.ws.on(`CB:iq,type:${type}`, () => { answeredAt = clock.elapsed(); });

  async function onConnection(update: Partial<ConnectionState>): Promise<void> {
    if (released) return;
    if (update.qr) handlers.onQr(update.qr, qrShown++ === 0 ? FIRST_QR_MS : NEXT_QR_MS);
    if (update.isNewLogin) {
      await saving;
      if (!released) handlers.onPaired();
    }
    if (update.connection === 'open') {
      arrived.open = true;
      handlers.onOpen(account(auth));
      intake.giveBack(leftovers.splice(0));
    }
    if (update.receivedPendingNotifications) arrived.pending = true;
    if (arrived.open && arrived.pending && (update.connection === 'open' || update.receivedPendingNotifications)) handlers.onCaughtUp();
    if (update.connection === 'close') {
      await saving;
      if (!released && !leaving) handlers.onClose(readClose(update.lastDisconnect?.error));
    }
  }

  return {
    lookUp: digits => lookUp(calls.bounded, socket, book, digits),
    isMemberOf: jid => calls.bounded(isMemberOf(socket, jid), LOOKUP_TIMEOUT_MS, 'WhatsApp did not answer the look-up of the group.'),
    prepare: message => prepare(calls.bounded, socket, message, baileysLogger),
    async relay({ messageId, jid, proto: bytes, permit = Promise.resolve(true), turn = () => Promise.resolve(true), again = false }) {
      // Whoever gave it hears of it, too.
      permit.catch(() => {});
      const { message } = proto.WebMessageInfo.decode(bytes);
      if (!message) throw new DomainError('internal_error', 'The stored message is empty.');
      const place = takePlace(turn);
      const relaying = contacts.meet(jid, () => relayed.run({ messageId, again, permit, turn: place.turn }, () => socket.relayMessage(jid, message, { messageId })));
      try {
        await calls.bounded(Promise.race([relaying, place.reached]), RELAY_TIMEOUT_MS, 'WhatsApp did not answer what was asked for the message in time.');
        // How long it waits for its turn is nobody's fault.
        await Promise.race([relaying.catch(() => {}), place.passed]);
        await calls.bounded(relaying, RELAY_TIMEOUT_MS, 'WhatsApp did not take the message in time.');
      } catch (error) {
        place.leave();
        throw error;
      }
    },
    requestPairingCode: digits => calls.bounded(socket.requestPairingCode(digits), LOOKUP_TIMEOUT_MS, 'WhatsApp did not answer with a pairing code.'),
    probe: timeoutMs => probe(socket, timeoutMs),
    unansweredFor: () => clock.elapsed() - answeredAt,
    async logout() {
      leaving = true;
      await bounded(socket.logout(), LOGOUT_TIMEOUT_MS, 'WhatsApp did not confirm the log-out.');
    },
    async close() {
      if (released) return;
      released = true;
      // What was decrypted is acknowledged and stored; what was not is not taken any more, and comes again with the next login.
      socket.ws.removeAllListeners('message');
      intake.stop();
      await atMost(DRAIN_MS, Promise.all([auth.pause(), barrier.drained()]));
      await sleep(FLUSH_MS);
      void socket.end(undefined).catch(() => {});
      wire.cut();
      calls.end();
      // Where the store failed, or refused the tenure, they are never saved.
      await auth.orFailed(saving).catch(() => {});
      auth.release();
      await intake.settled();
    },
  };
}

function account(auth: AuthState) {
  const { me } = auth.creds;
  return { phoneNumber: jidDecode(me?.id)?.user ?? '', lid: me?.lid ? jidNormalizedUser(me.lid) : null, name: me?.name ?? null };
}

async function lookUp(inTime: Bounded, socket: WASocket, book: AddressBook, digits: string) {
  const found = await inTime(socket.onWhatsApp(digits), LOOKUP_TIMEOUT_MS, 'WhatsApp did not answer the look-up of the number.');
  if (found === undefined) throw new DomainError('whatsapp_unavailable', 'WhatsApp did not answer the look-up of the number.', { hint: 'Try again.' });
  const hit = found.find(entry => entry.exists);
  if (!hit) return { exists: false, jid: `${digits}@s.whatsapp.net`, lid: null };
  const address = await inTime(book.resolve(hit.jid), LOOKUP_TIMEOUT_MS, 'WhatsApp did not answer the look-up of the number.');
  return { exists: true, jid: jidNormalizedUser(hit.jid), lid: address.lid };
}

async function prepare(
  inTime: Bounded,
  socket: WASocket,
  { messageId, jid, content, quoted }: Parameters<WhatsAppSocket['prepare']>[0],
  logger: SocketParts['baileysLogger'],
): Promise<PreparedMessage> {
  const userJid = socket.user?.id;
  if (!userJid) throw new DomainError('whatsapp_unavailable', 'The account is not logged in.', { hint: 'Try again in a moment.' });
  try {
    const message = await inTime(generateWAMessage(jid, toBaileysContent(content), {
      userJid,
      messageId,
      upload: socket.waUploadToServer,
      logger,
      ...(quoted ? { quoted: proto.WebMessageInfo.decode(quoted) as WAMessage } : {}),
    }), UPLOAD_TIMEOUT_MS, 'WhatsApp\'s media host did not take the file in time.');
    return {
      proto: proto.WebMessageInfo.encode(proto.WebMessageInfo.fromObject(message)).finish(),
      timestamp: Number(message.messageTimestamp) * 1_000,
    };
  } catch (cause) {
    if (cause instanceof DomainError || !('file' in content)) throw cause;
    throw new DomainError('media_unavailable', 'WhatsApp\'s media host did not take the file.', { hint: 'Nothing was sent. Try again.', cause });
  }
}

async function probe(socket: WASocket, timeoutMs: number): Promise<boolean> {
  const ping: BinaryNode = { tag: 'iq', attrs: { to: '@s.whatsapp.net', type: 'get', xmlns: 'w:p' }, content: [{ tag: 'ping', attrs: {} }] };
  try {
    const answer: BinaryNode | undefined = await bounded(socket.query(ping, timeoutMs), timeoutMs, 'no answer');
    return answer !== undefined && getBinaryNodeChild(answer, 'error') === undefined;
  } catch {
    return false;
  }
}
