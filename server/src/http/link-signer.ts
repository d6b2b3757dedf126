import { createHmac, timingSafeEqual } from 'node:crypto';

/** Signed, short-lived permission to see the QR page of one instance. */
export interface LinkSigner {
  /** @param expiresAt epoch milliseconds */
  sign(instanceId: string, expiresAt: number): string;
  verify(instanceId: string, expiresAt: number, signature: string, now: number): boolean;
}

/**
 * HMAC-SHA256 over purpose, instance and expiry.
 * @param secret at least 32 random bytes; links die with it
 */
export function createLinkSigner(secret: Uint8Array): LinkSigner {
  const digest = (instanceId: string, expiresAt: number) =>
    createHmac('sha256', secret).update(`qr-page\n${instanceId}\n${expiresAt}`).digest();
  return {
    sign: (instanceId, expiresAt) => digest(instanceId, expiresAt).toString('base64url'),
    verify(instanceId, expiresAt, signature, now) {
      if (!Number.isSafeInteger(expiresAt) || expiresAt <= now) return false;
      const given = Buffer.from(signature, 'base64url');
      const right = digest(instanceId, expiresAt);
      return given.length === right.length && timingSafeEqual(given, right);
    },
  };
}
