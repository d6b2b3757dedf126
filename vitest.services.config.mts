import { defineConfig, mergeConfig } from 'vitest/config';
import base, { longestFirst } from './vitest.base.mts';

/** `npm run test:services`: what needs Redis and PostgreSQL. Each test file starts servers of its own, on ports of their own. */
export default mergeConfig(base, defineConfig({
  test: {
    include: ['test/services/**/*.test.ts'],
    // They wait most of the time, for leases to run out and servers to come back: two files use about one core.
    maxWorkers: 3,
    sequence: {
      sequencer: longestFirst([
        'services/cluster/crash.test.ts', 'services/cluster/outages.test.ts', 'services/cluster/lost-owner.test.ts', 'services/image.test.ts', 'services/cluster/failover.test.ts',
        'services/cluster/any-node-pairing.test.ts', 'services/cluster/any-node-status.test.ts', 'services/cluster/any-node-verbs.test.ts', 'services/migrate-command.test.ts',
        'services/crash.test.ts', 'services/cluster-command.test.ts', 'services/packed.test.ts',
      ]),
    },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
}));
