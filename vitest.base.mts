import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSequencerConstructor } from 'vitest/node';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/**
 * Runs these files first, in this order, and then the others: the longest one must not begin when everything else is done. In a fresh checkout vitest
 * goes by the size of a file, and those that wait the longest are among the shortest. Files that share their processes come last, so that they can.
 * @param paths how the paths of the files end
 */
export function longestFirst(paths: readonly string[]): TestSequencerConstructor {
  type Files = Parameters<BaseSequencer['sort']>[0];
  const placeOf = ({ moduleId, project }: Files[number]): number => {
    const place = paths.findIndex(path => moduleId.endsWith(path));
    if (place >= 0) return place;
    return project.config.isolate ? paths.length : paths.length + 1;
  };
  return class extends BaseSequencer {
    override async sort(files: Files): Promise<Files> {
      return (await super.sort(files)).toSorted((a, b) => placeOf(a) - placeOf(b));
    }
  };
}

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
