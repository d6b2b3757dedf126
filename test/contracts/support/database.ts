import { join } from 'node:path';
import type { Database } from '@gateway/adapters/sql/database.js';
import { openConnection } from '@gateway/adapters/sqlite/connection.js';
import { createDatabase, type DatabaseOptions } from '@gateway/adapters/sqlite/database.js';
import { migrate } from '@gateway/adapters/sqlite/migrate.js';
import { migrations } from '@gateway/generated/sqlite/migrations.js';
import { NOW } from './samples';
import { makeTempDir } from './temp-dir';

export interface TestDatabase { database: Database; path: string; close(): Promise<void> }

/** A migrated database file and its thread, without Prisma and without the lock of a data directory. */
export async function openTestDatabase(options: Partial<DatabaseOptions> = {}): Promise<TestDatabase> {
  const dir = await makeTempDir();
  const path = join(dir.path, 'test.db');
  const connection = openConnection(path, 1000);
  migrate(connection, migrations, NOW);
  connection.close();
  const database = createDatabase({ path, onFatal: error => { throw error; }, ...options });
  await database.start();
  return {
    database,
    path,
    async close() {
      await database.stop();
      await dir.remove();
    },
  };
}
