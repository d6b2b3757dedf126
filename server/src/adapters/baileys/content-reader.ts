import { getContentType, normalizeMessageContent, proto } from '@whiskeysockets/baileys';
import type { EventLocation, EventMedia, MessageReceivedData } from '../../domain/events/event.js';

/** What a decrypted message holds, in the words of `message.received`. Chat, sender and time are somebody else's to know. */
export type ReadContent = { messageType: string; media?: Omit<EventMedia, 'url'> }
  & Pick<MessageReceivedData, 'text' | 'caption' | 'location' | 'contacts' | 'poll' | 'quoted' | 'mentions'>;

/**
 * Reads a message's content; null when there is nothing a person wrote: key material, history, app state, receipts of edits,
 * reactions, and whatever else is machinery.
 */
export function readContent(message: proto.IMessage | null | undefined): ReadContent | null {
  const content = normalizeMessageContent(message ?? undefined);
  const kind = content && getContentType(content);
  if (!content || !kind || MACHINERY.has(kind)) return null;
  return withContext(content, kind, readKind(content, kind));
}

const MACHINERY: ReadonlySet<string> = new Set<keyof proto.IMessage>([
  'protocolMessage', 'senderKeyDistributionMessage', 'messageContextInfo', 'reactionMessage', 'encReactionMessage',
  'pollUpdateMessage', 'keepInChatMessage', 'pinInChatMessage', 'editedMessage', 'deviceSentMessage', 'encEventResponseMessage',
]);

function readKind(content: proto.IMessage, kind: keyof proto.IMessage): ReadContent {
  switch (kind) {
    case 'conversation': return { messageType: 'text', text: content.conversation ?? '' };
    case 'extendedTextMessage': return { messageType: 'text', text: content.extendedTextMessage?.text ?? '' };
    case 'imageMessage': return media('image', content.imageMessage);
    case 'videoMessage': return media('video', content.videoMessage);
    case 'ptvMessage': return media('video', content.ptvMessage);
    case 'audioMessage': return media('audio', content.audioMessage);
    case 'documentMessage': return media('document', content.documentMessage);
    case 'stickerMessage': return media('sticker', content.stickerMessage);
    case 'locationMessage': return { messageType: 'location', location: readLocation(content.locationMessage) };
    case 'liveLocationMessage': return { messageType: 'location', location: readLocation(content.liveLocationMessage) };
    case 'contactMessage': return { messageType: 'contact', contacts: [readContact(content.contactMessage)] };
    case 'contactsArrayMessage': return { messageType: 'contact', contacts: (content.contactsArrayMessage?.contacts ?? []).map(readContact) };
    case 'pollCreationMessage':
    case 'pollCreationMessageV2':
    case 'pollCreationMessageV3': return readPoll(content[kind]);
    default: return { messageType: kind.replace(/Message(V\d)?$/, '') };
  }
}

type AnyMedia = proto.Message.IImageMessage & proto.Message.IVideoMessage & proto.Message.IAudioMessage & proto.Message.IDocumentMessage;

function media(messageType: string, part: Partial<AnyMedia> | null | undefined): ReadContent {
  const size = part?.fileLength === null || part?.fileLength === undefined ? undefined : Number(part.fileLength);
  return {
    messageType,
    ...(part?.caption ? { caption: part.caption } : {}),
    media: {
      mimetype: part?.mimetype ?? 'application/octet-stream',
      ...(part?.fileName ? { fileName: part.fileName } : {}),
      ...(size === undefined ? {} : { size }),
      ...(part?.fileSha256?.length ? { sha256: Buffer.from(part.fileSha256).toString('hex') } : {}),
      ...(part?.seconds ? { seconds: part.seconds } : {}),
      ...(part?.ptt ? { voice: true } : {}),
    },
  };
}

function readLocation(part: proto.Message.ILocationMessage & proto.Message.ILiveLocationMessage | null | undefined): EventLocation {
  return {
    latitude: part?.degreesLatitude ?? 0,
    longitude: part?.degreesLongitude ?? 0,
    ...(part?.name ? { name: part.name } : {}),
    ...(part?.address ? { address: part.address } : {}),
  };
}

function readContact(part: proto.Message.IContactMessage | null | undefined): { name: string; vcard: string } {
  return { name: part?.displayName ?? '', vcard: part?.vcard ?? '' };
}

function readPoll(part: proto.Message.IPollCreationMessage | null | undefined): ReadContent {
  const options = (part?.options ?? []).map(option => option.optionName ?? '');
  return { messageType: 'poll', poll: { name: part?.name ?? '', options, selectableCount: part?.selectableOptionsCount ?? 0 } };
}

/** Quote and mentions hang on a context that every kind of message carries in its own place. */
function withContext(content: proto.IMessage, kind: keyof proto.IMessage, read: ReadContent): ReadContent {
  const part = content[kind];
  const context: proto.IContextInfo | null | undefined =
    typeof part === 'object' && part !== null && 'contextInfo' in part ? part.contextInfo as proto.IContextInfo | null : null;
  if (!context) return read;
  const quoted = context.stanzaId ? readQuoted(context.stanzaId, context) : undefined;
  return {
    ...read,
    ...(quoted ? { quoted } : {}),
    ...(context.mentionedJid?.length ? { mentions: context.mentionedJid } : {}),
  };
}

function readQuoted(messageId: string, context: proto.IContextInfo): NonNullable<MessageReceivedData['quoted']> {
  const quoted = readContent(context.quotedMessage);
  const text = quoted?.text ?? quoted?.caption;
  return { messageId, ...(context.participant ? { sender: context.participant } : {}), ...(text ? { text } : {}) };
}
