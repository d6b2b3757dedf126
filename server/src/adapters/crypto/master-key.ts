import { hkdfSync, randomBytes } from 'node:crypto';
import { MASTER_KEY_BYTES } from '../../domain/encryption/master-key.js';
import { gcmOpen, gcmSeal } from './aes-gcm.js';

/** The key that seals data keys, and nothing else. */
export interface MasterKey {
  /** Its fingerprint: tells keys apart, and says nothing of the key. */
  readonly id: string;
  wrap(dataKeyId: number, dataKey: Uint8Array): Uint8Array;
  /** null when it was wrapped by another key, for another id, or was changed. */
  unwrap(dataKeyId: number, wrapped: Uint8Array): Uint8Array | null;
}

const VERSION = Uint8Array.of(1);
const FINGERPRINT_BYTES = 8;

/** @param bytes 32 of them, as random as they come. Keys of their own purpose are derived from it by HKDF (RFC 5869). */
export function createMasterKey(bytes: Uint8Array): MasterKey {
  if (bytes.length !== MASTER_KEY_BYTES) throw new TypeError(`A master key has ${MASTER_KEY_BYTES} bytes.`);
  const wrapping = derive(bytes, 'chasqui wrap data keys', MASTER_KEY_BYTES);
  const id = Buffer.from(derive(bytes, 'chasqui fingerprint', FINGERPRINT_BYTES)).toString('hex');
  const aadOf = (dataKeyId: number) => Buffer.from(JSON.stringify(['DataKey', dataKeyId, id]), 'utf8');
  return {
    id,
    wrap: (dataKeyId, dataKey) => gcmSeal(wrapping, VERSION, aadOf(dataKeyId), dataKey),
    unwrap: (dataKeyId, wrapped) => (wrapped[0] === VERSION[0] ? gcmOpen(wrapping, VERSION.length, aadOf(dataKeyId), wrapped) : null),
  };
}

export function newKeyBytes(): Uint8Array {
  return new Uint8Array(randomBytes(MASTER_KEY_BYTES));
}

function derive(bytes: Uint8Array, purpose: string, size: number): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', bytes, new Uint8Array(0), purpose, size));
}
