import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openEmbeddedStore } from '@gateway/adapters/sqlite/open-embedded-store.js';
import { makeTempDir } from '../../contracts/support/temp-dir';
import { until } from '../../support/until';
import { adapter, spawnModule } from './support/child';

/** Commits in several loops at once and prints each number after its promise resolved. */
const WRITER = `
  import { writeSync } from 'node:fs';
  const { openEmbeddedStore } = await import(${JSON.stringify(adapter('sqlite/open-embedded-store.js'))});
  const [dataDir, round] = process.argv.slice(1);
  const store = await openEmbeddedStore({ dataDir, onFatal: error => { throw error; } });
  const loop = async lane => {
    for (let index = 0; index < 100000; index++) {
      const id = [round, lane, index].join('-');
      await store.sessions.commit({ instanceId: 'one', epoch: 0 }, { keys: [{ type: 'session', id, value: Buffer.from(id) }, { type: 'pre-key', id, value: Buffer.alloc(900, 7) }] });
      writeSync(1, id + '\\n');
    }
  };
  await Promise.all([0, 1, 2, 3].map(loop));
`;

describe('a killed process', () => {
  it('has every commit it was promised, each whole, and the next one opens at once', async () => {
    const dir = await makeTempDir();
    const acknowledged: string[] = [];
    for (let round = 0; round < 4; round++) {
      const child = spawnModule(WRITER, [dir.path, String(round)]);
      try {
        const enough = 100 + round * 137;
        await until(`${enough} commits`, () => child.lines.length > enough);
      } finally {
        await child.kill();
      }
      acknowledged.push(...child.lines);
    }

    const store = await openEmbeddedStore({ dataDir: join(dir.path), onFatal: error => { throw error; } });
    try {
      const sessions = await store.sessions.readKeys('one', 'session', acknowledged);
      const preKeys = await store.sessions.readKeys('one', 'pre-key', acknowledged);
      expect(acknowledged.filter(id => Buffer.from(sessions.get(id) ?? []).toString() !== id)).toEqual([]);
      expect(acknowledged.filter(id => preKeys.get(id)?.byteLength !== 900)).toEqual([]);
    } finally {
      await store.close();
      await dir.remove();
    }
  });
});
