import { getBinaryNodeChild, type BinaryNode } from '@whiskeysockets/baileys';
import type { LinkedDevice } from '../accounts/linked-device.js';
import { parseUserJid } from '../jids.js';
import type { Network } from '../network.js';
import { node, SERVER } from '../nodes.js';

/** The error in a client's ack of a message that it could not decrypt. */
const CANNOT_DECRYPT = '500';

/** Which stanza a client's receipt or ack is about. */
export interface PendingAbout {
  /** The JID it came from: a user's, or the group's. */
  from?: string | undefined;
  /** In a group: the member it came from. */
  participant?: string | undefined;
  id?: string | undefined;
  type?: string | undefined;
}

/** Brings stanzas to linked devices and keeps them until the client acknowledges them. */
export interface Delivery {
  deliver(device: LinkedDevice, stanza: BinaryNode): void;
  /** Takes from the queue what a client's receipt or ack of this class settles. */
  settle(device: LinkedDevice, stanzaClass: string, about: PendingAbout): void;
  /** Takes a client's `ack`, which may be a refusal. */
  acknowledged(device: LinkedDevice, ack: BinaryNode): void;
  /** Delivers everything that waits, marked `offline`, then says how much it was. */
  flush(device: LinkedDevice): void;
  /** Delivers what the fault `reorder` holds back. */
  release(): void;
}

export function createDelivery(network: Network): Delivery {
  /** The message that waits for the next one to overtake it. */
  const held = new Map<LinkedDevice, BinaryNode>();

  const transmit = (device: LinkedDevice, stanza: BinaryNode) => {
    if (!device.active || !device.connection) return;
    device.connection.send(stanza);
    if (stanza.tag === 'message') network.stats.messagesToClients += 1;
    if (stanza.tag === 'receipt') network.stats.receiptsToClients += 1;
  };

  const transmitMessage = (device: LinkedDevice, stanza: BinaryNode) => {
    const { number } = device.account;
    const broken = !isResent(stanza) && network.faults.take('undecryptable', number, (fault) => fault.direction !== 'from-client');
    transmit(device, broken ? withBrokenCiphertext(stanza) : stanza);
    if (network.faults.take('redeliver', number)) transmit(device, stanza);
  };

  const transmitInOrder = (device: LinkedDevice, stanza: BinaryNode) => {
    const before = held.get(device);
    if (!before && device.active && network.faults.take('reorder', device.account.number)) {
      held.set(device, stanza);
      return;
    }
    held.delete(device);
    transmitMessage(device, stanza);
    if (before) transmitMessage(device, before);
  };

  return {
    deliver(device, stanza) {
      const isPeer = stanza.attrs['category'] === 'peer';
      // What the own phone sends for the bootstrap is made anew if it is not confirmed; it must not come as `offline`.
      if (!isPeer) device.pending.set(pendingKey(stanza.tag, stanza.attrs), stanza);
      if (stanza.tag !== 'message' || isPeer) transmit(device, stanza);
      // What was asked for again is not part of the order.
      else if (isResent(stanza)) transmitMessage(device, stanza);
      else transmitInOrder(device, stanza);
    },
    settle(device, stanzaClass, about) {
      device.pending.delete(pendingKey(stanzaClass, about));
    },
    acknowledged(device, { attrs }) {
      const key = pendingKey(attrs['class'] ?? '', { ...attrs, from: attrs['to'] });
      // A client refuses what it could not decrypt after it has asked for it again: that is not about the second attempt.
      const waiting = device.pending.get(key);
      if (attrs['error'] === CANNOT_DECRYPT && isResent(waiting)) return;
      device.pending.delete(key);
    },
    flush(device) {
      held.delete(device);
      const waiting = [...device.pending.values()];
      waiting.forEach((stanza, index) => {
        transmit(device, { ...stanza, attrs: { ...stanza.attrs, offline: (index + 1).toString() } });
      });
      device.connection?.send(node('ib', { from: SERVER }, [node('offline', { count: waiting.length.toString() })]));
    },
    release() {
      for (const [device, stanza] of [...held]) {
        held.delete(device);
        transmitMessage(device, stanza);
      }
    },
  };
}

function isResent(stanza: BinaryNode | undefined): boolean {
  return getBinaryNodeChild(stanza, 'enc')?.attrs['count'] !== undefined;
}

function pendingKey(stanzaClass: string, { from, participant, id, type }: PendingAbout): string {
  const sender = parseUserJid(from)?.number ?? `${from ?? ''} ${parseUserJid(participant)?.number ?? ''}`;
  return `${stanzaClass}|${sender}|${id ?? ''}|${stanzaClass === 'receipt' ? (type ?? '') : ''}`;
}

function withBrokenCiphertext(stanza: BinaryNode): BinaryNode {
  if (!Array.isArray(stanza.content)) return stanza;
  const content = stanza.content.map((child) => {
    if (child.tag !== 'enc' || !(child.content instanceof Uint8Array)) return child;
    const bytes = Buffer.from(child.content);
    // Eight bytes before the end lies the MAC, of a plain message and of one within a pre-key message alike; in a group's the signature.
    const at = bytes.length - 8;
    bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    return { ...child, content: bytes };
  });
  return { ...stanza, content };
}
