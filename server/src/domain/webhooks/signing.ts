import { Webhook as Signer } from 'standardwebhooks';
import { DomainError } from '../errors.js';

const PREFIX = 'whsec_';
/** Bytes of a secret that the gateway makes itself. */
const MADE_BYTES = 32;
/** What the Standard Webhooks specification asks of a symmetric secret, in bytes. */
const MIN_BYTES = 24;
const MAX_BYTES = 64;

/** A fresh Standard Webhooks secret: `whsec_` and the base64 of 32 random bytes. */
export function makeSecret(random: { bytes(size: number): Uint8Array }): string {
  return PREFIX + Buffer.from(random.bytes(MADE_BYTES)).toString('base64');
}

/**
 * Checks a secret that a caller brought along and gives it its usual form. The prefix and the padding may be missing.
 * @returns `whsec_` and padded base64
 * @throws DomainError `validation_failed`, field `secret`; the text never holds the secret
 */
export function checkSecret(given: string): string {
  const text = given.startsWith(PREFIX) ? given.slice(PREFIX.length) : given;
  const bytes = Buffer.from(text, 'base64');
  if (unpadded(bytes.toString('base64')) !== unpadded(text)) throw refused('The secret is not valid base64.');
  if (bytes.length < MIN_BYTES || bytes.length > MAX_BYTES) {
    throw refused(`The secret holds ${bytes.length} bytes; ${MIN_BYTES} to ${MAX_BYTES} are allowed.`);
  }
  return PREFIX + bytes.toString('base64');
}

export interface SignatureHeaders {
  'webhook-id': string;
  'webhook-timestamp': string;
  'webhook-signature': string;
}

/**
 * Signs one request (Standard Webhooks, symmetric `v1`: HMAC-SHA256 over `id.timestamp.body`).
 * @param id stable over retries and replays, so that receivers can tell duplicates
 * @param now epoch milliseconds of this attempt
 */
export function signatureHeaders(secret: string, id: string, body: string, now: number): SignatureHeaders {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now / 1000)),
    'webhook-signature': new Signer(secret).sign(id, new Date(now), body),
  };
}

function unpadded(base64: string): string {
  return base64.replace(/=+$/, '');
}

function refused(message: string): DomainError {
  return new DomainError('validation_failed', message, {
    field: 'secret',
    hint: `Leave it out to have one made, or send ${PREFIX} followed by the base64 of ${MIN_BYTES} to ${MAX_BYTES} random bytes.`,
  });
}
