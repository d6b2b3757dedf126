import { defineConfig, mergeConfig } from 'vitest/config';
import base from './vitest.base.mts';

/** `npm run test:n8n`: the packed node pack in a real n8n, looked at with a real browser. One n8n serves all files, one after the other. */
export default mergeConfig(base, defineConfig({
  test: {
    include: ['test/n8n/**/*.test.ts'],
    globalSetup: ['test/n8n/global-setup.ts'],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 60_000,
  },
}));
