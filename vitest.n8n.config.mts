import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** `npm run test:n8n`: the packed node pack in a real n8n, looked at with a real browser. One n8n serves all files, one after the other. */
export default defineConfig({
  resolve: {
    alias: [
      { find: /^@gateway\/(.*)$/, replacement: at('./server/dist/src/') + '$1' },
      { find: /^@simulator\/(.*)$/, replacement: at('./server/dist/simulator/') + '$1' },
    ],
  },
  test: {
    include: ['test/n8n/**/*.test.ts'],
    globalSetup: ['test/n8n/global-setup.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 60_000,
    onConsoleLog: log => !/^(Closing (open |stale open )?session|Opening session|Removing old closed session|Migrating session|Session (already|error)|Failed to decrypt message with any|Decrypted message with closed)/.test(log),
    server: { deps: { external: [/server\/dist\//] } },
  },
});
