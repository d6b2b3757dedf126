import type { Store } from '@gateway/adapters/sql/store.js';
import { openEmbeddedStore } from '@gateway/adapters/sqlite/open-embedded-store.js';
import { makeTempDir } from './temp-dir';

/** An embedded store in a directory of its own. A fatal failure of the store surfaces as an unhandled error of the test run. */
export async function openTestStore(): Promise<Store & { dataDir: string }> {
  const dir = await makeTempDir();
  const store = await openEmbeddedStore({ dataDir: dir.path, onFatal: error => { throw error; } });
  return {
    ...store,
    dataDir: dir.path,
    async close() {
      await store.close();
      await dir.remove();
    },
  };
}
