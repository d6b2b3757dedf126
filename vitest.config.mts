import { defineConfig, mergeConfig } from 'vitest/config';
import base, { longestFirst } from './vitest.base.mts';

const SERVER = 'test/server/**/*.test.ts';

/** `npm test`: everything that needs only Node and npm. */
export default mergeConfig(base, defineConfig({
  test: {
    // Many wait for a time that must run out, or for a process to start: two files leave a part of two cores idle.
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    sequence: {
      sequencer: longestFirst([
        'e2e/crash.test.ts', 'e2e/kill.test.ts', 'e2e/restart-under-load.test.ts', 'e2e/kill-while-receiving.test.ts', 'e2e/groups.test.ts', 'e2e/session-life.test.ts',
        'e2e/conversation.test.ts', 'e2e/sandbox.test.ts', 'e2e/command-line.test.ts', 'e2e/session-hygiene.test.ts', 'fuzz/generated-requests.test.ts', 'contracts/embedded.test.ts',
      ]),
    },
    projects: [
      { extends: true, test: { name: 'whole', include: ['test/**/*.test.ts'], exclude: ['test/n8n/**', 'test/services/**', SERVER] } },
      // Parts of the gateway by themselves keep nothing outside of what the test makes, and loading the gateway for each file takes longer than many of its tests.
      { extends: true, test: { name: 'parts', include: [SERVER], isolate: false } },
    ],
  },
}));
