import { createReceiverBreaker, worstOf } from '@gateway/usecases/webhooks/receiver-breaker.js';
import { describe, expect, it } from 'vitest';

const NOW = 1_000_000;
const failTimes = (breaker: ReturnType<typeof createReceiverBreaker>, times: number, now = NOW) => {
  for (let count = 0; count < times; count++) breaker.failed(now);
};

describe('the breaker of a receiver', () => {
  it('opens after 20 failures in a row, not after 20 in all', () => {
    const breaker = createReceiverBreaker();
    failTimes(breaker, 19);
    breaker.succeeded();
    failTimes(breaker, 19);
    expect(breaker.status(NOW)).toEqual({ state: 'CLOSED', since: null, failures: 19 });
    breaker.failed(NOW);
    expect(breaker.status(NOW)).toEqual({ state: 'OPEN', since: NOW, failures: 20 });
  });

  it('is half open after 180 s; a success closes it', () => {
    const breaker = createReceiverBreaker();
    failTimes(breaker, 20);
    expect(breaker.opensAgainAt()).toBe(NOW + 180_000);
    expect(breaker.status(NOW + 179_999).state).toBe('OPEN');
    expect(breaker.status(NOW + 180_000)).toEqual({ state: 'HALF_OPEN', since: NOW, failures: 20 });
    breaker.succeeded();
    expect(breaker.status(NOW + 180_000)).toEqual({ state: 'CLOSED', since: null, failures: 0 });
    expect(breaker.opensAgainAt()).toBe(0);
  });

  it('opens for as long again when the probe fails, and remembers since when it is in trouble', () => {
    const breaker = createReceiverBreaker();
    failTimes(breaker, 20);
    breaker.failed(NOW + 180_000);
    expect(breaker.status(NOW + 180_000)).toEqual({ state: 'OPEN', since: NOW, failures: 21 });
    expect(breaker.opensAgainAt()).toBe(NOW + 360_000);
  });

  it('is not kept open by what was under way when it opened', () => {
    const breaker = createReceiverBreaker();
    failTimes(breaker, 20);
    failTimes(breaker, 7, NOW + 9_000);
    expect(breaker.opensAgainAt()).toBe(NOW + 180_000);
    expect(breaker.status(NOW + 9_000).failures).toBe(27);
  });

  it('has settings', () => {
    const breaker = createReceiverBreaker({ failures: 1, openMs: 10 });
    breaker.failed(NOW);
    expect([breaker.status(NOW + 9).state, breaker.status(NOW + 10).state]).toEqual(['OPEN', 'HALF_OPEN']);
  });

  it('has a worst among many', () => {
    expect([worstOf([]), worstOf(['CLOSED', 'HALF_OPEN']), worstOf(['OPEN', 'HALF_OPEN', 'CLOSED'])]).toEqual(['CLOSED', 'HALF_OPEN', 'OPEN']);
  });
});
