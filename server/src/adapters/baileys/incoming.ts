import { isJidGroup, isJidNewsletter, isJidStatusBroadcast, isJidBroadcast, proto, type WAMessage } from '@whiskeysockets/baileys';
import type { MessageReceivedData } from '../../domain/events/event.js';
import type { IncomingMessage } from '../../ports/whatsapp-client.js';
import { canonicalChat, phoneOf, type Address, type AddressBook } from './addresses.js';
import { readContent, type ReadContent } from './content-reader.js';

/**
 * Turns what Baileys hands over into an incoming message, or null when there is nothing to keep: stubs of what could not be
 * decrypted, own messages, machinery, status and newsletter traffic.
 */
export async function readIncoming(instanceId: string, message: WAMessage, book: AddressBook): Promise<IncomingMessage | null> {
  const { id: messageId, remoteJid, fromMe } = message.key;
  if (!messageId || !remoteJid || fromMe) return null;
  if (isJidStatusBroadcast(remoteJid) || isJidBroadcast(remoteJid) || isJidNewsletter(remoteJid)) return null;
  const content = readContent(message.message);
  if (!content) return null;

  const isGroup = isJidGroup(remoteJid) === true;
  const sender = isGroup
    ? await book.resolve(message.key.participant ?? '', message.key.participantAlt)
    : await book.resolve(remoteJid, message.key.remoteJidAlt);
  const chatId = canonicalChat(remoteJid, sender);
  const timestamp = Number(message.messageTimestamp ?? 0) * 1_000;
  const senderJid = sender.lid ?? sender.pn ?? remoteJid;
  const otherSenderJid = [sender.lid, sender.pn].find(name => name !== null && name !== senderJid) ?? null;
  return {
    messageId,
    chatId,
    otherChatId: isGroup ? null : otherSenderJid,
    senderJid,
    otherSenderJid,
    timestamp,
    type: content.messageType,
    proto: proto.WebMessageInfo.encode(proto.WebMessageInfo.fromObject(message)).finish(),
    journaled: [],
    event: describe({ instanceId, messageId, chatId, isGroup, sender, senderJid, timestamp, name: message.pushName ?? null, content }),
  };
}

interface Described {
  instanceId: string;
  messageId: string;
  chatId: string;
  isGroup: boolean;
  sender: Address;
  senderJid: string;
  timestamp: number;
  name: string | null;
  content: ReadContent;
}

function describe({ instanceId, messageId, chatId, isGroup, sender, senderJid, timestamp, name, content }: Described): MessageReceivedData {
  const phone = phoneOf(sender.pn);
  const { media, ...rest } = content;
  return {
    messageId,
    chat: { id: chatId, type: isGroup ? 'group' : 'direct', ...(!isGroup && phone ? { phone } : {}), ...(!isGroup && name ? { name } : {}) },
    sender: { id: senderJid, ...(phone ? { phone } : {}), ...(sender.lid ? { lid: sender.lid } : {}), ...(name ? { name } : {}) },
    replyTo: isGroup ? chatId : phone ?? chatId,
    timestamp: new Date(timestamp).toISOString(),
    ...rest,
    ...(media ? { media: { ...media, url: `/instances/${instanceId}/messages/${encodeURIComponent(messageId)}/media` } } : {}),
    isGroup,
  };
}
