import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
/** 96 random bits (NIST SP 800-38D, 8.2.2): one key seals 2^32 values at most. */
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;

/** Answers head, nonce, ciphertext and tag, one after the other. `aad` is authenticated beside it. */
export function gcmSeal(key: Uint8Array, head: Uint8Array, aad: Uint8Array, plain: Uint8Array): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce);
  cipher.setAAD(aad);
  const body = cipher.update(plain);
  cipher.final();
  // A copy of its own: small Buffers share a pool.
  const sealed = new Uint8Array(head.length + NONCE_BYTES + body.length + TAG_BYTES);
  sealed.set(head);
  sealed.set(nonce, head.length);
  sealed.set(body, head.length + NONCE_BYTES);
  sealed.set(cipher.getAuthTag(), head.length + NONCE_BYTES + body.length);
  return sealed;
}

/**
 * Opens what follows a head of `headBytes`.
 * @returns null when it was changed, or belongs to another key or other `aad`
 */
export function gcmOpen(key: Uint8Array, headBytes: number, aad: Uint8Array, sealed: Uint8Array): Uint8Array | null {
  const end = sealed.length - TAG_BYTES;
  if (end < headBytes + NONCE_BYTES) return null;
  const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(headBytes, headBytes + NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(aad);
  decipher.setAuthTag(sealed.subarray(end));
  const plain = decipher.update(sealed.subarray(headBytes + NONCE_BYTES, end));
  try {
    decipher.final();
  } catch {
    return null;
  }
  return new Uint8Array(plain);
}
