import { createHmac, randomBytes, timingSafeEqual } from 'crypto';

/** How far the sender's clock and ours may be apart, and for how long a captured request could be replayed, in seconds. */
export const TOLERANCE_SECONDS = 5 * 60;

/** The headers of Standard Webhooks (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md). */
export interface SignedRequest {
  id: string | undefined;
  /** Seconds since 1970, as the header's text. */
  timestamp: string | undefined;
  /** One or several `v1,<base64>`, separated by spaces: while a secret is being rotated there is one for each. */
  signatures: string | undefined;
  rawBody: Buffer | undefined;
}

export type Verdict = { genuine: true } | { genuine: false; reason: string };

/** A new secret in the form of Standard Webhooks: `whsec_` and 32 random bytes in base64. */
export function makeSecret(random: (size: number) => Buffer = randomBytes): string {
  return `whsec_${random(32).toString('base64')}`;
}

/**
 * Whether a request was signed with one of these secrets, within the time window: HMAC-SHA256 over `id.timestamp.body`, the
 * body as the bytes that came, compared in constant time.
 * @param now epoch milliseconds
 */
export function verifySignature(request: SignedRequest, secrets: string[], now: number): Verdict {
  const { id, timestamp, signatures, rawBody } = request;
  if (!id || !timestamp || !signatures || rawBody === undefined) return refused('The signature headers are missing');
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(now / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) {
    return refused('The timestamp is more than five minutes away from the clock here');
  }
  const given = signatures.split(' ').filter(entry => entry.startsWith('v1,')).map(entry => Buffer.from(entry.slice(3), 'base64'));
  const expected = secrets.map(secret => sign(secret, id, timestamp, rawBody));
  // Every pair is compared, so that the time taken does not tell which one matched.
  const matches = expected.flatMap(right => given.map(candidate => candidate.length === right.length && timingSafeEqual(candidate, right)));
  return matches.includes(true) ? { genuine: true } : refused('The signature does not match');
}

function sign(secret: string, id: string, timestamp: string, rawBody: Buffer): Buffer {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return createHmac('sha256', key).update(`${id}.${timestamp}.`).update(rawBody).digest();
}

function refused(reason: string): Verdict {
  return { genuine: false, reason };
}
