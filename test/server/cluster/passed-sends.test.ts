import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '@gateway/domain/errors.js';
import type { SendAnswer, SendRequest } from '@gateway/usecases/gateway.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeTempDir } from '../../contracts/support/temp-dir';
import { createTestClock, type TestClock } from '../../support/test-clock';
import { until } from '../../support/until';
import { openNodes, outcomeOf, type Nodes, type TestNode, passing as letPass } from './support/nodes';

const TEXT: SendRequest = { type: 'text', to: '15550002222', text: 'Grüße' };
const BYTES = Buffer.from('GIF89a and many more bytes');
const SHA256 = createHash('sha256').update(BYTES).digest('hex');

let clock: TestClock;
let nodes: Nodes;
let a: TestNode;
let b: TestNode;
let dir: { path: string; remove(): Promise<void> };
beforeEach(async () => {
  clock = createTestClock();
  nodes = await openNodes({ clock });
  [a, b] = [await nodes.node('a'), await nodes.node('b')];
  nodes.own('b');
  dir = await makeTempDir();
});
afterEach(async () => {
  await nodes.close();
  await dir.remove();
});

/** A media message with its bytes in a file of the caller's. */
async function upload(): Promise<SendRequest> {
  const path = join(dir.path, 'upload');
  await writeFile(path, BYTES);
  return { type: 'image', to: '15550002222', caption: 'Bild', source: { kind: 'file', file: { path, size: BYTES.length, mimetype: 'image/x-own', fileName: 'bild.gif' } } };
}
const asBase64 = (): SendRequest => ({ type: 'image', to: '15550002222', mimetype: 'image/x-own', fileName: 'bild.gif', source: { kind: 'base64', base64: BYTES.toString('base64') } });

/** Lets time pass until the call has come to its end. */
const passing = <T>(call: Promise<T>): Promise<T> => letPass(clock, call);
const rows = async () => (await nodes.store.messages.list('one', { limit: 10 })).messages;

describe('a synchronous send on a node that does not own the instance', () => {
  it('is sent by the owner, and answered as by the owner', async () => {
    const answer = await a.usecases.sendMessage('one', TEXT);
    const [row] = await rows();
    expect(answer).toEqual({ kind: 'sent', messageId: row?.messageId, correlationId: row?.correlationId, to: '15550002222@s.whatsapp.net', timestamp: row?.sentAt });
    expect(answer.messageId).toMatch(/^3EB0[0-9A-F]{18}$/);
    expect(nodes.written).toMatchObject([{ by: 'b', messageId: answer.messageId }]);
    expect(nodes.network.calls).toMatchObject([{ to: 'b', verb: 'sendMessage', timeoutMs: 60_000 }]);
  });

  it.each([['a file', upload], ['base64', async () => asBase64()]])('brings media along that came as %s', async (_kind, make) => {
    const request = await make();
    const answer = await a.usecases.sendMessage('one', request);
    expect(nodes.written).toEqual([{ messageId: answer.messageId, by: 'b', sha256: SHA256, mimetype: 'image/x-own', fileName: 'bild.gif' }]);
    // The bytes do not travel with the call, and nothing is left of them.
    expect(JSON.stringify(nodes.network.calls)).not.toContain(BYTES.toString('base64').slice(0, 20));
    expect([await nodes.stashed(answer.messageId), await a.spooled(), await b.spooled()]).toEqual([0, [], []]);
  });

  it('lets the owner fetch what has an address', async () => {
    const failure = await outcomeOf(a.usecases.sendMessage('one', { type: 'image', to: '15550002222', source: { kind: 'url', url: 'http://127.0.0.1:9/bild' } }));
    expect(failure).toMatchObject({ code: 'media_fetch_failed', field: 'url' });
    expect(nodes.network.calls).toHaveLength(1);
    expect(await rows()).toEqual([]);
  });

  it('is refused as by the owner', async () => {
    b.disconnect();
    const here = await outcomeOf(b.usecases.sendMessage('one', TEXT)) as DomainError;
    const { code, message, hint, details } = here;
    expect(code).toBe('instance_not_connected');
    expect(await outcomeOf(a.usecases.sendMessage('one', TEXT))).toMatchObject({ code, message, hint, details });
    const failure = await outcomeOf(a.usecases.sendMessage('one', { type: 'image', to: '15550002222', source: { kind: 'base64', base64: '!' } }));
    expect(failure).toMatchObject({ code: 'validation_failed', field: 'base64' });
    expect(await outcomeOf(a.usecases.sendMessage('one', await upload()))).toMatchObject({ code });
    const { messageId } = nodes.network.calls.at(-1)?.args[2] as { messageId: string };
    expect([await b.spooled(), await a.spooled(), await nodes.stashed(messageId)]).toEqual([[], [], 0]);
  });

  it('leaves no media behind when there is no owner', async () => {
    nodes.network.cutOff('b');
    expect(await outcomeOf(a.usecases.sendMessage('one', await upload()))).toMatchObject({ code: 'owner_unreachable', details: { reached: false } });
    const { messageId } = nodes.network.calls[0]?.args[2] as { messageId: string };
    expect(await nodes.stashed(messageId)).toBe(0);
    nodes.own(null);
    expect(await passing(outcomeOf(a.usecases.sendMessage('one', TEXT)))).toMatchObject({ code: 'instance_unowned' });
  });

  it('goes to the next owner, media and all, when the first stops to be it before it has sent', async () => {
    const c = await nodes.node('c');
    b.whilePreparing(async () => {
      nodes.own('c');
      b.disconnect();
    });
    const answer = await a.usecases.sendMessage('one', await upload());
    expect(nodes.written.filter(({ by }) => by === 'c')).toEqual([{ messageId: answer.messageId, by: 'c', sha256: SHA256, mimetype: 'image/x-own', fileName: 'bild.gif' }]);
    expect((await rows()).map(({ messageId, state }) => [messageId, state])).toEqual([[answer.messageId, 'sent']]);
    expect([await nodes.stashed(answer.messageId), await b.spooled(), await c.spooled()]).toEqual([0, [], []]);
  });

  it('is answered with what the next owner heard from WhatsApp', async () => {
    b.neverAcknowledges();
    const sending = a.usecases.sendMessage('one', TEXT);
    await until('it is on its way', async () => (await rows()).length === 1);
    const c = await nodes.node('c');
    nodes.own('c');
    const [row] = await rows();
    await c.acknowledge(row?.messageId ?? '');
    expect(await passing(sending)).toMatchObject({ kind: 'sent', messageId: row?.messageId });
  });
});

