import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCrashScenario } from '../support/crash/scenario.js';
import { startRedis, type TestRedis } from '../support/redis-server.js';

/** With Redis emptied once and restarted once; `npm run test:crash` asks for more. */
const kills = Number(process.env['CRASH_KILLS'] ?? 10);

let redis: TestRedis;
beforeAll(async () => { redis = await startRedis(); });
afterAll(() => redis?.remove());

it(`with its queue on Redis, loses nothing and shows nothing twice when it is killed ${kills} times, Redis emptied and restarted in between`, { timeout: 120_000 + kills * 15_000 }, async () => {
  const counts = await runCrashScenario({
    kills, sends: 500, incoming: 200, contacts: 10, env: { REDIS_URL: redis.url },
    between: async kill => {
      if (kill % 10 === 4) await redis.flush();
      if (kill % 10 === 8) await redis.restart();
    },
  });
  console.log(counts);
  expect(counts).toEqual({
    kills, accepted: 500, notDelivered: 0, notShown: 0, shownTwice: 0, shownInWrongOrder: 0,
    written: 200, notReported: 0, withTwoEventIds: 0, contactsThatCannotRead: 0, pairings: 1, decryptFailures: expect.any(Number) as number,
  });
});
