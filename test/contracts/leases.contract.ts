import type { Census } from '@gateway/domain/cluster/share.js';
import type { Tenure } from '@gateway/domain/instances/tenure.js';
import type { Leases, NodeReport } from '@gateway/ports/leases.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../support/until';

export interface OpenLeases {
  /** A further node on the same store, with a name of its own unless it is given one. */
  node(options?: { ttlMs?: number; nodeId?: string }): Leases;
  /** Makes an instance, or makes it so. */
  instance(instanceId: string, kind: 'active' | 'idle' | 'deleted'): Promise<void>;
  purge(instanceId: string): Promise<void>;
  /** Begins to commit session material in the tenure's name; `allowed` says whether the store takes it. */
  beginCommit(tenure: Tenure): Promise<{ allowed: boolean; end(): Promise<void> }>;
  close(): Promise<void>;
}

const SHORT_MS = 1_000;
const REPORT: NodeReport = { activeSessions: 2, pendingCount: 1, circuitBreaker: 'HALF_OPEN' };
const EVERYTHING = { active: 1_000, idle: 1_000 };

export function describeLeasesContract(name: string, open: () => Promise<OpenLeases>): void {
  describe(`leases: ${name}`, () => {
    let opened: OpenLeases;
    beforeEach(async () => { opened = await open(); });
    afterEach(() => opened.close());

    /** A node that has shown itself. */
    async function joined(options?: { ttlMs?: number }): Promise<Leases> {
      const node = opened.node(options);
      expect(await node.renew([], REPORT)).toEqual([]);
      return node;
    }

    async function active(...instanceIds: string[]): Promise<void> {
      for (const instanceId of instanceIds) await opened.instance(instanceId, 'active');
    }

    async function claimed(node: Leases, instanceId: string): Promise<Tenure> {
      const tenure = await node.claimOne(instanceId);
      if (!tenure) throw new Error(`"${instanceId}" could not be claimed`);
      return tenure;
    }

    const runOut = (node: Leases, instanceId: string) => until('the lease has run out', async () => await node.ownerOf(instanceId) === null);

    describe('claims', () => {
      it('gives each instance to one node, however many want it', async () => {
        const instances = Array.from({ length: 200 }, (_, index) => `i${index}`);
        await active(...instances);
        const nodes = await Promise.all(Array.from({ length: 20 }, () => joined()));
        const claims = new Map(await Promise.all(nodes.map(async node => [node.nodeId, (await Promise.all([1, 2, 3].map(() => node.claim({ active: 5, idle: 0 })))).flat()] as const)));
        for (let round = 0; round < 20; round += 1) {
          await Promise.all(nodes.map(async node => {
            claims.get(node.nodeId)?.push(...await node.claim({ active: 3, idle: 0 }));
          }));
        }
        const all = [...claims.values()].flat();
        expect(all.map(({ instanceId }) => instanceId).sort()).toEqual([...instances].sort());
        for (const node of nodes) {
          const own = claims.get(node.nodeId) ?? [];
          expect(byName(await node.renew(own.map(({ instanceId }) => instanceId), REPORT))).toEqual(byName(own));
          for (const { instanceId, epoch } of own) expect(await node.ownerOf(instanceId)).toEqual({ nodeId: node.nodeId, epoch });
        }
      });

      it('lets one of many have a certain one', async () => {
        await active('a');
        const nodes = await Promise.all(Array.from({ length: 10 }, () => joined()));
        const got = (await Promise.all(nodes.map(node => node.claimOne('a')))).filter(tenure => tenure !== null);
        expect(got).toHaveLength(1);
        expect(await nodes[0]?.claimOne('a')).toBeNull();
        expect(await nodes[0]?.claimOne('nowhere')).toBeNull();
      });

      it('takes so many of each kind, and counts deleted ones as idle', async () => {
        await active('a1', 'a2', 'a3');
        for (const id of ['i1', 'i2']) await opened.instance(id, 'idle');
        await opened.instance('gone', 'deleted');
        const node = await joined();
        const ids = (tenures: Tenure[]) => tenures.map(({ instanceId }) => instanceId).sort();
        expect(await node.claim({ active: 0, idle: 0 })).toEqual([]);
        expect(ids(await node.claim({ active: 2, idle: 0 }))).toEqual(['a1', 'a2']);
        expect(ids(await node.claim({ active: -1, idle: 5 }))).toEqual(['gone', 'i1', 'i2']);
        expect(ids(await node.claim({ active: 5, idle: 5 }))).toEqual(['a3']);
        expect(await node.claim(EVERYTHING)).toEqual([]);
      });

      it('takes first what has been without an owner longest', async () => {
        await active('a', 'b', 'c');
        const [quick, slow, other] = [await joined({ ttlMs: SHORT_MS }), await joined({ ttlMs: 2 * SHORT_MS }), await joined()];
        await claimed(slow, 'a');
        await claimed(quick, 'b');
        await runOut(other, 'a');
        await runOut(other, 'b');
        await claimed(other, 'c');
        for (const expected of ['b', 'a']) expect(await other.claim({ active: 1, idle: 0 })).toMatchObject([{ instanceId: expected }]);
      });

      it('is refused to a node that has not shown itself, drains, or has left', async () => {
        await active('a', 'b');
        const none = async (node: Leases) => expect([await node.claim(EVERYTHING), await node.claimOne('a')]).toEqual([[], null]);
        const [stranger, draining] = [opened.node(), await joined()];
        await none(stranger);
        const held = await claimed(draining, 'b');
        const [claiming, leaver] = [opened.node({ nodeId: draining.nodeId }), await joined()];
        await draining.drain();
        await none(draining);
        // A claim that was sent before, too.
        await none(claiming);
        expect(await claiming.renew(['b'], REPORT)).toEqual([held]);
        await none(claiming);
        await leaver.leave();
        await none(leaver);
      });
    });

    describe('the life of a lease', () => {
      it('lasts as long as it is renewed, with one epoch, and ends with the time', async () => {
        await active('a', 'b');
        const [node, silent, other] = [await joined({ ttlMs: SHORT_MS }), await joined({ ttlMs: SHORT_MS }), await joined()];
        const [a, b] = [await claimed(node, 'a'), await claimed(silent, 'b')];
        await until('what is not renewed has run out', async () => {
          expect(await node.renew(['a'], REPORT)).toEqual([a]);
          return await other.ownerOf('b') === null;
        });
        expect(await other.ownerOf('a')).toEqual({ nodeId: node.nodeId, epoch: a.epoch });
        expect(await other.claim(EVERYTHING)).toEqual([{ instanceId: 'b', epoch: b.epoch + 1 }]);
      });

      it('can be renewed after it has run out, while nobody has taken it', async () => {
        await active('a');
        const node = await joined({ ttlMs: SHORT_MS });
        const tenure = await claimed(node, 'a');
        await runOut(node, 'a');
        expect(await node.renew(['a'], REPORT)).toEqual([tenure]);
        expect(await node.ownerOf('a')).toEqual({ nodeId: node.nodeId, epoch: tenure.epoch });
      });

      it('is gone for a node that wakes up after somebody took it', async () => {
        await active('a', 'b');
        const [paused, other] = [await joined({ ttlMs: SHORT_MS }), await joined()];
        const [a, b] = [await claimed(paused, 'a'), await claimed(paused, 'b')];
        await runOut(other, 'a');
        const taken = await claimed(other, 'a');
        expect(taken.epoch).toBeGreaterThan(a.epoch);
        expect(await paused.renew(['a', 'b'], REPORT)).toEqual([b]);
        await paused.release([a]);
        expect(await other.renew(['a'], REPORT)).toEqual([taken]);
      });

      it('can be had by others as soon as it is given back, with a greater epoch', async () => {
        await active('a', 'b');
        const [node, other] = [await joined(), await joined()];
        const [a, b] = [await claimed(node, 'a'), await claimed(node, 'b')];
        await node.release([a]);
        expect(await node.ownerOf('a')).toBeNull();
        expect(await node.renew(['a', 'b'], REPORT)).toEqual([b]);
        const next = await claimed(other, 'a');
        expect(next.epoch).toBeGreaterThan(a.epoch);
        await node.release([a, b]);
        expect(await other.ownerOf('a')).toEqual({ nodeId: other.nodeId, epoch: next.epoch });
        expect(await other.ownerOf('b')).toBeNull();
        await node.release([]);
      });

      it('is only given back with the epoch that it has', async () => {
        await active('a');
        const node = await joined();
        const first = await claimed(node, 'a');
        await node.release([first]);
        const second = await claimed(node, 'a');
        await node.release([first]);
        expect(await node.ownerOf('a')).toEqual({ nodeId: node.nodeId, epoch: second.epoch });
      });

      it('is given back when its node does not know of it, but not when it may only just hear', async () => {
        await active('a');
        const node = await joined({ ttlMs: 4_500 });
        const tenure = await claimed(node, 'a');
        await node.renew([], REPORT);
        expect(await node.renew(['a'], REPORT)).toEqual([tenure]);
        await node.renew([], REPORT);
        expect(await node.ownerOf('a')).not.toBeNull();
        await until('it is given back', async () => {
          await node.renew([], REPORT);
          return await node.ownerOf('a') === null;
        }, 4_000);
      });

      it('ends with a purge, and one of the same name begins later', async () => {
        await active('a');
        const [node, other] = [await joined(), await joined()];
        const before = await claimed(node, 'a');
        await opened.purge('a');
        expect([await node.ownerOf('a'), await node.renew(['a'], REPORT), await node.claimOne('a')]).toEqual([null, [], null]);
        await active('a');
        const after = await claimed(other, 'a');
        expect(after.epoch).toBeGreaterThan(before.epoch);
        expect(await node.renew(['a'], REPORT)).toEqual([]);
      });
    });

    describe('and what an owner commits', () => {
      it('keeps a takeover waiting, after which nothing of the former epoch gets in', async () => {
        await active('a', 'b');
        const [former, next] = [await joined({ ttlMs: SHORT_MS }), await joined()];
        const tenure = await claimed(former, 'a');
        const commit = await opened.beginCommit(tenure);
        expect(commit.allowed).toBe(true);
        await runOut(next, 'a');
        // It does not wait with the others.
        expect(await next.claim(EVERYTHING)).toMatchObject([{ instanceId: 'b' }]);
        expect(await next.claimOne('a')).toBeNull();
        await commit.end();
        const taken = await claimed(next, 'a');
        for (const [who, allowed] of [[tenure, false], [taken, true], [{ ...taken, epoch: taken.epoch + 1 }, false]] as const) {
          const late = await opened.beginCommit(who);
          expect(late.allowed).toBe(allowed);
          await late.end();
        }
      });

      it('holds no renewal up, nor is it held up by one', async () => {
        await active('a');
        const node = await joined({ ttlMs: SHORT_MS });
        const tenure = await claimed(node, 'a');
        const first = await opened.beginCommit(tenure);
        expect(await node.renew(['a'], REPORT)).toEqual([tenure]);
        const second = await opened.beginCommit(tenure);
        expect(second.allowed).toBe(true);
        await Promise.all([first.end(), second.end()]);
      });
    });

    describe('nodes', () => {
      it('are seen by the others with what they say, in the order of their start', async () => {
        const [one, two] = [await joined(), await joined()];
        const later = { activeSessions: 7, pendingCount: 0, circuitBreaker: 'OPEN' } as const;
        await one.renew([], later);
        const seen = await two.nodes();
        expect(seen).toMatchObject([{ nodeId: one.nodeId, draining: false, report: later }, { nodeId: two.nodeId, draining: false, report: REPORT }]);
        for (const { startedAt, seenAt } of seen) expect(seenAt).toBeGreaterThanOrEqual(startedAt);
        expect(Math.abs((seen[0]?.startedAt ?? 0) - Date.now())).toBeLessThan(60_000);
        await one.drain();
        expect((await two.nodes()).map(({ draining }) => draining)).toEqual([true, false]);
        await one.leave();
        expect((await two.nodes()).map(({ nodeId }) => nodeId)).toEqual([two.nodeId]);
      });

      it('are taken for dead when they say nothing, and forgotten later', async () => {
        const [silent, other] = [await joined({ ttlMs: 100 }), await joined({ ttlMs: 100 })];
        const long = opened.node({ ttlMs: 60_000 });
        await until('it is dead', async () => {
          await other.renew([], REPORT);
          return (await other.nodes()).every(({ nodeId }) => nodeId === other.nodeId);
        });
        expect((await long.nodes()).map(({ nodeId }) => nodeId)).toContain(silent.nodeId);
        await silent.drain();
        await until('it is forgotten', async () => {
          await other.renew([], REPORT);
          return (await long.nodes()).every(({ nodeId }) => nodeId === other.nodeId);
        });
        // It was only slow, and drains still.
        await silent.renew([], REPORT);
        expect((await long.nodes()).find(({ nodeId }) => nodeId === silent.nodeId)?.draining).toBe(true);
      });

      it('give everything back when they leave, and do not come back by a renewal under way', async () => {
        await active('a', 'b');
        const [node, other] = [await joined(), await joined()];
        const held = await node.claim(EVERYTHING);
        expect(held).toHaveLength(2);
        await Promise.all([node.renew(['a', 'b'], REPORT), node.leave(), node.renew(['a', 'b'], REPORT)]);
        expect((await other.nodes()).map(({ nodeId }) => nodeId)).toEqual([other.nodeId]);
        expect(byName(await other.claim(EVERYTHING))).toEqual(byName(held.map(({ instanceId, epoch }) => ({ instanceId, epoch: epoch + 1 }))));
      });
    });

    it('says which of many are owned, and in which epoch', async () => {
      await active('a', 'b', 'c');
      const [node, other] = [await joined({ ttlMs: SHORT_MS }), await joined()];
      await claimed(node, 'a');
      await claimed(other, 'b');
      const [a, b] = [(await other.ownerOf('a'))?.epoch, (await other.ownerOf('b'))?.epoch];
      expect(await other.epochs(['a', 'b', 'c', 'none'])).toEqual(new Map([['a', a], ['b', b]]));
      expect(await other.epochs([])).toEqual(new Map());
      await runOut(other, 'a');
      expect(await other.epochs(['a', 'b'])).toEqual(new Map([['b', b]]));
    });

    it('says which instances this node holds, by their kind', async () => {
      await active('a', 'b');
      await opened.instance('idle', 'idle');
      await opened.instance('gone', 'deleted');
      const [node, other] = [await joined(), await joined()];
      expect(await node.mine()).toEqual({ active: [], idle: [] });
      await claimed(other, 'b');
      await node.claim(EVERYTHING);
      const mine = await node.mine();
      expect({ active: mine.active, idle: [...mine.idle].sort() }).toEqual({ active: ['a'], idle: ['gone', 'idle'] });
      await opened.instance('a', 'idle');
      expect((await node.mine()).active).toEqual([]);
    });

    it('counts what there is and how it is spread', async () => {
      await active('a', 'b', 'c');
      await opened.instance('idle', 'idle');
      await opened.instance('gone', 'deleted');
      const [one, two] = [await joined(), await joined()];
      const alone = await one.census();
      expect(alone).toMatchObject({ nodes: 2, all: { active: 3, idle: 2 }, own: { active: 0, idle: 0 }, spread: [{ active: 0, idle: 0 }, { active: 0, idle: 0 }] });
      await one.claim({ active: 2, idle: 0 });
      await two.claim({ active: 0, idle: 1 });
      const [first, second] = [await one.census(), await two.census()];
      expect(first).toMatchObject({ nodes: 2, all: { active: 3, idle: 2 }, own: { active: 2, idle: 0 } });
      expect(second).toMatchObject({ nodes: 2, all: { active: 3, idle: 2 }, own: { active: 0, idle: 1 }, spread: first.spread });
      for (const census of [first, second]) expect(census.spread[census.place]).toEqual(census.own);
      expect(first.place).not.toBe(second.place);
      // What a draining node still holds is its own, and in nobody's share.
      await one.drain();
      const counted: Census = { nodes: 1, all: { active: 3, idle: 2 }, own: { active: 0, idle: 1 }, spread: [{ active: 0, idle: 1 }], place: 0 };
      expect(await two.census()).toEqual(counted);
      expect(await one.census()).toEqual({ ...counted, own: { active: 2, idle: 0 }, place: -1 });
    });

    it('does not count what has run out as owned', async () => {
      await active('a');
      const [node, other] = [await joined({ ttlMs: SHORT_MS }), await joined({ ttlMs: 60_000 })];
      await claimed(node, 'a');
      await runOut(other, 'a');
      expect(await other.census()).toMatchObject({ nodes: 2, all: { active: 1, idle: 0 }, spread: [{ active: 0, idle: 0 }, { active: 0, idle: 0 }] });
    });
  });
}

function byName(tenures: Tenure[]): Tenure[] {
  return [...tenures].sort((a, b) => (a.instanceId < b.instanceId ? -1 : 1));
}
