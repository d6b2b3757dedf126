import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startRedis, type TestRedis } from '../support/redis-server.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

const CONTACT = '15550009400';
/** A gateway by itself has one for commands and one that its workers are made after; each open queue has one more. */
const CONNECTIONS = 2;

interface Step { step: string; outcome: string; message?: string }

describe('an instance that is let go of while Redis does not answer', { timeout: 120_000 }, () => {
  let redis: TestRedis;
  let stack: Stack;
  beforeEach(async () => {
    redis = await startRedis();
    stack = await startStack({ env: { REDIS_URL: redis.url } });
  });
  afterEach(async () => {
    redis?.resume();
    await stack?.stop();
    await redis?.remove();
  });

  /** Besides the one that asks. */
  const connections = async () => ((await redis.command('CLIENT', 'LIST')).match(/ addr=/g)?.length ?? 0) - 1;
  const send = (instanceId: string, text: string, more: object = {}) => stack.api.post(`/instances/${instanceId}/messages/text?async=true`, { to: CONTACT, text, ...more }, 202);
  const arrived = () => stack.simulator.contacts.received(CONTACT).map(({ text }) => text);

  it.each([
    // The consumer needs no Redis to end.
    { how: 'refuses connections', away: () => redis.stop(), back: () => redis.start(), consumer: { outcome: 'released' } },
    { how: 'hangs', away: () => redis.freeze(), back: () => redis.resume(), consumer: { outcome: 'failed', message: expect.stringMatching(/closes by itself/) as string } },
  ])('is let go of all the same, and nothing of it is left when Redis is back: it $how', async ({ away, back, consumer }) => {
    for (const [index, instanceId] of ['cleaned', 'deleted', 'purged', 'other'].entries()) await stack.pair(instanceId, String(15550009401 + index));
    await until('each queue is open', async () => await connections() === CONNECTIONS + 4);
    await send('purged', 'never', { scheduledAt: new Date(Date.now() + 3_600_000).toISOString() });
    await until('it waits in Redis', async () => (await redis.command('KEYS', '*')).includes(':purged:q_'));

    await away();
    const { steps } = await stack.api.post('/instances/cleaned/force-cleanup', undefined, 200) as { steps: Step[] };
    const outcomes = Object.fromEntries(steps.map(({ step, outcome }) => [step, outcome]));
    expect(outcomes).toEqual({ socket: 'released', timers: 'nothing', qr: 'nothing', caches: 'released', queue_consumer: consumer.outcome, half_made_credentials: 'nothing', credentials: 'nothing' });
    expect(steps.find(({ step }) => step === 'queue_consumer')).toMatchObject(consumer);
    await stack.api.remove('/instances/deleted', 200);
    await stack.api.remove('/instances/purged?purge=true', 204);
    await until('only one socket is left', () => stack.simulator.stats().openSockets === 1);
    expect(await stack.api.get('/instances/cleaned/status')).toMatchObject({ status: 'DISCONNECTED', reason: 'cleaned_up' });

    await back();
    await until('the connections of what was let go of are closed', async () => await connections() === CONNECTIONS + 1);
    await until('nothing is left of what was purged', async () => !(await redis.command('KEYS', '*')).includes(':purged'), 40_000);

    await stack.api.post('/instances/deleted/restore', undefined, 200);
    for (const instanceId of ['cleaned', 'deleted']) {
      expect(await stack.api.post(`/instances/${instanceId}/connect`, undefined, 200)).toMatchObject({ status: 'CONNECTED' });
      await send(instanceId, `of ${instanceId}`);
    }
    await send('other', 'of other');
    await until('what comes now is sent', () => arrived().length === 3);
    expect(arrived().sort()).toEqual(['of cleaned', 'of deleted', 'of other']);
    await until('each has its own connection again, and one', async () => await connections() === CONNECTIONS + 3);
  });
});
