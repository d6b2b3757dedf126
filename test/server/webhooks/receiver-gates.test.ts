import { createReceiverGates } from '@gateway/usecases/webhooks/receiver-gates.js';
import { describe, expect, it } from 'vitest';

const NOW = 1_000_000;

describe('receiver gates', () => {
  it('lets a webhook in up to its own limit', () => {
    const gates = createReceiverGates({ perWebhook: 2, shared: 10 });
    expect([1, 2, 3].map(() => gates.enter('a', NOW))).toEqual([true, true, false]);
    expect(gates.closed(NOW)).toEqual(['a']);
    gates.release('a');
    expect(gates.enter('a', NOW)).toBe(true);
    expect(gates.isIdle('a', NOW)).toBe(false);
    gates.release('a');
    gates.release('a');
    expect(gates.isIdle('a', NOW)).toBe(true);
  });

  it('always has a first place for every webhook, whatever the others have taken', () => {
    const gates = createReceiverGates({ perWebhook: 8, shared: 3 });
    expect(Array.from({ length: 8 }, () => gates.enter('greedy', NOW)).filter(Boolean)).toHaveLength(4);
    for (let index = 0; index < 50; index++) expect(gates.enter(`other-${index}`, NOW)).toBe(true);
    expect(gates.enter('other-0', NOW)).toBe(false);
    gates.release('greedy');
    expect(gates.enter('other-0', NOW)).toBe(true);
  });

  it('leaves an unwell receiver one place, and gives the others back one by one', () => {
    const gates = createReceiverGates({ perWebhook: 3, shared: 10 });
    gates.note('a', 'unwell', NOW);
    expect([gates.enter('a', NOW), gates.enter('a', NOW)]).toEqual([true, false]);
    gates.note('a', 'well', NOW);
    expect([gates.enter('a', NOW), gates.enter('a', NOW)]).toEqual([true, false]);
    gates.note('a', 'well', NOW);
    expect(gates.enter('a', NOW)).toBe(true);
  });

  it('keeps a paused webhook out until the time is over, or it is forgiven', () => {
    const gates = createReceiverGates({ perWebhook: 3, shared: 10 });
    gates.pause('a', NOW + 100);
    gates.pause('b', NOW + 50);
    expect(gates.enter('a', NOW)).toBe(false);
    expect(gates.closed(NOW).sort()).toEqual(['a', 'b']);
    expect(gates.nextOpening(NOW)).toBe(NOW + 50);
    gates.forgive('a');
    expect(gates.enter('a', NOW)).toBe(true);
    expect(gates.enter('b', NOW + 50)).toBe(true);
    expect(gates.nextOpening(NOW + 50)).toBeNull();
  });

  it('keeps a webhook out whose breaker is open, and then lets one in to try', () => {
    const gates = createReceiverGates({ perWebhook: 3, shared: 10 }, { failures: 2, openMs: 100 });
    const both = [gates.enter('a', NOW), gates.enter('a', NOW)];
    gates.note('a', 'unwell', NOW);
    gates.note('a', 'unwell', NOW + 1);
    both.forEach(() => gates.release('a'));
    expect([gates.enter('a', NOW + 1), gates.isIdle('a', NOW + 1), gates.opensAt('a', NOW + 1), gates.nextOpening(NOW + 1)]).toEqual([false, false, NOW + 101, NOW + 101]);
    const troubleAt = (now: number) => [...gates.trouble(now).values()].map(({ state }) => state);
    expect([gates.closed(NOW + 100), troubleAt(NOW + 100)]).toEqual([['a'], ['OPEN']]);
    expect([gates.isIdle('a', NOW + 101), gates.opensAt('a', NOW + 101), troubleAt(NOW + 101)]).toEqual([true, null, ['HALF_OPEN']]);
    expect([gates.enter('a', NOW + 101), gates.enter('a', NOW + 101)]).toEqual([true, false]);
    gates.note('a', 'well', NOW + 102);
    expect(gates.breaker('a', NOW + 102)).toEqual({ state: 'CLOSED', since: null, failures: 0 });
    expect(gates.enter('a', NOW + 102)).toBe(true);
  });

  it('remembers failures while nothing is under way, and forgets a receiver that is gone', () => {
    const gates = createReceiverGates({ perWebhook: 1, shared: 10 });
    gates.enter('a', NOW);
    gates.note('a', 'unwell', NOW);
    gates.release('a');
    expect(gates.breaker('a', NOW).failures).toBe(1);
    gates.note('a', 'gone', NOW);
    expect(gates.breaker('a', NOW).failures).toBe(0);
  });

  it('keeps the gap between the beginnings of two posts, over all places, and forgives it to nobody', () => {
    const gates = createReceiverGates({ perWebhook: 3, shared: 10 });
    expect([gates.enter('a', NOW), gates.enter('a', NOW), gates.enter('b', NOW)]).toEqual([true, true, true]);
    expect([gates.begin('a', NOW, 400), gates.begin('a', NOW, 400), gates.begin('b', NOW, 0), gates.begin('b', NOW, 0)]).toEqual([null, NOW + 400, null, null]);
    expect([gates.enter('a', NOW + 1), gates.opensAt('a', NOW + 1), gates.nextOpening(NOW + 1), gates.closed(NOW + 1)]).toEqual([false, NOW + 400, NOW + 400, ['a']]);
    gates.forgive('a');
    gates.release('a');
    gates.release('a');
    gates.forgive('a');
    expect([gates.begin('a', NOW + 399, 400), gates.isIdle('a', NOW + 399), gates.isIdle('a', NOW + 400)]).toEqual([NOW + 400, false, true]);
    expect([gates.enter('a', NOW + 400), gates.begin('a', NOW + 400, 0), gates.begin('a', NOW + 400, 0)]).toEqual([true, null, null]);
  });

  it('begins nothing while a pause or the breaker holds', () => {
    const gates = createReceiverGates({ perWebhook: 3, shared: 10 }, { failures: 1, openMs: 100 });
    gates.pause('a', NOW + 50);
    expect(gates.begin('a', NOW, 10)).toBe(NOW + 50);
    gates.note('a', 'unwell', NOW);
    expect([gates.begin('a', NOW, 10), gates.begin('a', NOW + 100, 10)]).toEqual([NOW + 100, null]);
  });
});
