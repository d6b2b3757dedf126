import { DomainError } from '../../domain/errors.js';
import type { MediaFile, OutgoingContent } from '../../domain/messages/content.js';
import { parseRecipient } from '../../domain/messages/recipient.js';
import type { MediaFetcher } from '../../ports/media-fetcher.js';
import type { MessageStore } from '../../ports/message-store.js';
import type { PreparedMessage, WhatsAppSocket } from '../../ports/whatsapp-client.js';
import type { SendRequest } from '../gateway.js';
import type { RecipientResolver } from './resolve-recipient.js';

export interface PrepareParts {
  messages: Pick<MessageStore, 'find'>;
  media: MediaFetcher;
  resolve: RecipientResolver;
}

/** A message made ready for the wire, and where it goes. */
export interface ReadyMessage extends PreparedMessage {
  /** The recipient's JID. */
  party: string;
  chatId: string;
}

/** Asks WhatsApp who the recipient is, and encodes the message; media is fetched and uploaded. Nothing is sent. Throws what those steps throw. */
export type MessagePreparer = (socket: WhatsAppSocket, instanceId: string, messageId: string, request: SendRequest) => Promise<ReadyMessage>;

export function createMessagePreparer({ messages, media, resolve }: PrepareParts): MessagePreparer {
  return async (socket, instanceId, messageId, request) => {
    const { jid, chatId } = await resolve(socket, instanceId, request.to);
    const quoted = request.quotedMessageId === undefined ? null : await readQuoted(messages, instanceId, request.quotedMessageId);
    const prepare = (content: OutgoingContent) => socket.prepare({ messageId, jid, content, quoted });
    const prepared = 'source' in request
      ? await withMedia(media, request, file => prepare({ type: request.type, file, caption: request.caption ?? null, voice: request.voice ?? false }))
      : await prepare(plainContent(request));
    return { ...prepared, party: jid, chatId };
  };
}

/** The message to be quoted, as it was stored. @throws DomainError `quoted_message_not_found` */
export async function readQuoted(messages: Pick<MessageStore, 'find'>, instanceId: string, quotedMessageId: string): Promise<Uint8Array> {
  const quoted = await messages.find(instanceId, quotedMessageId);
  if (quoted?.proto) return quoted.proto;
  throw new DomainError('quoted_message_not_found', `There is no message "${quotedMessageId}" to quote.`, {
    field: 'quotedMessageId', hint: 'Quote a message that this instance sent or received.',
  });
}

/** A mention is a number in any usual spelling, a JID or a LID. @throws DomainError `recipient_invalid`, field `mentions` */
export function toMention(mention: string): string {
  const mentioned = parseRecipient(mention, 'mentions');
  return mentioned.kind === 'jid' ? mentioned.jid : `${mentioned.digits}@s.whatsapp.net`;
}

type MediaRequest = Extract<SendRequest, { source: unknown }>;
type PlainRequest = Exclude<SendRequest, MediaRequest>;

function plainContent(request: PlainRequest): OutgoingContent {
  if (request.type === 'text') return { type: 'text', text: request.text, mentions: (request.mentions ?? []).map(toMention) };
  const { latitude, longitude, name = null, address = null } = request;
  return { type: 'location', latitude, longitude, name, address };
}

/** The media in a file, which is removed afterwards unless it is the caller's. */
export async function withMedia<T>(media: MediaFetcher, { source, mimetype, fileName }: MediaRequest, use: (file: MediaFile) => Promise<T>): Promise<T> {
  if (source.kind === 'file') return use(source.file);
  const file = source.kind === 'url' ? await media.fromUrl(source.url, { mimetype, fileName }) : await media.fromBase64(source.base64, { mimetype, fileName });
  try {
    return await use(file);
  } finally {
    await media.discard(file);
  }
}
