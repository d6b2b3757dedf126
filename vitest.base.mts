import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** What all tests share. They run against the built gateway and simulator. */
export default defineConfig({
  resolve: {
    alias: [
      { find: /^@gateway\/(.*)$/, replacement: at('./server/dist/src/') + '$1' },
      { find: /^@simulator\/(.*)$/, replacement: at('./server/dist/simulator/') + '$1' },
      { find: /^@sandbox\/(.*)$/, replacement: at('./server/dist/sandbox/') + '$1' },
    ],
  },
  test: {
    pool: 'forks',
    // libsignal prints session entries; the gateway silences it, tests do not show it.
    onConsoleLog: log => !/^(Closing (open |stale open )?session|Opening session|Removing old closed session|Migrating session|Session (already|error)|Failed to decrypt message with any|Decrypted message with closed)/.test(log),
    server: { deps: { external: [/server\/dist\//] } },
  },
});
