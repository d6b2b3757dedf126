import { DomainError } from '@gateway/domain/errors.js';
import type { NodeCall, NodeLink } from '@gateway/ports/node-link.js';
import type { Logger } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collectingLogger } from '../support/logger';
import { until } from '../support/until';

export interface OpenNodeNetwork {
  /** Another node, once it can call and be told. */
  node(nodeId: string): Promise<NodeLink>;
  close(): Promise<void>;
}

/** Nothing in a test takes that long. */
const LONG_MS = 20_000;

export function describeNodeLinkContract(name: string, open: (logger: Logger) => Promise<OpenNodeNetwork>): void {
  describe(`node link: ${name}`, () => {
    let network: OpenNodeNetwork;
    let log: Record<string, unknown>[];
    let a: NodeLink;
    let b: NodeLink;
    beforeEach(async () => {
      log = [];
      network = await open(collectingLogger(log));
      [a, b] = [await network.node('a'), await network.node('b')];
    });
    afterEach(() => network.close());

    const echo = (value: unknown) => a.call('b', { verb: 'echo', args: [value] }, LONG_MS);
    const failureOf = (call: Promise<unknown>): Promise<unknown> => call.then(value => ({ value }), (error: unknown) => error);

    it('calls a verb and brings back its answer', async () => {
      const taken: NodeCall[] = [];
      await b.serve(async call => {
        taken.push(call);
        return { verb: call.verb, count: call.args.length };
      });
      expect(await a.call('b', { verb: 'connect', args: ['one', { fresh: true }, null] }, LONG_MS)).toEqual({ verb: 'connect', count: 3 });
      expect(taken).toEqual([{ verb: 'connect', args: ['one', { fresh: true }, null] }]);
    });

    it('tells whoever takes the call which trace it belongs to, if any', async () => {
      await b.serve(async ({ traceparent }) => traceparent ?? 'none');
      expect(await a.call('b', { verb: 'look', args: [], traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' }, LONG_MS)).toContain('4bf92f3577b34da6a3ce929d0e0e4736');
      expect(await a.call('b', { verb: 'look', args: [] }, LONG_MS)).toBe('none');
    });

    it.each([
      ['text', 'Grüße 👋\n"\u2028'], ['numbers', [0, -1.5, 1e21]], ['nothing', null], ['yes and no', [true, false]], ['nested', { a: [{ b: { c: [] } }] }],
      ['names that mean something to others', { $bytes: 'AA==', $entries: [['x', 1]], __proto__x: 1, inner: { $bytes: null } }],
    ])('carries %s', async (_kind, value) => {
      await b.serve(async ({ args }) => args[0]);
      expect(await echo(value)).toEqual(value);
    });

    it('carries bytes, in arguments and answers, however deep', async () => {
      const all = Uint8Array.from({ length: 256 }, (_, index) => index);
      await b.serve(async ({ args }) => args[0]);
      for (const bytes of [all, Buffer.from(all).subarray(3, 9), new Uint8Array()]) {
        const back = await echo({ message: { proto: bytes } }) as { message: { proto: Uint8Array } };
        expect(back.message.proto).toBeInstanceOf(Uint8Array);
        expect([...back.message.proto]).toEqual([...bytes]);
      }
    });

    it('leaves out what is undefined, and answers undefined for a verb that answers nothing', async () => {
      await b.serve(async ({ args }) => args[0] ?? undefined);
      expect(await a.call('b', { verb: 'nothing', args: [] }, LONG_MS)).toBeUndefined();
      expect(Object.keys(await echo({ name: undefined, id: 1 }) as object)).toEqual(['id']);
    });

    it('brings a DomainError back whole', async () => {
      const thrown = new DomainError('qr_not_available', 'There is no QR code.', { hint: 'Wait.', field: 'qr', details: { status: 'CONNECTED', left: 2, known: true, reason: null } });
      await b.serve(async () => { throw thrown; });
      const error = await failureOf(echo(1)) as DomainError;
      expect(error).toBeInstanceOf(DomainError);
      const { code, message, hint, field, details } = thrown;
      expect(error).toMatchObject({ code, message, hint, field, details });
      await b.serve(async () => { throw new DomainError('webhook_not_found', 'None.'); });
      expect(await failureOf(echo(1))).toMatchObject({ code: 'webhook_not_found', hint: undefined, field: undefined, details: {} });
    });

    it('tells the caller nothing of any other failure, and logs it where it happened', async () => {
      await b.serve(async () => { throw new TypeError('of the inner life'); });
      const error = await failureOf(echo(1)) as DomainError;
      expect(error).toMatchObject({ code: 'internal_error' });
      expect(error.message).not.toContain('inner life');
      expect(log.filter(line => JSON.stringify(line).includes('of the inner life'))).toHaveLength(1);
    });

    it('says at once that a node is not there, or takes no calls', async () => {
      const started = Date.now();
      expect(await failureOf(a.call('nobody', { verb: 'echo', args: [] }, LONG_MS))).toMatchObject({ code: 'owner_unreachable', details: { reached: false } });
      expect(await failureOf(echo(1))).toMatchObject({ code: 'owner_unreachable', details: { reached: false } });
      expect(Date.now() - started).toBeLessThan(2_000);
    });

    it('waits for an answer as long as it was told to; what comes later does no harm', async () => {
      let begun = 0;
      let finish = () => {};
      await b.serve(async ({ args }) => {
        begun += 1;
        if (args[0] === 'slow') await new Promise<void>(resolve => { finish = resolve; });
        return args[0];
      });
      expect(await failureOf(a.call('b', { verb: 'echo', args: ['slow'] }, 100))).toMatchObject({ code: 'owner_unreachable', details: { reached: true } });
      finish();
      expect(await echo('next')).toBe('next');
      expect(begun).toBe(2);
    });

    it('takes each call once and mixes up no answers, both ways at a time', async () => {
      const counts = new Map<unknown, number>();
      const handle = async ({ args }: NodeCall) => {
        counts.set(args[0], (counts.get(args[0]) ?? 0) + 1);
        await new Promise(resolve => setTimeout(resolve, Math.random() * 20));
        return `answer ${args[0] as string}`;
      };
      await Promise.all([a.serve(handle), b.serve(handle)]);
      const ids = Array.from({ length: 300 }, (_, index) => `${index}`);
      const answers = await Promise.all(ids.map((id, index) => (index % 2 ? a : b).call(index % 2 ? 'b' : 'a', { verb: 'echo', args: [id] }, LONG_MS)));
      expect(answers).toEqual(ids.map(id => `answer ${id}`));
      expect([...counts.values()]).toEqual(ids.map(() => 1));
    });

    it('closes after what is under way for others, and takes no more', async () => {
      let finish = () => {};
      let begun = false;
      await b.serve(() => new Promise(resolve => {
        begun = true;
        finish = () => resolve('done');
      }));
      const answer = echo(1);
      await until('it is under way', () => begun);
      const closing = Promise.all([b.close(), b.close()]);
      await until('it takes no more', async () => await failureOf(echo(2)) instanceof DomainError);
      expect(await failureOf(echo(3))).toMatchObject({ code: 'owner_unreachable', details: { reached: false } });
      finish();
      expect(await answer).toBe('done');
      await closing;
      await b.close();
      expect(await failureOf(b.call('a', { verb: 'echo', args: [] }, LONG_MS))).toMatchObject({ code: 'owner_unreachable', details: { reached: false } });
      b.tell('topic', 1);
    });

    it('lets go of its own calls when it is closed', async () => {
      let begun = false;
      await b.serve(() => {
        begun = true;
        return new Promise(() => undefined);
      });
      const answer = failureOf(echo(1));
      await until('it is under way', () => begun);
      await a.close();
      expect(await answer).toMatchObject({ code: 'owner_unreachable', details: { reached: true } });
    });

    it('tells every other node, and not itself', async () => {
      const c = await network.node('c');
      const heard: [string, unknown][] = [];
      for (const [at, link] of Object.entries({ a, b, c })) {
        link.onTold('changed', value => heard.push([at, value]));
        link.onTold('last', value => heard.push([at, value]));
      }
      a.tell('changed', { instanceId: 'one' });
      a.tell('of no interest', 1);
      a.tell('last', undefined);
      await until('all have heard', () => heard.length >= 4);
      const at = (node: string) => heard.filter(([who]) => who === node).map(([, value]) => value);
      expect([at('a'), at('b'), at('c')]).toEqual([[], [{ instanceId: 'one' }, undefined], [{ instanceId: 'one' }, undefined]]);
    });
  });
}
