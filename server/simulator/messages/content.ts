import { createHash } from 'node:crypto';
import { getContentType, normalizeMessageContent, proto, type MediaType } from '@whiskeysockets/baileys';
import type { MessageView } from '../accounts/inbox.js';
import { decryptMedia } from '../media/encryption.js';
import type { MediaStore } from '../media/store.js';

const MEDIA = {
  imageMessage: 'image', videoMessage: 'video', audioMessage: 'audio', documentMessage: 'document', stickerMessage: 'sticker', ptvMessage: 'video',
} as const;

/** What all media messages have in common. */
interface MediaFields {
  mediaKey?: Uint8Array | null;
  directPath?: string | null;
  fileSha256?: Uint8Array | null;
  fileEncSha256?: Uint8Array | null;
  mimetype?: string | null;
  caption?: string | null;
  fileName?: string | null;
}

/** Puts a decrypted message in the words of the control API, the hash of its media file included. */
export async function describeMessage(message: proto.IMessage, store: MediaStore): Promise<MessageView> {
  const content = normalizeMessageContent(message);
  const key = getContentType(content);
  if (!content || !key) return { type: 'unknown' };
  switch (key) {
    case 'conversation':
      return { type: 'text', text: content.conversation ?? '' };
    case 'extendedTextMessage':
      return { type: 'text', text: content.extendedTextMessage?.text ?? '' };
    case 'imageMessage':
    case 'videoMessage':
    case 'ptvMessage':
    case 'audioMessage':
    case 'documentMessage':
    case 'stickerMessage':
      return describeMedia(content[key] as MediaFields, MEDIA[key], store);
    case 'locationMessage':
    case 'liveLocationMessage':
      return { type: 'location', location: locationOf(content[key] as proto.Message.ILocationMessage) };
    case 'contactMessage':
      return { type: 'contact', text: nameOf(content.contactMessage) };
    case 'contactsArrayMessage':
      return { type: 'contact', text: content.contactsArrayMessage?.displayName ?? '' };
    case 'reactionMessage':
      return { type: 'reaction', text: content.reactionMessage?.text ?? '' };
    case 'pollCreationMessage':
    case 'pollCreationMessageV2':
    case 'pollCreationMessageV3':
      return { type: 'poll', text: content[key]?.name ?? '' };
    default:
      return { type: key };
  }
}

async function describeMedia(media: MediaFields, type: MediaType & MessageView['type'], store: MediaStore): Promise<MessageView> {
  const view: MessageView = {
    type,
    caption: media.caption || undefined,
    fileName: media.fileName || undefined,
    mimetype: media.mimetype || undefined,
  };
  const stored = store.get(media.directPath ?? '');
  if (!stored || !media.mediaKey) return { ...view, mediaError: 'not on the media host' };
  try {
    const bytes = await decryptMedia(stored.bytes, type, { ...media, mediaKey: media.mediaKey });
    return { ...view, sha256: createHash('sha256').update(bytes).digest('hex'), size: bytes.length };
  } catch (error) {
    return { ...view, mediaError: error instanceof Error ? error.message : String(error) };
  }
}

/** The name shown, or the one in the card where a client left that out. */
function nameOf(contact: proto.Message.IContactMessage | null | undefined): string {
  return contact?.displayName || /^FN:(.*?)\r?$/m.exec(contact?.vcard ?? '')?.[1] || '';
}

function locationOf(location: proto.Message.ILocationMessage): NonNullable<MessageView['location']> {
  return {
    latitude: location.degreesLatitude ?? 0,
    longitude: location.degreesLongitude ?? 0,
    ...(location.name && { name: location.name }),
    ...(location.address && { address: location.address }),
  };
}
