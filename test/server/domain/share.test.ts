import { planShare, type Census, type ShareOf } from '@gateway/domain/cluster/share.js';
import { describe, expect, it } from 'vitest';

const KINDS = ['active', 'idle'] as const;
const GIVEN_AT_ONCE = 2;

/** Nodes that share instances in rounds, as the lease keepers do: in each, all may see the counts of its beginning. */
interface Model {
  spread: ShareOf[];
  unowned: ShareOf;
  /** What each node took and gave, in all. */
  moved: { taken: ShareOf; given: ShareOf }[];
}

const nothing = (): ShareOf => ({ active: 0, idle: 0 });

function modelOf(spread: ShareOf[], unowned: ShareOf = nothing()): Model {
  return { spread: spread.map(share => ({ ...share })), unowned: { ...unowned }, moved: spread.map(() => ({ taken: nothing(), given: nothing() })) };
}

function censusOf({ spread, unowned }: Model, place: number): Census {
  const all = nothing();
  for (const share of [...spread, unowned]) for (const kind of KINDS) all[kind] += share[kind];
  return { nodes: spread.length, all, own: { ...spread[place] ?? nothing() }, spread: spread.map(share => ({ ...share })), place };
}

/** One round, in the given order; answers whether anything moved. */
function round(model: Model, order: number[], atOnce: boolean): boolean {
  const seen = model.spread.map((_, place) => censusOf(model, place));
  let moved = false;
  for (const place of order) {
    const own = model.spread[place] ?? nothing();
    const { claim, surplus } = planShare(atOnce ? seen[place] as Census : censusOf(model, place));
    let give = GIVEN_AT_ONCE;
    for (const kind of KINDS) {
      const [taken, given] = [Math.min(claim[kind], model.unowned[kind]), Math.min(surplus[kind], give)];
      give -= given;
      own[kind] += taken - given;
      model.unowned[kind] -= taken - given;
      moved ||= taken + given > 0;
      const record = model.moved[place];
      if (record) {
        record.taken[kind] += taken;
        record.given[kind] += given;
      }
    }
  }
  return moved;
}

/** Until nothing moves any more. */
function settle(model: Model, random: () => number, atOnce = (): boolean => random() < 0.5): void {
  const instances = censusOf(model, 0).all;
  for (let left = instances.active + instances.idle + 10; left > 0; left -= 1) {
    if (!round(model, shuffled(model.spread.length, random), atOnce())) return;
  }
  throw new Error(`it does not come to rest: ${JSON.stringify(model)}`);
}

function expectEven({ spread, unowned }: Model): void {
  expect(unowned).toEqual(nothing());
  for (const kind of KINDS) {
    const counts = spread.map(share => share[kind]);
    expect(Math.max(...counts) - Math.min(...counts), JSON.stringify(spread)).toBeLessThanOrEqual(1);
  }
}

