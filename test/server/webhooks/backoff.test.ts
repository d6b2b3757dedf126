import { GIVE_UP_AFTER_MS, MIN_ATTEMPTS, nextAttemptAt, retryAfterMs, retryDelayMs } from '@gateway/domain/webhooks/backoff.js';
import { describe, expect, it } from 'vitest';

const HOUR = 3_600_000;
const NOW = Date.parse('2026-03-01T12:00:00Z');

describe('back-off', () => {
  it('grows from 5 s to 1 h and stays there', () => {
    const seconds = Array.from({ length: 11 }, (_, index) => Math.round(retryDelayMs(index + 1, 0.5) / 1000));
    expect(seconds).toEqual([5, 11, 24, 53, 117, 258, 567, 1247, 2744, 3600, 3600]);
    expect(retryDelayMs(10_000, 0.5)).toBe(HOUR);
  });

  it('spreads each delay by 20 % to both sides', () => {
    expect(retryDelayMs(1, 0)).toBe(4_000);
    expect(retryDelayMs(1, 0.999_999)).toBe(6_000);
  });

  it('tries about 32 times in 24 h, the last time when they are over', () => {
    let now = NOW;
    let attempts = 0;
    for (let next: number | null = NOW; next !== null && attempts < 100;) {
      now = next;
      attempts += 1;
      next = nextAttemptAt({ createdAt: NOW, attempts, now, retryAfter: null, random: 0.5 });
    }
    expect(now).toBe(NOW + GIVE_UP_AFTER_MS);
    expect(attempts).toBeGreaterThan(28);
    expect(attempts).toBeLessThan(36);
  });

  it('waits as long as the receiver asks, but never shorter than the back-off', () => {
    const attempt = { createdAt: NOW, attempts: 1, now: NOW, random: 0.5 };
    expect(nextAttemptAt({ ...attempt, retryAfter: 120_000 })).toBe(NOW + 120_000);
    expect(nextAttemptAt({ ...attempt, retryAfter: 1_000 })).toBe(NOW + 5_000);
    expect(nextAttemptAt({ ...attempt, now: NOW + 23 * HOUR, retryAfter: 10 * HOUR })).toBe(NOW + 24 * HOUR);
  });

  it('gives what is old a few attempts all the same', () => {
    const old = { createdAt: NOW - 48 * HOUR, now: NOW, retryAfter: null, random: 0.5 };
    expect(nextAttemptAt({ ...old, attempts: 1 })).toBe(NOW + 5_000);
    expect(nextAttemptAt({ ...old, attempts: MIN_ATTEMPTS })).toBeNull();
  });

  it('reads Retry-After as seconds and as a date, within bounds', () => {
    expect(retryAfterMs('120', NOW)).toBe(120_000);
    expect(retryAfterMs('Sun, 01 Mar 2026 12:10:00 GMT', NOW)).toBe(600_000);
    expect(retryAfterMs('Sun, 01 Mar 2026 11:00:00 GMT', NOW)).toBe(0);
    expect(retryAfterMs('99999999999999999999', NOW)).toBe(GIVE_UP_AFTER_MS);
    expect(retryAfterMs('soon', NOW)).toBeNull();
    expect(retryAfterMs('', NOW)).toBeNull();
    expect(retryAfterMs(null, NOW)).toBeNull();
  });
});
