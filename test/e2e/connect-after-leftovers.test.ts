import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectAfter, LEFTOVERS } from '../../bench/support/leftovers.mjs';
import { createRest, type Rest } from '../../bench/support/rest.mjs';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

/** The same tries as `npm run bench -- connects` makes a hundred times; here each once. */
describe('connect after an earlier try that left something behind', { timeout: 90_000 }, () => {
  let stack: Stack;
  let rest: Rest;
  let control: Rest;

  beforeAll(async () => {
    stack = await startStack();
    rest = createRest(stack.gatewayUrl, { 'x-api-key': stack.apiKey });
    control = createRest(stack.simulatorUrl);
  }, 60_000);

  afterEach(async () => {
    stack.simulator.faults.clear();
    const { instances } = await stack.api.get('/instances') as { instances: { instanceId: string }[] };
    for (const { instanceId } of instances) await stack.api.remove(`/instances/${instanceId}?purge=true`, 204);
    await until('no socket is left', () => stack.simulator.stats().openSockets === 0);
  }, 60_000);

  afterAll(async () => {
    await Promise.all([rest?.close(), control?.close()]);
    await stack?.stop();
  });

  it.each(Object.entries(LEFTOVERS).map(([name, leftover], index) => ({ name, leftover, instanceId: `try-${index}`, number: String(15_559_300_000 + index) })))(
    'succeeds: $name', async ({ leftover, instanceId, number }) => {
      await connectAfter(leftover, { rest, control, instanceId, number });
      // Of what was left behind nothing is: its socket is closed, and it logs in no second time.
      await until('one socket is open', () => stack.simulator.stats().openSockets === 1);
      expect(stack.simulator.log({ event: 'login', phone: number })).toHaveLength(1);
      expect(await stack.api.get(`/instances/${instanceId}/status`)).toMatchObject({ status: 'CONNECTED', reason: 'connected' });
    });
});
