import { defineConfig, mergeConfig } from 'vitest/config';
import base from './vitest.base.mts';

/** `npm run test:services`: what needs Redis and PostgreSQL. Each test file starts servers of its own, on ports of their own. */
export default mergeConfig(base, defineConfig({
  test: {
    include: ['test/services/**/*.test.ts'],
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
}));