describe('a send of which nobody knows whether it was stored', () => {
  it.each([
    ['that node', () => b, {}, /GET .instances.one.messages/], ['another node', () => a, {}, /GET .instances.one.messages/], ['another node', () => a, { idempotencyKey: 'k' }, /same Idempotency-Key/],
  ])('names its message, asked on %s: it may go out', async (_who, asked, options, hint) => {
    nodes.failStoring(new DomainError('store_unavailable', 'Lost.', { details: { stored: null } }));
    const failure = await outcomeOf(asked().usecases.sendMessage('one', TEXT, options)) as DomainError;
    const [row] = await rows();
    expect(failure).toMatchObject({ code: 'store_unavailable', details: { stored: null, messageId: row?.messageId } });
    expect(failure.hint).toMatch(hint);
    expect(nodes.written).toHaveLength(1);
  });

  it('is told from one that was not stored', async () => {
    nodes.failStoring(new DomainError('store_unavailable', 'Not now.'));
    expect(await outcomeOf(b.usecases.sendMessage('one', TEXT))).toMatchObject({ code: 'store_unavailable', details: {} });
  });
});

describe('a send whose instance is given to another node', () => {
  it.each([['that node', () => b], ['another node', () => a]])('is answered by %s with what the next owner hears from WhatsApp, as soon as it does', async (_who, asked) => {
    b.neverAcknowledges();
    const sending = asked().usecases.sendMessage('one', TEXT);
    await until('it is on its way', async () => (await rows()).length === 1);
    b.leave();
    const c = await nodes.node('c');
    nodes.own('c');
    const [row] = await rows();
    const started = clock.elapsed();
    await clock.advance(1_000);
    await c.acknowledge(row?.messageId ?? '');
    expect(await passing(sending)).toMatchObject({ kind: 'sent', messageId: row?.messageId });
    expect(clock.elapsed() - started).toBeLessThan(5_000);
  });

  it('is answered with what is known of it after 30 s', async () => {
    b.neverAcknowledges();
    const sending = outcomeOf(b.usecases.sendMessage('one', TEXT));
    await until('it is on its way', async () => (await rows()).length === 1);
    const [row] = await rows();
    b.leave();
    nodes.own(null);
    expect(await passing(sending)).toMatchObject({ code: 'whatsapp_ack_timeout', details: { messageId: row?.messageId, state: 'sending' } });
  });
});

