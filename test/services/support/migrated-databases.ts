import { migratePostgres } from '@gateway/adapters/postgres/migrate.js';
import type { TestPostgres } from '../../support/postgres-server';

/** Answers a function that makes a database with all tables, empty, and answers its URL: a copy of one that was migrated once. */
export async function migratedDatabases(postgres: TestPostgres): Promise<() => Promise<string>> {
  await migratePostgres({ url: await postgres.database('migrated') });
  let made = 0;
  return async () => {
    made += 1;
    await postgres.query(`CREATE DATABASE copy_${made} TEMPLATE migrated`);
    return postgres.url.replace(/postgres$/, `copy_${made}`);
  };
}
