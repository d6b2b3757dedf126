import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHttpFixture, type HttpFixture } from '../../support/http/http-fixture.js';

let http: HttpFixture;
beforeAll(async () => {
  // No event loop is as punctual as this: the gateway counts as overloaded as soon as it has measured once.
  http = await createHttpFixture({ maxEventLoopDelayMs: 0.000_001 });
});
afterAll(() => http.close());

test('an event loop that lags for seconds has work refused with 503; the gateway still says that it is alive', async () => {
  const deadline = Date.now() + 15_000;
  let answer = await http.call('GET', '/instances');
  while (answer.status === 200 && Date.now() < deadline) {
    for (let until = performance.now() + 20; performance.now() < until;); // keeps the loop from being on time
    await http.clock.advance(1_000);
    answer = await http.call('GET', '/instances');
  }
  expect(answer.json).toMatchObject({ status: 503, code: 'overloaded' });
  expect(answer.headers['retry-after']).toBe('5');
  expect((await http.call('GET', '/health')).status).toBe(200);
  expect((await http.call('GET', '/metrics')).status).toBe(200);
  expect((await http.call('GET', '/ready', { key: null })).json).toMatchObject({ status: 503, code: 'overloaded' });
});
