import { setTimeout as sleep } from 'node:timers/promises';
import {
  generateWAMessage, getBinaryNodeChild, jidDecode, jidNormalizedUser, proto,
  type BinaryNode, type ConnectionState, type WAMessage, type WASocket,
} from '@whiskeysockets/baileys';
import { DomainError } from '../../domain/errors.js';
import type { PreparedMessage, SocketHandlers, WhatsAppSocket } from '../../ports/whatsapp-client.js';
import { createAddressBook, type AddressBook } from './addresses.js';
import type { AuthState } from './auth-state.js';
import type { createBaileysLogger } from './baileys-logger.js';
import { readClose } from './close-cause.js';
import { readIncoming } from './incoming.js';
import { toBaileysContent } from './outgoing.js';
import { readReceipt, readServerAck } from './receipts.js';
import { atMost, bounded } from './time-limit.js';
import { watchWire } from './wire.js';
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
  logger: Logger;
  baileysLogger: ReturnType<typeof createBaileysLogger>;
}

/** Wires one Baileys socket to the handlers and gives it the port's verbs. */
export function wrapSocket({ instanceId, socket, auth, handlers, logger, baileysLogger }: SocketParts): WhatsAppSocket {
  const book = createAddressBook(socket.signalRepository.lidMapping);
  let released = false;
  let qrShown = 0;
  /** The two come in either order. */
  const arrived = { open: false, pending: false };
  /** Credentials are written in order; a close is told only when they are on disk, so that a reconnect reads them. */
  let saving: Promise<void> = Promise.resolve();

  function save(): void {
    saving = saving.then(() => auth.saveCredentials()).catch((err: unknown) => {
      logger.error({ err, instanceId }, 'credentials could not be stored');
    });
  }

  /** What the handlers are storing; a close waits for it. */
  const storing = new Set<Promise<void>>();
  function report(work: Promise<unknown>, what: string): void {
    const done = work.then(() => {}, (err: unknown) => logger.error({ err, instanceId }, what)).finally(() => storing.delete(done));
    storing.add(done);
  }

  socket.ev.on('creds.update', update => {
    Object.assign(auth.creds, update);
    save();
  });
  socket.ev.on('connection.update', update => void onConnection(update));
  socket.ev.on('messages.upsert', ({ messages }) => deliver(messages));
  const wire = watchWire(socket, status => {
    if (!released) handlers.onClose({ cause: 'connection_lost', code: status, message: `WhatsApp refused the connection with HTTP ${status}.` });
  });
  socket.ws.on('frame', () => handlers.onActivity());
  socket.ws.on('CB:ack,class:message', (node: BinaryNode) => {
    const ack = readServerAck(node);
    if (ack && !released) report(handlers.onServerAck(ack), 'an acknowledgement could not be stored');
  });
  socket.ws.on('CB:receipt', (node: BinaryNode) => {
    const receipt = readReceipt(node, { pn: auth.creds.me?.id, lid: auth.creds.me?.lid });
    if (receipt && !released) report(handlers.onReceipt(receipt), 'a receipt could not be stored');
  });

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
    }
    if (update.receivedPendingNotifications) arrived.pending = true;
    if (arrived.open && arrived.pending && (update.connection === 'open' || update.receivedPendingNotifications)) handlers.onCaughtUp();
    if (update.connection === 'close') {
      await saving;
      if (!released) handlers.onClose(readClose(update.lastDisconnect?.error));
    }
  }

  /** Reading may ask for an address, so it goes one by one; storing keeps the order by itself and may overlap. */
  let reading: Promise<void> = Promise.resolve();
  function deliver(messages: WAMessage[]): void {
    for (const message of messages) reading = reading.then(() => deliverOne(message));
  }

  async function deliverOne(message: WAMessage): Promise<void> {
    try {
      const incoming = await readIncoming(instanceId, message, book);
      if (incoming) report(handlers.onMessage(incoming), 'an incoming message could not be stored');
    } catch (err) {
      logger.error({ err, instanceId, messageId: message.key.id }, 'an incoming message could not be read');
    }
  }

  return {
    lookUp: digits => lookUp(socket, book, digits),
    prepare: message => prepare(socket, message, baileysLogger),
    async relay({ messageId, jid, proto: bytes }) {
      const { message } = proto.WebMessageInfo.decode(bytes);
      if (!message) throw new DomainError('internal_error', 'The stored message is empty.');
      await bounded(socket.relayMessage(jid, message, { messageId }), RELAY_TIMEOUT_MS, 'WhatsApp did not take the message in time.');
    },
    requestPairingCode: digits => bounded(socket.requestPairingCode(digits), LOOKUP_TIMEOUT_MS, 'WhatsApp did not answer with a pairing code.'),
    probe: timeoutMs => probe(socket, timeoutMs),
    async logout() {
      await bounded(socket.logout(), LOGOUT_TIMEOUT_MS, 'WhatsApp did not confirm the log-out.');
    },
    async close() {
      if (released) return;
      released = true;
      // What was decrypted is acknowledged and stored; what was not is not taken any more, and comes again with the next login.
      socket.ws.removeAllListeners('message');
      await atMost(DRAIN_MS, auth.pause());
      await sleep(FLUSH_MS);
      void socket.end(undefined).catch(() => {});
      wire.cut();
      await saving;
      auth.release();
      await atMost(DRAIN_MS, reading);
      await Promise.all(storing);
    },
  };
}

function account(auth: AuthState) {
  const { me } = auth.creds;
  return { phoneNumber: jidDecode(me?.id)?.user ?? '', lid: me?.lid ? jidNormalizedUser(me.lid) : null, name: me?.name ?? null };
}

async function lookUp(socket: WASocket, book: AddressBook, digits: string) {
  const found = await bounded(socket.onWhatsApp(digits), LOOKUP_TIMEOUT_MS, 'WhatsApp did not answer the look-up of the number.');
  if (found === undefined) throw new DomainError('whatsapp_unavailable', 'WhatsApp did not answer the look-up of the number.', { hint: 'Try again.' });
  const hit = found.find(entry => entry.exists);
  if (!hit) return { exists: false, jid: `${digits}@s.whatsapp.net`, lid: null };
  const address = await bounded(book.resolve(hit.jid), LOOKUP_TIMEOUT_MS, 'WhatsApp did not answer the look-up of the number.');
  return { exists: true, jid: jidNormalizedUser(hit.jid), lid: address.lid };
}

async function prepare(
  socket: WASocket,
  { messageId, jid, content, quoted }: Parameters<WhatsAppSocket['prepare']>[0],
  logger: SocketParts['baileysLogger'],
): Promise<PreparedMessage> {
  const userJid = socket.user?.id;
  if (!userJid) throw new DomainError('whatsapp_unavailable', 'The account is not logged in.', { hint: 'Try again in a moment.' });
  try {
    const message = await bounded(generateWAMessage(jid, toBaileysContent(content), {
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
