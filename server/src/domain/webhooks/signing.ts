import { Webhook as Signer } from 'standardwebhooks';
import { DomainError } from '../errors.js';
import type { Webhook } from './webhook.js';

const PREFIX = 'whsec_';
/** Bytes of a secret that the gateway makes itself. */
const MADE_BYTES = 32;
/** What the Standard Webhooks specification asks of a symmetric secret, in bytes. */
const MIN_BYTES = 24;
const MAX_BYTES = 64;

/** How long the secret before goes on signing after a rotation. */
export const DEFAULT_OVERLAP_MS = 24 * 3_600_000;
export const MAX_OVERLAP_MS = 7 * DEFAULT_OVERLAP_MS;

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

/** The secrets that sign at that time (epoch milliseconds), the present one first. */
export function secretsOf({ secret, previousSecret }: Pick<Webhook, 'secret' | 'previousSecret'>, now: number): string[] {
  return previousSecret !== null && now < previousSecret.until ? [secret, previousSecret.secret] : [secret];
}

/**
 * Signs one request (Standard Webhooks, symmetric `v1`: HMAC-SHA256 over `id.timestamp.body`), once with each secret: a receiver
 * that knows one of them finds its signature in the list.
 * @param id stable over retries and replays, so that receivers can tell duplicates
 * @param now epoch milliseconds of this attempt
 */
export function signatureHeaders(secrets: string[], id: string, body: string, now: number): SignatureHeaders {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now / 1000)),
    'webhook-signature': secrets.map(secret => new Signer(secret).sign(id, new Date(now), body)).join(' '),
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
