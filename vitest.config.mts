import { defineConfig, mergeConfig } from 'vitest/config';
import base from './vitest.base.mts';

/** `npm test`: everything that needs only Node and npm. */
export default mergeConfig(base, defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/n8n/**', 'test/services/**'],
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
}));