/** Mulberry32: the same numbers every time. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6D2B79F5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffled(count: number, random: () => number): number[] {
  return Array.from({ length: count }, (_, index) => ({ index, key: random() })).sort((a, b) => a.key - b.key).map(({ index }) => index);
}

const upTo = (random: () => number, most: number): number => Math.floor(random() * (most + 1));
const anyShare = (random: () => number): ShareOf => ({ active: upTo(random, 40), idle: upTo(random, 15) });
const active = (...counts: number[]): ShareOf[] => counts.map(count => ({ active: count, idle: 0 }));

describe('how nodes share instances', () => {
  it('leaves an even spread alone', () => {
    for (const counts of [[11, 10, 10], [10, 11, 10], [10, 10, 11], [5], [0, 1, 0], [0, 0], [3, 3, 3]]) {
      expect(round(modelOf(active(...counts)), counts.map((_, index) => index), true), JSON.stringify(counts)).toBe(false);
    }
  });

  it('lets a node that is alone take everything', () => {
    expect(planShare(censusOf(modelOf(active(2), { active: 5, idle: 3 }), 0))).toEqual({ claim: { active: 5, idle: 3 }, surplus: nothing() });
  });

  it('takes no more than its share of what is free, and of the rest only what nobody needs to get there', () => {
    const start = modelOf(active(0, 0, 0), { active: 31, idle: 0 });
    for (const place of [0, 1, 2]) expect(planShare(censusOf(start, place)).claim.active).toBe(10);
    const later = modelOf(active(10, 8, 10), { active: 3, idle: 0 });
    expect([0, 1, 2].map(place => planShare(censusOf(later, place)).claim.active)).toEqual([1, 2, 1]);
    const contested = modelOf(active(10, 8, 11), { active: 2, idle: 0 });
    expect([0, 1, 2].map(place => planShare(censusOf(contested, place)).claim.active)).toEqual([0, 2, 0]);
  });

  it('gives what is above its share, and one of a rounded-up share where another lacks it', () => {
    expect([0, 1, 2].map(place => planShare(censusOf(modelOf(active(16, 15, 0)), place)).surplus.active)).toEqual([5, 4, 0]);
    // One is wanted, and the first of the two gives it.
    expect([0, 1, 2].map(place => planShare(censusOf(modelOf(active(11, 11, 9)), place)).surplus.active)).toEqual([1, 0, 0]);
    // What a node that drains still holds will do.
    const draining = censusOf(modelOf(active(11, 11, 8)), 0);
    expect(planShare({ ...draining, all: { active: 32, idle: 0 } }).surplus.active).toBe(0);
  });

  it('plans nothing for a node that does not count', () => {
    const census = censusOf(modelOf(active(0, 30), { active: 4, idle: 4 }), 0);
    expect(planShare({ ...census, own: { active: 9, idle: 0 }, place: -1 })).toEqual({ claim: nothing(), surplus: nothing() });
    expect(planShare({ nodes: 0, all: { active: 4, idle: 0 }, own: nothing(), spread: [], place: -1 })).toEqual({ claim: nothing(), surplus: nothing() });
  });

  it('comes to an even spread from any, whoever acts first, owns everything then, and stays', () => {
    for (let seed = 1; seed <= 2_000; seed += 1) {
      const random = createRandom(seed);
      const model = modelOf(Array.from({ length: 1 + upTo(random, 11) }, () => anyShare(random)), anyShare(random));
      settle(model, random);
      expectEven(model);
      for (let more = 0; more < 3; more += 1) expect(round(model, shuffled(model.spread.length, random), more % 2 === 0)).toBe(false);
    }
  });

  it('moves no instance without need: no node both takes and gives, but for one instance when several take at the same moment', () => {
    for (let seed = 1; seed <= 2_000; seed += 1) {
      for (const atOnce of [false, true]) {
        const random = createRandom(seed);
        const model = modelOf(Array.from({ length: 2 + upTo(random, 8) }, () => anyShare(random)), random() < 0.5 ? nothing() : anyShare(random));
        settle(model, random, () => atOnce);
        for (const { taken, given } of model.moved) {
          for (const kind of KINDS) expect(Math.min(taken[kind], given[kind]), `seed ${seed}`).toBeLessThanOrEqual(atOnce ? 1 : 0);
        }
      }
    }
  });

  it('follows nodes that come and go, and instances too', () => {
    for (let seed = 1; seed <= 300; seed += 1) {
      const random = createRandom(seed);
      let model = modelOf(active(0), { active: upTo(random, 60), idle: upTo(random, 20) });
      for (let change = 0; change < 8; change += 1) {
        const spread = [...model.spread];
        const unowned = { ...model.unowned };
        if (random() < 0.4 && spread.length > 1) {
          const [gone] = spread.splice(upTo(random, spread.length - 1), 1);
          for (const kind of KINDS) unowned[kind] += gone?.[kind] ?? 0;
        } else if (random() < 0.6) spread.splice(upTo(random, spread.length), 0, nothing());
        else unowned.active += upTo(random, 5);
        model = modelOf(spread, unowned);
        // Not always to the end: the next change may come before.
        if (random() < 0.5) settle(model, random);
        else round(model, shuffled(model.spread.length, random), true);
      }
      settle(model, random);
      expectEven(model);
    }
  });

  it('gives a node that joins its share and nothing more', () => {
    const model = modelOf(active(15, 16, 0));
    settle(model, createRandom(1));
    expectEven(model);
    expect(model.moved.map(({ given }) => given.active).reduce((total, count) => total + count, 0)).toBe(model.spread[2]?.active);
  });
});
