import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NOW, outgoing } from '../../contracts/support/samples';
import { until } from '../../support/until';
import { openNodes, outcomeOf, type Nodes, type TestNode } from './support/nodes';

describe('waiting for a message, on any node', () => {
  let nodes: Nodes;
  let a: TestNode;
  let b: TestNode;
  beforeEach(async () => {
    nodes = await openNodes();
    [a, b] = [await nodes.node('a'), await nodes.node('b')];
    await nodes.store.messages.insertOutgoing(outgoing('M1', { state: 'sending' }));
  });
  afterEach(() => nodes.close());

  const LONG_MS = 60_000;
  const untilAsked = () => until('the owner waits', () => nodes.network.calls.some(({ verb }) => verb === 'awaitMessage'));

  it('is done by the owner, who knows first', async () => {
    nodes.own('b');
    const waiting = a.usecases.awaitMessage('one', 'M1', 'sent', LONG_MS);
    await untilAsked();
    await b.acknowledge('M1');
    const message = await waiting;
    expect(message).toMatchObject({ messageId: 'M1', state: 'sent' });
    // As it is in the store, bytes and all.
    expect(message).toEqual(await nodes.store.messages.find('one', 'M1'));
    expect(message.proto).toBeInstanceOf(Uint8Array);
  });

  it('is done here by the owner itself', async () => {
    nodes.own('a');
    const waiting = a.usecases.awaitMessage('one', 'M1', 'sent', LONG_MS);
    await a.acknowledge('M1');
    expect(await waiting).toMatchObject({ state: 'sent' });
    expect(nodes.network.calls).toEqual([]);
  });

  it.each([['nobody owns it', null], ['the owner cannot be reached', 'c']])('looks at the row while %s', async (_when, owner) => {
    nodes.own(owner);
    const waiting = a.usecases.awaitMessage('one', 'M1', 'sent', LONG_MS);
    await until('it has looked', () => nodes.looks.length > 1);
    await b.acknowledge('M1');
    expect(await waiting).toMatchObject({ state: 'sent' });
  });

  it('goes on with the next owner', async () => {
    nodes.own('b');
    const waiting = a.usecases.awaitMessage('one', 'M1', 'sent', LONG_MS);
    await untilAsked();
    const c = await nodes.node('c');
    nodes.own('c');
    await until('it asks the next', () => nodes.network.calls.some(({ to }) => to === 'c'));
    await c.acknowledge('M1');
    expect(await waiting).toMatchObject({ state: 'sent' });
  });

  it.each([['b'], ['a'], [null]])('answers with the message as it is when the time is over, with %s as the owner', async owner => {
    nodes.own(owner);
    const started = Date.now();
    expect(await a.usecases.awaitMessage('one', 'M1', 'sent', 300)).toMatchObject({ state: 'sending' });
    expect(Date.now() - started).toBeGreaterThanOrEqual(295);
    expect(Date.now() - started).toBeLessThan(2_000);
  });

  it.each([['b'], [null]])('knows what is missing, with %s as the owner', async owner => {
    nodes.own(owner);
    expect(await outcomeOf(a.usecases.awaitMessage('one', 'M2', 'sent', LONG_MS))).toMatchObject({ code: 'message_not_found' });
    expect(await outcomeOf(a.usecases.awaitMessage('two', 'M1', 'sent', LONG_MS))).toMatchObject({ code: 'instance_not_found' });
  });

  it('answers at once what has come to an end', async () => {
    nodes.own('b');
    await nodes.store.messages.advance({ instanceId: 'one', messageId: 'M1', to: 'failed', at: NOW, failure: { code: 'logged_out', message: 'Gone.' } }, []);
    expect(await a.usecases.awaitMessage('one', 'M1', 'read', LONG_MS)).toMatchObject({ state: 'failed' });
  });
});
