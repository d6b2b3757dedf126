import { DomainError } from '../../domain/errors.js';
import { describeReason } from '../../domain/instances/reasons.js';
import { makeMessageId, MESSAGE_ID_BYTES } from '../../domain/messages/message-id.js';
import type { MediaFile, OutgoingContent } from '../../domain/messages/content.js';
import { NOTHING_YET } from '../../domain/messages/message.js';
import { parseRecipient } from '../../domain/messages/recipient.js';
import type { Clock, Random } from '../../ports/clock.js';
import type { MediaFetcher } from '../../ports/media-fetcher.js';
import type { MessageStore } from '../../ports/message-store.js';
import type { WhatsAppSocket } from '../../ports/whatsapp-client.js';
import type { SendRequest, SentMessage } from '../gateway.js';
import type { InstanceLookup } from '../instances/find-instance.js';
import type { Session } from '../sessions/session.js';
import type { SessionManager } from '../sessions/session-manager.js';
import { ACK_TIMEOUT_MS, type Acknowledgements } from './acknowledgements.js';
import type { RecipientResolver } from './resolve-recipient.js';
import type { Relay } from './relay.js';
import { refusal } from './settle-message.js';

export interface SendMessageParts {
  find: InstanceLookup;
  sessions: SessionManager;
  messages: MessageStore;
  media: MediaFetcher;
  resolve: RecipientResolver;
  acknowledgements: Acknowledgements;
  relay: Relay;
  /** Takes care of a message that was not acknowledged in time. */
  followUp: (instanceId: string) => Promise<void>;
  clock: Clock;
  random: Random;
}

/** Sends one message and answers after WhatsApp acknowledged it, not after it was written to a socket. */
export function createSendMessage(parts: SendMessageParts) {
  const { find, sessions, messages, resolve, acknowledgements, relay, clock, random } = parts;

  return async (instanceId: string, request: SendRequest): Promise<SentMessage> => {
    // A session with a socket needs no look at the row: what is deleted or disconnected has none.
    const session = sessions.find(instanceId) ?? sessions.of(await find(instanceId));
    if (!session.socket) await find(instanceId);
    const socket = connectedSocket(session);
    const recipient = await resolve(socket, instanceId, request.to);
    const quoted = request.quotedMessageId === undefined ? null : await readQuoted(messages, instanceId, request.quotedMessageId);
    const messageId = makeMessageId(random.bytes(MESSAGE_ID_BYTES));
    const correlationId = random.uuid();
    const prepared = await prepare(parts, socket, { request, messageId, jid: recipient.jid, quoted });
    // That may have taken long enough for another connection to take the place of the first.
    const present = connectedSocket(session);

    const facts = { party: recipient.jid, chatId: recipient.chatId, correlationId };
    await messages.insertOutgoing({
      instanceId, messageId, ...facts, direction: 'out', type: request.type,
      state: 'sending', proto: prepared.proto, attempts: 1, timestamp: prepared.timestamp, createdAt: clock.now(), ...NOTHING_YET,
    });
    const since = clock.now();
    const acknowledged = acknowledgements.wait(instanceId, messageId, ACK_TIMEOUT_MS);
    void relay.send(present, { instanceId, messageId, proto: prepared.proto, facts });
    const ack = await acknowledged;

    if (ack === null) {
      void parts.followUp(instanceId);
      throw await timedOut(messages, { instanceId, messageId, correlationId, waitedMs: clock.now() - since });
    }
    if (ack.errorCode !== null) {
      throw new DomainError('whatsapp_rejected', refusal(ack.errorCode).message, {
        hint: 'The message was not delivered. Sending it again at once will not help.',
        details: { whatsappCode: ack.errorCode, messageId, correlationId },
      });
    }
    return { messageId, correlationId, to: recipient.jid, timestamp: ack.at };
  };
}

/** @throws DomainError `instance_not_connected` */
function connectedSocket(session: Session): WhatsAppSocket {
  if (session.socket) return session.socket;
  const { status, reason } = session.view().connection;
  throw new DomainError('instance_not_connected', `The instance is ${status}; nothing was sent.`, {
    hint: describeReason(reason), details: { instanceStatus: status, reason },
  });
}

async function readQuoted(messages: MessageStore, instanceId: string, quotedMessageId: string): Promise<Uint8Array> {
  const quoted = await messages.find(instanceId, quotedMessageId);
  if (quoted?.proto) return quoted.proto;
  throw new DomainError('quoted_message_not_found', `There is no message "${quotedMessageId}" to quote.`, {
    field: 'quotedMessageId', hint: 'Quote a message that this instance sent or received.',
  });
}

interface Unacknowledged { instanceId: string; messageId: string; correlationId: string; waitedMs: number }

async function timedOut(messages: MessageStore, { instanceId, messageId, correlationId, waitedMs }: Unacknowledged): Promise<DomainError> {
  const state = (await messages.find(instanceId, messageId))?.state ?? 'sending';
  return new DomainError('whatsapp_ack_timeout', `WhatsApp did not acknowledge the message within ${Math.round(waitedMs / 1_000)} s.`, {
    hint: `It may still arrive, so do not send it again blindly: follow GET /instances/${instanceId}/messages/${messageId}.`,
    details: { messageId, correlationId, state },
  });
}

async function prepare(
  { media }: SendMessageParts,
  socket: WhatsAppSocket,
  { request, messageId, jid, quoted }: { request: SendRequest; messageId: string; jid: string; quoted: Uint8Array | null },
) {
  switch (request.type) {
    case 'text':
      return socket.prepare({ messageId, jid, quoted, content: { type: 'text', text: request.text, mentions: (request.mentions ?? []).map(toMention) } });
    case 'location': {
      const { latitude, longitude, name = null, address = null } = request;
      return socket.prepare({ messageId, jid, quoted, content: { type: 'location', latitude, longitude, name, address } });
    }
    default: {
      const { source, type, caption = null, voice = false, mimetype, fileName } = request;
      const send = (file: MediaFile) => {
        const content: OutgoingContent = { type, file, caption, voice };
        return socket.prepare({ messageId, jid, quoted, content });
      };
      if (source.kind === 'file') return send(source.file);
      const file = source.kind === 'url' ? await media.fromUrl(source.url, { mimetype, fileName }) : await media.fromBase64(source.base64, { mimetype, fileName });
      try {
        return await send(file);
      } finally {
        await media.discard(file);
      }
    }
  }
}

/** A mention is a number in any usual spelling, a JID or a LID. @throws DomainError `recipient_invalid`, field `mentions` */
function toMention(mention: string): string {
  const mentioned = parseRecipient(mention, 'mentions');
  return mentioned.kind === 'jid' ? mentioned.jid : `${mentioned.digits}@s.whatsapp.net`;
}
