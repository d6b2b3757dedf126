const SECOND = 1000;
const HOUR = 3_600_000;

const FIRST_DELAY_MS = 5 * SECOND;
const FACTOR = 2.2;
const MAX_DELAY_MS = HOUR;
/** Each delay is drawn from 80 % to 120 % of its nominal length, so that receivers do not meet all retries at once. */
const JITTER = 0.2;

/** A delivery is given up when an attempt fails this long after the delivery was made. */
export const GIVE_UP_AFTER_MS = 24 * HOUR;
/** However old it is: what waited behind others, or was replayed, gets a fair number of attempts too. */
export const MIN_ATTEMPTS = 3;

/**
 * How long to wait after that many failed attempts, in milliseconds. Nominally 5 s, 11 s, 24 s, 53 s, 2 min, 4 min,
 * 9 min, 21 min, 46 min, then 1 h each time, with a jitter of ±20 %: about 31 attempts in 24 h.
 * @param attempts failed so far, at least 1
 * @param random a float in [0, 1)
 */
export function retryDelayMs(attempts: number, random: number): number {
  const nominal = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * FACTOR ** (attempts - 1));
  return Math.round(nominal * (1 - JITTER + 2 * JITTER * random));
}

/**
 * Reads a Retry-After header (RFC 9110, 10.2.3): seconds, or an HTTP date.
 * @returns milliseconds to wait, 0 to 24 h; null when there is none or it cannot be read
 */
export function retryAfterMs(header: string | null, now: number): number | null {
  const text = header?.trim() ?? '';
  if (text === '') return null;
  const wait = /^\d+$/.test(text) ? Number(text) * SECOND : Date.parse(text) - now;
  if (Number.isNaN(wait)) return null;
  return Math.min(Math.max(wait, 0), GIVE_UP_AFTER_MS);
}

export interface FailedAttempt {
  /** When the delivery was made, epoch milliseconds. */
  createdAt: number;
  /** Attempts so far, this one included. */
  attempts: number;
  now: number;
  /** What the receiver asked for, milliseconds. */
  retryAfter: number | null;
  /** A float in [0, 1). */
  random: number;
}

/**
 * When to try again (epoch milliseconds), or null to give up. Retry-After makes the wait longer, never shorter. The last
 * attempt is made when the 24 h are over, not a delay later.
 */
export function nextAttemptAt({ createdAt, attempts, now, retryAfter, random }: FailedAttempt): number | null {
  const deadline = createdAt + GIVE_UP_AFTER_MS;
  const next = now + Math.max(retryDelayMs(attempts, random), retryAfter ?? 0);
  if (now < deadline) return Math.min(next, deadline);
  return attempts < MIN_ATTEMPTS ? next : null;
}
