import { getContentType, normalizeMessageContent, type BinaryNode, type proto } from '@whiskeysockets/baileys';
import { userJid, type UserServer } from '../jids.js';
import { node } from '../nodes.js';

export interface MessageAddress {
  /** Who sent it: the number and its device. */
  from: { number: string; device: number };
  /** On a copy for an own device: to whom it was written. */
  recipient?: string | undefined;
  /** Whether JIDs are phone numbers or LIDs. */
  server: UserServer;
}

/** The attributes that name sender and chat of a message, each with its other form (PN or LID) beside it. */
export function addressAttributes({ from, recipient, server }: MessageAddress): Record<string, string> {
  const [other, kind] = server === 'lid' ? (['s.whatsapp.net', 'pn'] as const) : (['lid', 'lid'] as const);
  const attrs: Record<string, string> = { from: userJid(from.number, server, from.device), addressing_mode: server === 'lid' ? 'lid' : 'pn' };
  if (recipient === undefined) {
    attrs[`sender_${kind}`] = userJid(from.number, other);
  } else {
    attrs['recipient'] = userJid(recipient, server);
    attrs[`peer_recipient_${kind}`] = userJid(recipient, other);
  }
  return attrs;
}

/** A message stanza as a client receives it. */
export function messageStanza(
  address: MessageAddress,
  attrs: { id: string; t: string; type: string; notify: string },
  content: BinaryNode[],
): BinaryNode {
  return node('message', { ...addressAttributes(address), ...attrs }, content);
}

/** The attributes that name the group and the member whose message or receipt it is. */
export function groupAttributes(group: string, member: { number: string; device: number }): Record<string, string> {
  return {
    from: group,
    participant: userJid(member.number, 'lid', member.device),
    participant_pn: userJid(member.number, 's.whatsapp.net'),
    addressing_mode: 'lid',
  };
}

/** Attributes of a client's stanza that its recipients see too. */
export function passedOn({ attrs }: BinaryNode): Record<string, string> {
  const seen = ['edit', 'category', 'push_priority'].map((name) => [name, attrs[name]] as const);
  return Object.fromEntries(seen.filter((entry): entry is readonly [string, string] => entry[1] !== undefined));
}

const MEDIA_KINDS = new Set(['imageMessage', 'videoMessage', 'audioMessage', 'documentMessage', 'stickerMessage', 'contactMessage', 'liveLocationMessage']);

/** The `type` attribute of a message stanza. */
export function stanzaType(message: proto.IMessage): string {
  const kind = getContentType(normalizeMessageContent(message)) ?? '';
  if (kind === 'reactionMessage') return 'reaction';
  if (kind.startsWith('poll')) return 'poll';
  return MEDIA_KINDS.has(kind) ? 'media' : 'text';
}
