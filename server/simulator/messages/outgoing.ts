import { randomBytes } from 'node:crypto';
import { getBinaryNodeChild, type BinaryNode, type proto } from '@whiskeysockets/baileys';
import type { Account } from '../accounts/account.js';
import type { UserServer } from '../jids.js';
import { readRetryBundle, type PreKeyBundle } from '../signal/keys.js';

/** Hands a message to the recipient's own phone, which needs no encryption within the simulator. */
export type ReceivePlain = (to: Account, message: OutgoingPlain) => void;

export interface OutgoingPlain {
  from: Account;
  messageId: string;
  message: proto.IMessage;
  server: UserServer;
  /** The JID of the group it was written to. */
  group?: string;
}

export function newMessageId(): string {
  return `3A${randomBytes(9).toString('hex').toUpperCase()}`;
}

/** What a retry receipt asks for: a new session, with the keys that it may carry, at its so many-eth attempt. */
export function renewalOf(receipt: BinaryNode): { bundle: PreKeyBundle | undefined; count: number } {
  return { bundle: readRetryBundle(receipt), count: Number(getBinaryNodeChild(receipt, 'retry')?.attrs['count'] ?? '1') };
}
