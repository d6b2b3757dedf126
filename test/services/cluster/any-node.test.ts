import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Api } from '../../support/api.js';
import { createCaller, type Caller, type PlainAnswer } from '../../support/cluster/caller.js';
import { startCluster, type Cluster } from '../../support/cluster/cluster.js';
import { CONVERSATIONS, reconnected, wholeLife, type Conversation } from '../../support/cluster/conversations.js';
import { startFileServer, type FileServer } from '../../support/cluster/file-server.js';
import { placeOf, untilSpread } from '../../support/cluster/places.js';
import { startStack, type Stack } from '../../support/stack.js';

const INSTANCES = 9;
const REQUESTS = 1_000;
const phones = new Map(Array.from({ length: INSTANCES }, (_, index) => [`shop-${index}`, String(15550200000 + index)]));
const ALL = Object.entries(CONVERSATIONS);

let cluster: Cluster;
/** One gateway that shares with nobody: what it answers is right. */
let single: Stack;
let file: FileServer;
/** What the single gateway answered, by conversation. */
const right = new Map<string, PlainAnswer[]>();

beforeAll(async () => {
  [cluster, single, file] = await Promise.all([startCluster(), startStack(), startFileServer(300_000)]);
  for (const [instanceId, phone] of phones) await cluster.pair(instanceId, phone, { sendIntervalMs: 0 });
  await single.pair('shop-0', '15550200000');
  await single.api.patch('/instances/shop-0', { settings: { sendIntervalMs: 0 } });
  await untilSpread(cluster, [...phones.keys()]);
  const caller = callerOf('shop-0', () => single.api, '1661', single);
  for (const [name, conversation] of ALL) right.set(name, await hold(conversation, caller));
}, 180_000);
afterAll(async () => {
  await Promise.all([file?.close(), single?.stop(), cluster?.stop()]);
});

let callers = 0;
function callerOf(instanceId: string, next: () => Api, contacts = `1662${String(callers++).padStart(3, '0')}`, { simulator }: Pick<Cluster, 'simulator'> = cluster): Caller {
  return createCaller({ instanceId, phone: phones.get(instanceId) ?? '15550299999', simulator, file, next, contacts });
}

/** Answers what was answered. */
async function hold(conversation: Conversation, caller: Caller): Promise<PlainAnswer[]> {
  const before = caller.answers.length;
  await conversation(caller);
  return caller.answers.slice(before);
}

describe('every answer is that of a single gateway', () => {
  const ASKED = [
    ['the owner', ['owner']],
    ['another node', ['one']],
    ['a third node', ['two']],
    ['each node in turn', ['owner', 'one', 'two']],
  ] as const;

  /** Asks these in turn. */
  async function asker(instanceId: string, whom: readonly ('owner' | 'one' | 'two')[]): Promise<() => Api> {
    const { owner, others: [one = owner, two = owner] } = await placeOf(cluster, instanceId);
    const places = { owner, one, two };
    let turn = 0;
    return () => places[whom[turn++ % whom.length] ?? 'owner'].api;
  }

  for (const [who, whom] of ASKED) {
    describe(`when ${who} is asked`, () => {
      test.each(ALL)('%s', async (name, conversation) => {
        const caller = callerOf('shop-1', await asker('shop-1', whom));
        expect(await hold(conversation, caller)).toEqual(right.get(name));
        expect(caller.putOff()).toBe(0);
      });

      test('a connection that is broken and made again', async () => {
        const expected = await hold(reconnected, callerOf('shop-0', () => single.api, undefined, single));
        expect(await hold(reconnected, callerOf('shop-2', await asker('shop-2', whom)))).toEqual(expected);
      });
    });
  }

  test('over the whole life of an instance, each node in turn', async () => {
    const expected = await hold(wholeLife, callerOf('short-lived', () => single.api, undefined, single));
    for (let round = 0; round < 3; round += 1) {
      for (let turn = 0; turn < round; turn += 1) cluster.next();
      expect(await hold(wholeLife, callerOf('short-lived', () => cluster.next().api))).toEqual(expected);
    }
    await untilSpread(cluster, [...phones.keys()]);
  });
});

test(`${REQUESTS} requests over three nodes in turn get right answers`, { timeout: 300_000 }, async () => {
  const asked = new Map(cluster.nodes.map(node => [node.name, 0]));
  const next = (): Api => {
    const node = cluster.next();
    asked.set(node.name, (asked.get(node.name) ?? 0) + 1);
    return node.api;
  };
  const lanes = [...phones.keys()].map(instanceId => callerOf(instanceId, next));
  const answered = () => lanes.reduce((sum, { answers }) => sum + answers.length, 0);
  let begun = 0;
  await Promise.all(lanes.map(async (caller, lane) => {
    while (answered() < REQUESTS) {
      const [name, conversation] = ALL[(lane * 5 + begun++) % ALL.length] as [string, Conversation];
      expect(await hold(conversation, caller)).toEqual(right.get(name));
    }
  }));
  console.log(`${answered()} answers to ${begun} conversations; requests by node: ${[...asked.values()].join(', ')}`);
  expect(lanes.map(caller => caller.putOff())).toEqual(lanes.map(() => 0));
});

test('a synchronous send that goes to another node takes a little longer', { timeout: 120_000 }, async () => {
  const { owner, others: [other = owner] } = await placeOf(cluster, 'shop-3');
  const send = async (api: Api, text: string): Promise<number> => {
    const asked = performance.now();
    await api.post('/instances/shop-3/messages/text', { to: '16630000001', text }, 201);
    return performance.now() - asked;
  };
  const local: number[] = [];
  const forwarded: number[] = [];
  for (let index = 0; index < 50; index += 1) await Promise.all([send(owner.api, 'warm-up'), send(other.api, 'warm-up')]);
  for (let index = 0; index < 300; index += 1) {
    local.push(await send(owner.api, `local ${index}`));
    forwarded.push(await send(other.api, `forwarded ${index}`));
  }
  const at = (values: number[], share: number) => [...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;
  const line = (share: number) => `p${share * 100} ${at(local, share).toFixed(1)} ms here, ${at(forwarded, share).toFixed(1)} ms through another node: ${(at(forwarded, share) - at(local, share)).toFixed(1)} ms more`;
  console.log(`synchronous sends: ${line(0.5)}; ${line(0.99)}`);
  expect(cluster.simulator.contacts.received('16630000001').filter(({ times }) => times !== 1)).toEqual([]);
  expect(cluster.simulator.contacts.received('16630000001')).toHaveLength(700);
});
