import { getBinaryNodeChild, type BinaryNode } from '@whiskeysockets/baileys';
import type { LinkedDevice } from '../accounts/linked-device.js';
import { parseUserJid } from '../jids.js';
import type { Network } from '../network.js';
import { node, SERVER } from '../nodes.js';

/** The error in a client's ack of a message that it could not decrypt. */
const CANNOT_DECRYPT = '500';

/** Brings stanzas to linked devices and keeps them until the client acknowledges them. */
export interface Delivery {
  deliver(device: LinkedDevice, stanza: BinaryNode): void;
  /** Takes from the queue what a client's receipt or ack of this class settles. */
  settle(device: LinkedDevice, stanzaClass: string, from: string | undefined, id: string | undefined, type?: string): void;
  /** Takes a client's `ack`, which may be a refusal. */
  acknowledged(device: LinkedDevice, ack: BinaryNode): void;
  /** Delivers everything that waits, marked `offline`, then says how much it was. */
  flush(device: LinkedDevice): void;
}

export function createDelivery(network: Network): Delivery {
  const transmit = (device: LinkedDevice, stanza: BinaryNode) => {
    if (!device.active || !device.connection) return;
    device.connection.send(stanza);
    if (stanza.tag === 'message') network.stats.messagesToClients += 1;
    if (stanza.tag === 'receipt') network.stats.receiptsToClients += 1;
  };

  return {
    deliver(device, stanza) {
      const number = device.account.number;
      const isPeer = stanza.attrs['category'] === 'peer';
      // What the own phone sends for the bootstrap is made anew if it is not confirmed; it must not come as `offline`.
      if (!isPeer) device.pending.set(pendingKey(stanza.tag, stanza.attrs['from'], stanza.attrs['id'], stanza.attrs['type']), stanza);
      if (stanza.tag !== 'message' || isPeer) return transmit(device, stanza);

      const broken = !isResent(stanza) && network.faults.take('undecryptable', number, (fault) => fault.direction !== 'from-client');
      transmit(device, broken ? withBrokenCiphertext(stanza) : stanza);
      if (network.faults.take('redeliver', number)) transmit(device, stanza);
    },
    settle(device, stanzaClass, from, id, type) {
      device.pending.delete(pendingKey(stanzaClass, from, id, type));
    },
    acknowledged(device, { attrs }) {
      const key = pendingKey(attrs['class'] ?? '', attrs['to'], attrs['id'], attrs['type']);
      // A client refuses what it could not decrypt after it has asked for it again: that is not about the second attempt.
      const waiting = device.pending.get(key);
      if (attrs['error'] === CANNOT_DECRYPT && isResent(waiting)) return;
      device.pending.delete(key);
    },
    flush(device) {
      const waiting = [...device.pending.values()];
      waiting.forEach((stanza, index) => {
        transmit(device, { ...stanza, attrs: { ...stanza.attrs, offline: (index + 1).toString() } });
      });
      device.connection?.send(node('ib', { from: SERVER }, [node('offline', { count: waiting.length.toString() })]));
    },
  };
}

function isResent(stanza: BinaryNode | undefined): boolean {
  return getBinaryNodeChild(stanza, 'enc')?.attrs['count'] !== undefined;
}

function pendingKey(stanzaClass: string, from: string | undefined, id: string | undefined, type: string | undefined): string {
  const sender = parseUserJid(from)?.number ?? from ?? '';
  return `${stanzaClass}|${sender}|${id ?? ''}|${stanzaClass === 'receipt' ? (type ?? '') : ''}`;
}

function withBrokenCiphertext(stanza: BinaryNode): BinaryNode {
  if (!Array.isArray(stanza.content)) return stanza;
  const content = stanza.content.map((child) => {
    if (child.tag !== 'enc' || !(child.content instanceof Uint8Array)) return child;
    const bytes = Buffer.from(child.content);
    // Eight bytes before the end lies the MAC, of a plain message and of one within a pre-key message alike.
    const at = bytes.length - 8;
    bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    return { ...child, content: bytes };
  });
  return { ...stanza, content };
}
