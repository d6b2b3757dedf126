import { areJidsSameUser, getBinaryNodeChildren, type BinaryNode } from '@whiskeysockets/baileys';
import type { Receipt, ServerAck } from '../../ports/whatsapp-client.js';

const STATUS_BY_TYPE: Record<string, Receipt['status']> = {
  '': 'delivered',
  // The recipient's device got it while nobody looked at it; still delivered.
  inactive: 'delivered',
  read: 'read',
  played: 'played',
};

/**
 * Reads a receipt stanza about messages this account sent; null for receipts of the account's own devices, retry requests and other
 * kinds. Taken from the wire, because Baileys merges fast receipts into other events or holds them back while it buffers.
 */
export function readReceipt(node: BinaryNode, own: { pn: string | undefined; lid: string | undefined }): Receipt | null {
  const { id, from, type = '', participant, recipient } = node.attrs;
  const status = STATUS_BY_TYPE[type];
  const who = participant ?? from;
  if (!id || !status || !who || recipient) return null;
  if (areJidsSameUser(who, own.pn) || areJidsSameUser(who, own.lid)) return null;
  const list = Array.isArray(node.content) ? node.content[0] : undefined;
  const more = list ? getBinaryNodeChildren(list, 'item').flatMap(item => (item.attrs.id ? [item.attrs.id] : [])) : [];
  return { messageIds: [id, ...more], status };
}

/** Reads WhatsApp's acknowledgement of a message stanza; `error` is its refusal. */
export function readServerAck(node: BinaryNode): ServerAck | null {
  const { id, error } = node.attrs;
  return id ? { messageId: id, errorCode: error === undefined ? null : Number(error) } : null;
}
