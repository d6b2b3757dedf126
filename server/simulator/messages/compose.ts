import { proto } from '@whiskeysockets/baileys';
import { ControlError } from '../errors.js';
import { encryptMedia } from '../media/encryption.js';
import type { MediaStore } from '../media/store.js';

export interface MediaInput {
  /** The file, base64. */
  base64: string;
  mimetype?: string | undefined;
  caption?: string | undefined;
  fileName?: string | undefined;
  /** audio: a voice message. */
  voice?: boolean | undefined;
}

export type MediaKind = 'image' | 'video' | 'audio' | 'document' | 'sticker';

/** A message in the words of the control API: exactly one of these. */
export type MessageInput = Partial<Record<MediaKind, MediaInput>> & {
  text?: string | undefined;
  location?: { latitude: number; longitude: number; name?: string; address?: string } | undefined;
  contact?: { displayName: string; vcard: string } | undefined;
  /** Reacts to a message that the other side wrote (`fromMe` from the writer's view: an own one). */
  reaction?: { messageId: string; emoji: string; fromMe?: boolean } | undefined;
  /** Any other message, as protobuf JSON. */
  message?: Record<string, unknown> | undefined;
};

const KINDS = ['text', 'image', 'video', 'audio', 'document', 'sticker', 'location', 'contact', 'reaction', 'message'] as const;
const DEFAULT_TYPES: Record<MediaKind, string> = {
  image: 'image/jpeg', video: 'video/mp4', audio: 'audio/ogg; codecs=opus', document: 'application/octet-stream', sticker: 'image/webp',
};

export interface ComposeContext {
  store: MediaStore;
  /** `address:port` of the media host. */
  authority: string;
  now: number;
  /** The chat's JID, which a reaction names. */
  chatJid: string;
  /** The number that will receive it, if it is one. */
  recipient?: string;
  /** In a group: the JID of the member who wrote a message, which a reaction names too. */
  participantOf?(messageId: string): string | undefined;
}

/**
 * Makes the message; media are encrypted and put on the media host.
 * @throws ControlError 400 `invalid_message` if there is not exactly one content, or the base64 is not
 */
export async function composeMessage(input: MessageInput, context: ComposeContext): Promise<proto.IMessage> {
  const given = KINDS.filter((kind) => input[kind] !== undefined);
  const kind = given[0];
  if (!kind || given.length > 1) {
    throw new ControlError(400, 'invalid_message', `Give exactly one of ${KINDS.join(', ')}.`);
  }
  switch (kind) {
    case 'text':
      return { conversation: input.text ?? '' };
    case 'location': {
      const { latitude, longitude, name, address } = input.location ?? { latitude: 0, longitude: 0 };
      return { locationMessage: { degreesLatitude: latitude, degreesLongitude: longitude, name: name ?? null, address: address ?? null } };
    }
    case 'contact':
      return { contactMessage: { displayName: input.contact?.displayName ?? '', vcard: input.contact?.vcard ?? '' } };
    case 'reaction': {
      const { messageId, emoji, fromMe } = input.reaction ?? { messageId: '', emoji: '' };
      const participant = fromMe ? undefined : context.participantOf?.(messageId);
      const key = { remoteJid: context.chatJid, id: messageId, fromMe: fromMe ?? false, ...(participant && { participant }) };
      return { reactionMessage: { key, text: emoji, senderTimestampMs: context.now } };
    }
    case 'message':
      return anyMessage(input.message ?? {});
    default:
      return composeMedia(kind, input[kind] ?? { base64: '' }, context);
  }
}

function anyMessage(json: Record<string, unknown>): proto.IMessage {
  try {
    const message = proto.Message.fromObject(json);
    if (proto.Message.encode(message).finish().length === 0) throw new Error('it is empty');
    return message;
  } catch (error) {
    throw new ControlError(400, 'invalid_message', `Not a WhatsApp message: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

async function composeMedia(kind: MediaKind, input: MediaInput, context: ComposeContext): Promise<proto.IMessage> {
  const plaintext = Buffer.from(input.base64, 'base64');
  if (!plaintext.length) throw new ControlError(400, 'invalid_message', `The base64 of ${kind} holds no bytes.`);
  const { bytes, mediaKey, fileSha256, fileEncSha256 } = await encryptMedia(plaintext, kind);
  const directPath = context.store.put({ bytes, number: context.recipient });
  const common = {
    url: `https://${context.authority}${directPath}`, directPath, mediaKey, fileSha256, fileEncSha256, fileLength: plaintext.length,
    mediaKeyTimestamp: Math.floor(context.now / 1000), mimetype: input.mimetype ?? DEFAULT_TYPES[kind],
  };
  const caption = input.caption ?? null;
  switch (kind) {
    case 'image':
      return { imageMessage: { ...common, caption } };
    case 'video':
      return { videoMessage: { ...common, caption } };
    case 'audio':
      return { audioMessage: { ...common, ptt: input.voice ?? false } };
    case 'document':
      return { documentMessage: { ...common, caption, fileName: input.fileName ?? null, title: input.fileName ?? null } };
    case 'sticker':
      return { stickerMessage: common };
  }
}
