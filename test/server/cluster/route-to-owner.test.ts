import { DomainError } from '@gateway/domain/errors.js';
import { ROUTED_VERBS, type RoutedVerb } from '@gateway/usecases/cluster/routed-verbs.js';
import type { GatewayUseCases } from '@gateway/usecases/gateway.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestClock, type TestClock } from '../../support/test-clock';
import { openNodes, outcomeOf, passing, type Nodes, type TestNode } from './support/nodes';

const VERBS = Object.keys(ROUTED_VERBS) as RoutedVerb[];

describe('verbs that need the owner', () => {
  let clock: TestClock;
  let nodes: Nodes;
  let a: TestNode;
  let b: TestNode;
  beforeEach(async () => {
    clock = createTestClock();
    nodes = await openNodes({ clock });
    [a, b] = [await nodes.node('a'), await nodes.node('b')];
  });
  afterEach(() => nodes.close());

  /** What comes of a call that is tried again for a while. */
  const inTime = (call: Promise<unknown>): Promise<unknown> => passing(clock, outcomeOf(call));
  const run = (node: TestNode, verb: RoutedVerb, ...args: unknown[]) => (node.usecases[verb] as unknown as (...all: unknown[]) => Promise<unknown>)(...args);

  it.each(VERBS)('%s is done by the owner, wherever it is asked for', async verb => {
    nodes.own('b');
    const patch = { name: 'Zwölf', filter: null, secret: undefined };
    expect(await run(a, verb, 'one', 'more', patch)).toEqual({ verb, by: 'b' });
    expect(await run(b, verb, 'one')).toEqual({ verb, by: 'b' });
    expect(b.ran).toEqual([{ verb, args: ['one', 'more', { name: 'Zwölf', filter: null }] }, { verb, args: ['one'] }]);
    expect(a.ran).toEqual([]);
    expect(nodes.network.calls).toMatchObject([{ to: 'b', verb, timeoutMs: ROUTED_VERBS[verb] }]);
  });

  it('are the only ones that are not done where they are asked for', () => {
    const elsewhere = Object.keys(a.local).filter(verb => a.usecases[verb as keyof GatewayUseCases] !== a.local[verb as keyof GatewayUseCases]);
    expect(elsewhere.sort()).toEqual([...VERBS, 'createInstance', 'sendMessage', 'awaitMessage', 'cleanUpSessions'].sort());
  });

  it('clean up on every node, each what it owns, and count those that do not answer', async () => {
    expect(await a.usecases.cleanUpSessions('pending', { wanted: ['one'] })).toEqual({ instanceIds: ['a pending one', 'b pending one'], unansweredNodes: 0 });
    b.local.cleanUpSessions = async () => { throw new DomainError('store_unavailable', 'Away.'); };
    expect(await a.usecases.cleanUpSessions('inactive')).toEqual({ instanceIds: ['a inactive'], unansweredNodes: 1 });
  });

  it('answer that nobody owns the instance, when to try again, and nothing else', async () => {
    const started = clock.elapsed();
    expect(await inTime(run(a, 'connectInstance', 'one'))).toMatchObject({ code: 'instance_unowned', hint: expect.stringContaining('again') as string });
    expect(clock.elapsed() - started).toBeLessThan(3_000);
    expect([...a.ran, ...b.ran]).toEqual([]);
  });

  it('wait a moment for an instance that is about to have another owner', async () => {
    nodes.own('b');
    await run(a, 'getQr', 'one');
    nodes.own(null);
    const asked = outcomeOf(run(a, 'connectInstance', 'one'));
    await clock.advance(1_000);
    expect([...a.ran, ...b.ran].map(({ verb }) => verb)).toEqual(['getQr']);
    nodes.own('a');
    expect(await passing(clock, asked)).toEqual({ value: { verb: 'connectInstance', by: 'a' } });
  });

  it('answer that there is no such instance, which nobody owns either', async () => {
    expect(await outcomeOf(run(a, 'connectInstance', 'none'))).toMatchObject({ code: 'instance_not_found' });
    for (const verb of ['purgeInstance', 'restoreInstance'] as const) {
      expect(await outcomeOf(run(a, verb, 'none'))).toMatchObject({ code: 'instance_not_found', hint: expect.stringContaining('includeDeleted') as string });
    }
  });

  it('know a deleted instance where it is of use', async () => {
    await nodes.store.instances.update('one', { deletedAt: clock.now() }, clock.now());
    expect(await outcomeOf(run(a, 'connectInstance', 'one'))).toMatchObject({ code: 'instance_not_found' });
    for (const verb of ['purgeInstance', 'restoreInstance'] as const) expect(await inTime(run(a, verb, 'one'))).toMatchObject({ code: 'instance_unowned' });
    nodes.own('b');
    expect(await run(a, 'restoreInstance', 'one')).toEqual({ verb: 'restoreInstance', by: 'b' });
  });

  it('are not done by a node whose own time is over, though the store still names it', async () => {
    nodes.own('a');
    a.ownership.holds = () => false;
    expect(await inTime(run(a, 'connectInstance', 'one'))).toMatchObject({ code: 'instance_unowned' });
    expect(await inTime(run(b, 'connectInstance', 'one'))).toMatchObject({ code: 'instance_unowned' });
    expect([...a.ran, ...b.ran]).toEqual([]);
    // Nobody passed it on.
    expect(new Set(nodes.network.calls.map(({ to }) => to))).toEqual(new Set(['a']));
  });

  it('look for the owner once a second at most, together', async () => {
    nodes.own('b');
    await Promise.all(Array.from({ length: 20 }, () => run(a, 'getQr', 'one')));
    await run(a, 'getQr', 'one');
    expect(nodes.looks).toEqual(['one']);
    await clock.advance(1_000);
    await run(a, 'getQr', 'one');
    expect(nodes.looks).toEqual(['one', 'one']);
    await run(b, 'getQr', 'one');
    expect(nodes.looks).toEqual(['one', 'one']);
  });

  it('follow the instance to another owner at once', async () => {
    const c = await nodes.node('c');
    nodes.own('b');
    await run(a, 'getQr', 'one');
    nodes.own('c');
    expect(await run(a, 'getQr', 'one')).toEqual({ verb: 'getQr', by: 'c' });
    nodes.own('a');
    expect(await run(a, 'getQr', 'one')).toEqual({ verb: 'getQr', by: 'a' });
    expect([b, c, a].map(node => node.ran.length)).toEqual([1, 1, 1]);
    // While it is at it, too.
    (a.local as unknown as Record<string, unknown>)['connectInstance'] = async () => {
      nodes.own('c');
      throw new DomainError('instance_unowned', 'Not any more.');
    };
    expect(await run(a, 'connectInstance', 'one')).toEqual({ verb: 'connectInstance', by: 'c' });
  });

  it('say that the owner cannot be reached, as long as it is the owner', async () => {
    nodes.own('b');
    nodes.network.cutOff('b');
    expect(await outcomeOf(run(a, 'connectInstance', 'one'))).toMatchObject({ code: 'owner_unreachable', details: { reached: false } });
    expect(nodes.network.calls).toHaveLength(1);
    nodes.own(null);
    expect(await inTime(run(a, 'connectInstance', 'one'))).toMatchObject({ code: 'instance_unowned' });
    const c = await nodes.node('c');
    nodes.own('c');
    expect(await run(a, 'connectInstance', 'one')).toEqual({ verb: 'connectInstance', by: 'c' });
    expect(c.ran).toHaveLength(1);
  });

  it('are not done again when the answer is lost', async () => {
    nodes.own('b');
    void nodes.network.loseNextAnswer();
    expect(await outcomeOf(run(a, 'createWebhook', 'one', { url: 'http://127.0.0.1:9' }))).toMatchObject({ code: 'owner_unreachable', details: { reached: true } });
    expect(b.ran).toHaveLength(1);
  });

  it('do not wait for an owner that says nothing when another has taken its place', async () => {
    nodes.own('b');
    (b.local as unknown as Record<string, unknown>)['purgeInstance'] = () => new Promise(() => undefined);
    const outcome = outcomeOf(run(a, 'purgeInstance', 'one'));
    let isOver = false;
    void outcome.then(() => { isOver = true; });
    await clock.advance(5_000);
    // Nobody has it for a while.
    nodes.own(null);
    await clock.advance(5_000);
    expect(isOver).toBe(false);
    await nodes.node('c');
    nodes.own('c');
    await clock.advance(5_000);
    expect(await outcome).toMatchObject({ code: 'owner_unreachable', details: { reached: true } });
  });

  it('hear the last word of an owner that gives the instance back', async () => {
    nodes.own('b');
    let answer = (_value: unknown): void => undefined;
    (b.local as unknown as Record<string, unknown>)['logoutInstance'] = () => new Promise(resolve => { answer = resolve; });
    const outcome = outcomeOf(run(a, 'logoutInstance', 'one'));
    await clock.advance(500);
    await nodes.node('c');
    nodes.own('c');
    await clock.advance(2_500);
    answer({ done: true });
    expect(await outcome).toEqual({ value: { done: true } });
  });

  it('bring the failure of the owner back, whatever it is', async () => {
    nodes.own('b');
    const failure = new DomainError('qr_not_available', 'There is none.', { hint: 'Connect.', details: { reason: 'logged_out' } });
    (b.local as unknown as Record<string, unknown>)['getQr'] = async () => { throw failure; };
    const { code, message, hint, details } = failure;
    expect(await outcomeOf(run(a, 'getQr', 'one'))).toMatchObject({ code, message, hint, details });
    expect(nodes.network.calls).toHaveLength(1);
  });

  it('say that the store is away', async () => {
    nodes.own('b');
    nodes.failStore(new DomainError('store_unavailable', 'The database is away.'));
    expect(await outcomeOf(run(a, 'connectInstance', 'one'))).toMatchObject({ code: 'store_unavailable' });
    nodes.failStore(null);
    expect(await run(a, 'connectInstance', 'one')).toEqual({ verb: 'connectInstance', by: 'b' });
  });

  it('are refused to nodes that ask for what this one does not know', async () => {
    nodes.own('b');
    for (const verb of ['ofTheFuture', 'constructor', 'authenticate', 'health']) {
      expect(await outcomeOf(a.link.call('b', { verb, args: ['one'] }, 1_000))).toMatchObject({ code: 'internal_error' });
    }
  });

  it('find a new instance with the node that made it', async () => {
    await a.usecases.createInstance({ instanceId: 'two' });
    expect(a.created).toEqual(['two']);
    a.onClaim(async () => { throw new Error('taken'); });
    expect(await a.usecases.createInstance({ instanceId: 'three' })).toMatchObject({ instanceId: 'three' });
    expect(nodes.log).toHaveLength(1);
    expect(await outcomeOf(a.usecases.createInstance({ instanceId: 'two' }))).toMatchObject({ code: 'instance_exists' });
    expect(a.created).toEqual(['two', 'three']);
  });
});
