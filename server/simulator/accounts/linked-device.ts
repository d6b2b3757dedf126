import type { BinaryNode } from '@whiskeysockets/baileys';
import type { Connection } from '../protocol/connection.js';
import type { PreKeyBundle, PublicPreKey, SignedPublicPreKey } from '../signal/keys.js';
import type { Account } from './account.js';

/** A client that is linked to an account: its keys, what it uploaded, and what waits for it. */
export interface LinkedDevice {
  readonly account: Account;
  /** From 1; device 0 is the phone itself. */
  readonly id: number;
  readonly keyIndex: number;
  readonly noiseKey: Buffer;
  readonly identityKey: Buffer;
  readonly registrationId: number;
  readonly linkedAt: number;
  signedPreKey: SignedPublicPreKey;
  preKeys: PublicPreKey[];
  /** Whether it was told that its pre-keys run low, and has not uploaded more since. */
  toldLow: boolean;
  connection?: Connection | undefined;
  /** Whether it has said that it wants its messages (`passive active`) on this connection. */
  active: boolean;
  /** Stanzas that it has not acknowledged, oldest first. */
  readonly pending: Map<string, BinaryNode>;
  /** The id of the last stanza of the history bootstrap, until the client confirms it. */
  bootstrapId?: string | undefined;
  bootstrapped: boolean;
  /** False once it has been unlinked. */
  linked: boolean;
}

/** A bundle of the device's keys. Each one-time pre-key is handed out once; without one the bundle still works. */
export function takeBundle(device: LinkedDevice): PreKeyBundle {
  return {
    registrationId: device.registrationId,
    identityKey: device.identityKey,
    signedPreKey: device.signedPreKey,
    preKey: device.preKeys.shift(),
  };
}
