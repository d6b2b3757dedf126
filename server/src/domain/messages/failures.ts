import type { ErrorCode } from '../errors.js';

/** A message that failed that often for passing reasons is a dead letter (requirement R3). */
export const MAX_ATTEMPTS = 3;

/** What may be different the next time: connections, time-outs, errors on WhatsApp's or a media server's side. */
const TEMPORARY: ReadonlySet<string> = new Set<ErrorCode>(['whatsapp_unavailable', 'whatsapp_ack_timeout', 'media_unavailable', 'media_fetch_failed', 'overloaded', 'shutting_down']);

/** Whether another attempt may help. Anything that is not known to pass is final. */
export function isTemporaryFailure(code: string): boolean {
  return TEMPORARY.has(code);
}

/** WhatsApp's refusals: 463, 479 and their like are final, errors of its servers pass. */
export function isTemporaryRefusal(whatsappCode: number): boolean {
  return whatsappCode >= 500 && whatsappCode < 600;
}

const DELAYS_MS = [2_000, 10_000];
const JITTER = 0.2;

/**
 * How long the queue waits before the next attempt at its first message, in milliseconds: nominally 2 s, then 10 s. The messages behind it
 * wait as well, since order is kept, so it is never long.
 * @param attempts failed so far, at least 1
 * @param random a float in [0, 1)
 */
export function sendRetryDelayMs(attempts: number, random: number): number {
  const nominal = DELAYS_MS[Math.min(attempts, DELAYS_MS.length) - 1] ?? 0;
  return Math.round(nominal * (1 - JITTER + 2 * JITTER * random));
}
