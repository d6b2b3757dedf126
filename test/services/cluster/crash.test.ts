import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { startCluster } from '../../support/cluster/cluster.js';
import { runCrashScenario, type Fleet } from '../../support/crash/scenario.js';

/** `npm run test:crash` asks for more. */
const kills = Number(process.env['CRASH_KILLS'] ?? 30);

it(`three nodes lose nothing and show nothing twice when random ones are killed ${kills} times`, { timeout: 180_000 + kills * 20_000 }, async () => {
  const counts = await runCrashScenario({ kills, sends: 500, incoming: 200, contacts: 10, fleet: startThree });
  console.log(counts);
  expect(counts).toEqual({
    kills, accepted: 500, notDelivered: 0, notShown: 0, shownTwice: 0, shownInWrongOrder: 0,
    written: 200, notReported: 0, withTwoEventIds: 0, contactsThatCannotRead: 0, pairings: 1, decryptFailures: expect.any(Number) as number,
  });
});

const startThree: NonNullable<Parameters<typeof runCrashScenario>[0]['fleet']> = async simulator => {
  // Shorter leases make more changes of the owner in the same time.
  const cluster = await startCluster({ simulator, env: { LEASE_SECONDS: '5' } });
  const fleet: Fleet = {
    rest: () => cluster.next().api,
    async killOne(between) {
      const node = cluster.nodes[randomInt(cluster.nodes.length)];
      if (!node) throw new Error('There is no node.');
      await node.end('SIGKILL');
      await between();
      await node.start();
    },
    async stop() {
      if (process.env['CRASH_LOG']) for (const node of cluster.nodes) writeFileSync(`${process.env['CRASH_LOG']}.${node.name.replace(' ', '')}.log`, node.output());
      await cluster.stop();
    },
  };
  return fleet;
};
