import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** `npm run test:services`: what needs a Redis. Each test file starts servers of its own, on ports of their own. */
export default defineConfig({
  resolve: {
    alias: [
      { find: /^@gateway\/(.*)$/, replacement: at('./server/dist/src/') + '$1' },
      { find: /^@simulator\/(.*)$/, replacement: at('./server/dist/simulator/') + '$1' },
    ],
  },
  test: {
    include: ['test/services/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    server: { deps: { external: [/server\/dist\//] } },
  },
});