describe('a send that WhatsApp does not acknowledge', () => {
  it('names its message, also while the store cannot be reached: it must not be sent again blindly', async () => {
    b.neverAcknowledges();
    const sending = outcomeOf(b.usecases.sendMessage('one', TEXT));
    await until('it is on its way', async () => (await rows()).length === 1);
    const [row] = await rows();
    nodes.failStore(new DomainError('store_unavailable', 'The database cannot be reached at the moment.'));
    expect(await passing(sending)).toMatchObject({ code: 'whatsapp_ack_timeout', details: { messageId: row?.messageId, state: 'sending' } });
  });
});

describe('a send whose owner stops', () => {
  it('is answered with what the next owner hears from WhatsApp', async () => {
    b.neverAcknowledges();
    const sending = a.usecases.sendMessage('one', TEXT);
    await until('it is on its way', async () => (await rows()).length === 1);
    b.giveUpWaiting();
    await clock.advance(2_000);
    const c = await nodes.node('c');
    nodes.own('c');
    const [row] = await rows();
    await c.acknowledge(row?.messageId ?? '');
    expect(await passing(sending)).toMatchObject({ kind: 'sent', messageId: row?.messageId });
  });
});

describe('an idempotency key', () => {
  it.each([['text', async () => TEXT], ['a file', upload], ['base64', async () => asBase64()]])('binds a request with %s on whichever node it comes', async (_kind, make) => {
    const request = await make();
    const first = await b.usecases.sendMessage('one', request, { idempotencyKey: 'k1' });
    expect(await a.usecases.sendMessage('one', request, { idempotencyKey: 'k1' })).toEqual(first);
    const other = await a.usecases.sendMessage('one', request, { idempotencyKey: 'k2' });
    expect(other.messageId).not.toBe(first.messageId);
    expect(await b.usecases.sendMessage('one', request, { idempotencyKey: 'k2' })).toEqual(other);
    for (const node of [a, b]) {
      expect(await outcomeOf(node.usecases.sendMessage('one', { ...TEXT, to: '15550003333' }, { idempotencyKey: 'k1' }))).toMatchObject({ code: 'idempotency_key_reused', details: { messageId: first.messageId } });
    }
    expect(await rows()).toHaveLength(2);
    expect([await b.spooled(), await a.spooled()]).toEqual([[], []]);
    const passedOn = nodes.network.calls.map(({ args }) => (args[2] as { messageId: string }).messageId);
    expect(await Promise.all(passedOn.map(id => nodes.stashed(id)))).toEqual(passedOn.map(() => 0));
  });

  it('lets one message out, however many nodes it is used on at a time', async () => {
    const c = await nodes.node('c');
    const answers = await Promise.all([a, b, c, a, b, c].map(node => node.usecases.sendMessage('one', TEXT, { idempotencyKey: 'k' })));
    expect(new Set(answers.map(({ messageId }) => messageId)).size).toBe(1);
    expect(await rows()).toHaveLength(1);
  });
});

