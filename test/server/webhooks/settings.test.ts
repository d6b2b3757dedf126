import { readConfig } from '@gateway/config.js';
import { afterEach, describe, expect, it } from 'vitest';
import { startStack } from '../../support/stack.js';
import { createTestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';
import { startWebhookReceiver } from '../../support/webhook-receiver.js';
import { createWebhookRig, INSTANCE, SECRET } from '../../support/webhook-rig.js';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => { for (const close of closers.splice(0).reverse()) await close(); });

const ENV = { WEBHOOK_BREAKER_FAILURES: '2', WEBHOOK_BREAKER_OPEN_SECONDS: '5', WEBHOOK_TIMEOUT_SECONDS: '1' };

describe('the settings of webhooks', () => {
  it('have defaults and bounds', () => {
    expect(readConfig({}).webhooks).toEqual({ timeoutMs: 10_000, breaker: { failures: 20, openMs: 180_000 } });
    expect(readConfig(ENV).webhooks).toEqual({ timeoutMs: 1_000, breaker: { failures: 2, openMs: 5_000 } });
    for (const [name, value] of [['WEBHOOK_TIMEOUT_SECONDS', '0'], ['WEBHOOK_TIMEOUT_SECONDS', '61'], ['WEBHOOK_BREAKER_FAILURES', '0'], ['WEBHOOK_BREAKER_OPEN_SECONDS', '1.5'], ['WEBHOOK_BREAKER_OPEN_SECONDS', '86401']] as const) {
      expect(() => readConfig({ [name]: value })).toThrow(name);
    }
  });

  it('hold: the breaker opens and tries as told', async () => {
    const clock = createTestClock();
    const rig = await createWebhookRig({ clock, settings: readConfig(ENV).webhooks });
    closers.push(() => rig.close());
    rig.dispatcher.start();
    const { receiver, webhook } = await rig.receiver();
    const breaker = async () => (await rig.usecases.getWebhook(INSTANCE, webhook.id)).breaker;
    receiver.answerWith(() => ({ status: 500 }));
    await rig.arrive('chat-1');
    await until('one failed', async () => (await breaker()).failures === 1);
    expect(await breaker()).toMatchObject({ state: 'CLOSED' });
    await rig.arrive('chat-2');
    await until('two failed', async () => (await breaker()).failures === 2);
    expect(await breaker()).toMatchObject({ state: 'OPEN' });
    receiver.answerWith(() => ({ status: 200 }));
    await clock.advance(4_999);
    expect(receiver.requests).toHaveLength(2);
    await clock.advance(1);
    await until('everything is delivered', async () => (await rig.rows(webhook.id, { limit: 9, state: 'delivered' })).length === 2);
  });

  it('hold: a receiver has as long as it was given', async () => {
    const rig = await createWebhookRig({ clock: createTestClock(), settings: readConfig(ENV).webhooks });
    closers.push(() => rig.close());
    rig.dispatcher.start();
    const { receiver, webhook } = await rig.receiver();
    receiver.answerWith(() => ({ status: 200, after: new Promise(() => {}) }));
    await rig.arrive('chat-1');
    await until('it is given up', async () => (await rig.rows(webhook.id, { limit: 1 }))[0]?.attempts === 1);
    expect(await rig.rows(webhook.id, { limit: 1 })).toMatchObject([{ lastStatus: null, lastError: 'The receiver did not answer within 1 s.' }]);
  });

  it('reach a gateway by its environment, and its health shows the breaker', async () => {
    const stack = await startStack({ env: { ...ENV, WEBHOOK_BREAKER_FAILURES: '1' } });
    closers.push(() => stack.stop());
    const receiver = await startWebhookReceiver(SECRET);
    closers.push(() => receiver.close());
    receiver.answerWith(() => ({ status: 500 }));
    await stack.api.post('/instances', { instanceId: 'demo' }, 201);
    await stack.api.post('/instances/demo/webhooks', { url: receiver.url, events: ['instance.status'], secret: SECRET }, 201);
    await stack.api.post('/instances/demo/connect', undefined, 200);
    await until('the breaker is open', async () => {
      const { circuitBreaker } = await stack.api.get('/health') as { circuitBreaker: { state: string } };
      return circuitBreaker.state === 'OPEN';
    });
    expect(await stack.api.get('/instances/demo/webhooks')).toMatchObject({ webhooks: [{ breaker: { state: 'OPEN', failures: 1 } }] });
  });
});
