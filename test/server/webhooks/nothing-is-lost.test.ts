import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { createSystemClock } from '@gateway/adapters/system/clock.js';
import type { DeliveryStore } from '@gateway/ports/message-store.js';
import { createTestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';
import { createWebhookRig, INSTANCE, textsOf, type WebhookRig } from '../../support/webhook-rig.js';
import { startWebhookReceiver } from '../../support/webhook-receiver.js';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => { for (const close of closers.splice(0).reverse()) await close(); });

async function rigOf(options: Parameters<typeof createWebhookRig>[0]): Promise<WebhookRig> {
  const rig = await createWebhookRig(options);
  closers.push(() => rig.close());
  return rig;
}

const pending = async (rig: WebhookRig, webhookId: string) => (await rig.rows(webhookId, { limit: 10_000, state: 'pending' })).length;
const sequence = (length: number) => Array.from({ length }, (_, index) => `M${index}`);

describe('stopping and starting', () => {
  it('lets what is under way end, begins nothing new, and goes on after a start', async () => {
    const rig = await rigOf({ clock: createTestClock() });
    const { receiver, webhook } = await rig.receiver();
    let release = () => {};
    const held = new Promise<void>(resolve => { release = resolve; });
    receiver.answerWith(() => ({ status: 200, after: held }));
    rig.dispatcher.start();
    await rig.arrive('chat-1', 'chat-1', 'chat-1');
    await until('the first is under way', () => receiver.requests.length === 1);
    const stopped = Promise.all([rig.dispatcher.stop(), rig.dispatcher.stop()]);
    await rig.arrive('chat-2');
    release();
    await stopped;
    expect(textsOf(receiver)).toEqual(['M0']);
    expect(await pending(rig, webhook.id)).toBe(3);
    rig.dispatcher.start();
    rig.dispatcher.start();
    await until('everything is delivered', async () => await pending(rig, webhook.id) === 0);
    expect(textsOf(receiver, 'chat-1')).toEqual(['M0', 'M1', 'M2']);
    expect(textsOf(receiver, 'chat-2')).toEqual(['M3']);
  });

  it('gives up after 5 s what does not end, and delivers it after the next start', async () => {
    const clock = createTestClock();
    const rig = await rigOf({ clock });
    const { receiver, webhook } = await rig.receiver();
    receiver.answerWith(() => ({ status: 200, after: receiver.requests.length === 1 ? new Promise(() => {}) : Promise.resolve() }));
    rig.dispatcher.start();
    await rig.arrive('chat-1', 'chat-1');
    await until('the first is under way', () => receiver.requests.length === 1);
    let stopped = false;
    const stopping = rig.dispatcher.stop().then(() => { stopped = true; });
    await clock.advance(4_999);
    expect(stopped).toBe(false);
    await clock.advance(1);
    await stopping;
    expect(clock.timers()).toBe(0);
    expect(await rig.rows(webhook.id, { limit: 5 })).toMatchObject([{ attempts: 0, state: 'pending' }, { attempts: 0, state: 'pending' }]);
    rig.dispatcher.start();
    await until('everything is delivered', async () => await pending(rig, webhook.id) === 0);
    expect(textsOf(receiver)).toEqual(['M0', 'M0', 'M1']);
  });

  it('starts again when it is told so while it is still stopping', async () => {
    const rig = await rigOf({ clock: createTestClock() });
    const { receiver } = await rig.receiver();
    rig.dispatcher.start();
    const stopping = rig.dispatcher.stop();
    rig.dispatcher.start();
    await stopping;
    await rig.arrive('chat-1');
    await until('it is delivered', () => receiver.requests.length === 1);
  });
});

describe('trouble', () => {
  it('a store that fails now and then costs time, and nothing else', async () => {
    const clock = createTestClock();
    let calls = 0;
    const flaky = <A extends unknown[], R>(work: (...args: A) => Promise<R>) => async (...args: A): Promise<R> => {
      if (++calls % 3 === 0) throw new Error('the disk is on fire');
      return work(...args);
    };
    const wrap = (store: DeliveryStore): DeliveryStore => ({
      ...store, due: flaky(store.due), settle: flaky(store.settle), nextDueAt: flaky(store.nextDueAt),
    });
    const rig = await rigOf({ clock, wrap });
    const { receiver, webhook } = await rig.receiver();
    rig.dispatcher.start();
    await rig.arrive(...Array.from({ length: 30 }, (_, index) => `chat-${index % 3}`));
    await until('everything is delivered', async () => {
      await clock.advance(500);
      return await pending(rig, webhook.id) === 0;
    });
    // Outcomes are noted until it works, so that nothing was posted twice.
    expect(receiver.requests).toHaveLength(30);
    expect(textsOf(receiver, 'chat-1')).toEqual(sequence(30).filter((_, index) => index % 3 === 1));
    expect(rig.log.join('')).toContain('the disk is on fire');
  });

  it('survives kill -9 at any moment: everything arrives, in order, repeats under the same id', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'webhooks-'));
    closers.push(() => rm(dataDir, { recursive: true, force: true }));
    const clock = createSystemClock();
    const before = await createWebhookRig({ clock, dataDir });
    const { webhook } = await before.receiver();
    const receiver = await startWebhookReceiver(webhook.secret);
    closers.push(() => receiver.close());
    await before.usecases.updateWebhook(INSTANCE, webhook.id, { url: receiver.url });
    const lanes = Array.from({ length: 400 }, (_, index) => `chat-${index % 10}`);
    await before.arrive(...lanes);
    await before.close();

    for (const atLeast of [40, 150, 270]) {
      // Not answered beyond that, so that the kill comes in the middle.
      const most = atLeast + 20;
      receiver.answerWith(() => ({ status: 200, after: receiver.requests.length > most ? new Promise(() => {}) : Promise.resolve() }));
      const child = startDispatcher(dataDir);
      await until('the child has delivered some', () => {
        expect(child.exitCode, 'the child ended by itself').toBeNull();
        return receiver.requests.length >= atLeast;
      });
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    const received = () => new Set(receiver.requests.map(({ id }) => id)).size;
    expect(received()).toBeLessThan(400);
    receiver.answerWith(() => ({ status: 200 }));
    const last = startDispatcher(dataDir);
    await until('everything has arrived', () => received() === 400);
    last.kill('SIGKILL');
    await once(last, 'exit');

    // A chat is at one delivery at a time, so a kill repeats one per chat at the most.
    expect(receiver.requests.length).toBeLessThanOrEqual(400 + 3 * 10);
    for (let chat = 0; chat < 10; chat++) {
      const texts = textsOf(receiver, `chat-${chat}`);
      expect([...new Set(texts)]).toEqual(sequence(400).filter((_, index) => index % 10 === chat));
      expect(texts).toEqual([...texts].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1))));
    }
    expect(receiver.requests.every(({ verified }) => verified)).toBe(true);
    expect(new Set(receiver.requests.map(({ id, body }) => `${id} ${body}`)).size).toBe(400);
  }, 60_000);
});

/** Ends with the test, whatever becomes of it. */
function startDispatcher(dataDir: string): ChildProcess {
  const script = fileURLToPath(new URL('../../support/webhook-dispatcher-process.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, dataDir], { stdio: ['pipe', 'inherit', 'inherit'] });
  closers.push(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return child;
}