describe('a send whose answer is lost', () => {
  it('is answered all the same when it was sent', async () => {
    const { ended } = nodes.network.loseNextAnswer();
    const answer = await passing(a.usecases.sendMessage('one', TEXT));
    await ended;
    const [row] = await rows();
    expect(answer).toEqual({ kind: 'sent', messageId: row?.messageId, correlationId: row?.correlationId, to: row?.party, timestamp: row?.sentAt });
    expect(await rows()).toHaveLength(1);
  });

  /** The answer to a send is lost while the owner still waits for WhatsApp; resolves when the message is on its way. */
  async function loseOne(options: { idempotencyKey?: string } = {}): Promise<{ sending: Promise<SendAnswer>; messageId: string }> {
    b.neverAcknowledges();
    const real = a.link.call;
    a.link.call = async (to, call, timeoutMs) => {
      a.link.call = real;
      void real(to, call, timeoutMs).catch(() => undefined);
      await until('it is on its way', async () => (await rows()).length === 1);
      throw new DomainError('owner_unreachable', 'No answer.', { details: { reached: true } });
    };
    const sending = a.usecases.sendMessage('one', TEXT, options);
    sending.catch(() => undefined);
    await until('it is on its way', async () => (await rows()).length === 1);
    return { sending, messageId: (await rows())[0]?.messageId ?? '' };
  }

  it.each([[{}], [{ idempotencyKey: 'k' }]])('waits for WhatsApp, and says what it said (%j)', async options => {
    const { sending, messageId } = await loseOne(options);
    await clock.advance(5_000);
    await b.acknowledge(messageId);
    expect(await passing(sending)).toMatchObject({ kind: 'sent', messageId });
  });

  it('says that it failed, and why', async () => {
    const { sending, messageId } = await loseOne();
    await nodes.store.messages.advance({ instanceId: 'one', messageId, to: 'failed', at: clock.now(), failure: { code: 'whatsapp_rejected', message: 'WhatsApp refused it.' } }, []);
    expect(await passing(outcomeOf(sending))).toMatchObject({ code: 'whatsapp_rejected', message: 'WhatsApp refused it.', details: { messageId } });
  });

  it('says that WhatsApp has not said anything, after as long as the owner would have', async () => {
    const started = clock.now();
    const { sending, messageId } = await loseOne();
    const failure = await passing(outcomeOf(sending)) as DomainError;
    expect(failure).toMatchObject({ code: 'whatsapp_ack_timeout', details: { messageId } });
    expect(failure.hint).toContain(messageId);
    expect(clock.now() - started).toBeGreaterThanOrEqual(35_000);
    expect(clock.now() - started).toBeLessThan(45_000);
  });

  it('is answered by its row also when the owner has changed', async () => {
    const { sending, messageId } = await loseOne();
    const c = await nodes.node('c');
    nodes.own('c');
    await clock.advance(5_000);
    await c.acknowledge(messageId);
    expect(await passing(sending)).toMatchObject({ kind: 'sent', messageId });
  });

  /** The call gets lost, the verb does not begin. */
  function swallowNext(): void {
    const real = a.link.call;
    a.link.call = async () => {
      a.link.call = real;
      throw new DomainError('owner_unreachable', 'No answer.', { details: { reached: true } });
    };
  }

  it('was not sent when there is no trace of it and the owner has changed; only then that is said', async () => {
    swallowNext();
    const real = a.link.call;
    let asked: unknown[] = [];
    a.link.call = (to, call, timeoutMs) => {
      asked = call.args;
      return real(to, call, timeoutMs);
    };
    const sending = outcomeOf(a.usecases.sendMessage('one', await upload()));
    await until('it was asked for', () => asked.length > 0);
    const { messageId } = asked[2] as { messageId: string };
    await clock.advance(5_000);
    expect(await nodes.stashed(messageId)).toBe(BYTES.length);
    // Nobody owns it; the owner that was asked could have it back.
    nodes.own(null);
    await clock.advance(5_000);
    await nodes.node('c');
    nodes.own('c');
    const failure = await passing(sending) as DomainError;
    expect(failure).toMatchObject({ code: 'owner_unreachable', details: { messageId, sent: false } });
    expect(failure.message).toContain('nothing was sent');
    expect(await nodes.stashed(messageId)).toBe(0);
    expect(nodes.network.calls).toEqual([]);
  });

  it.each([[{}, 'GET /instances/one/messages/'], [{ idempotencyKey: 'k' }, 'Idempotency-Key']])('may have been sent as long as the owner is the same, and how to find out is said (%j)', async (options, hint) => {
    swallowNext();
    const started = clock.now();
    const failure = await passing(outcomeOf(a.usecases.sendMessage('one', TEXT, options))) as DomainError;
    expect(failure).toMatchObject({ code: 'owner_unreachable', details: { sent: null, messageId: expect.stringMatching(/^3EB0/) as string } });
    expect(failure.message).toContain('not known');
    expect(failure.hint).toContain(hint);
    expect(clock.now() - started).toBeGreaterThanOrEqual(35_000);
    expect(nodes.network.calls).toEqual([]);
  });

  it('is not taken for one that was not sent because the store is away', async () => {
    const { sending, messageId } = await loseOne();
    nodes.failStore(new DomainError('store_unavailable', 'Away.'));
    nodes.own('c');
    await clock.advance(10_000);
    nodes.failStore(null);
    await b.acknowledge(messageId);
    expect(await passing(sending)).toMatchObject({ kind: 'sent', messageId });
  });

  it('was a repeat, and is answered with what its key is bound to', async () => {
    const first = await b.usecases.sendMessage('one', TEXT, { idempotencyKey: 'k' });
    swallowNext();
    expect(await passing(a.usecases.sendMessage('one', TEXT, { idempotencyKey: 'k' }))).toEqual(first);
    swallowNext();
    expect(await passing(outcomeOf(a.usecases.sendMessage('one', { ...TEXT, to: '15550003333' }, { idempotencyKey: 'k' })))).toMatchObject({ code: 'idempotency_key_reused' });
  });
});
