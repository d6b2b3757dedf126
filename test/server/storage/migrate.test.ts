import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openConnection, type Connection } from '@gateway/adapters/sqlite/connection.js';
import { migrate } from '@gateway/adapters/sqlite/migrate.js';
import type { Migration } from '@gateway/adapters/sql/migration-ledger.js';
import { migrations as postgresql } from '@gateway/generated/postgresql/migrations.js';
import { migrations } from '@gateway/generated/sqlite/migrations.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NOW } from '../../contracts/support/samples';
import { makeTempDir } from '../../contracts/support/temp-dir';

const migration = (name: string, sql: string): Migration => ({ name, sql, checksum: createHash('sha256').update(sql).digest('hex') });
const first = migration('1_first', 'CREATE TABLE parent (id INTEGER PRIMARY KEY, old TEXT);\nCREATE TABLE child (id INTEGER PRIMARY KEY, parentId INTEGER REFERENCES parent (id) ON DELETE CASCADE);\nINSERT INTO parent VALUES (1, NULL);\nINSERT INTO child VALUES (1, 1);');
/** What Prisma writes when a column changes. */
const redefine = migration('2_redefine', `PRAGMA defer_foreign_keys=ON;
PRAGMA foreign_keys=OFF;
CREATE TABLE new_parent (id INTEGER PRIMARY KEY, fresh TEXT);
INSERT INTO new_parent (id) SELECT id FROM parent;
DROP TABLE parent;
ALTER TABLE new_parent RENAME TO parent;
PRAGMA foreign_keys=ON;
PRAGMA defer_foreign_keys=OFF;`);

describe('migrations', () => {
  let dir: Awaited<ReturnType<typeof makeTempDir>>;
  let connection: Connection;
  beforeEach(async () => {
    dir = await makeTempDir();
    connection = openConnection(join(dir.path, 'test.db'), 1000);
  });
  afterEach(async () => {
    connection.close();
    await dir.remove();
  });
  const all = (sql: string): unknown[] => connection.prepare(sql).all([]);
  const names = (list: readonly Migration[]): string[] => list.map(({ name }) => name);

  it('makes a fresh database, and then finds nothing to do', () => {
    expect(migrate(connection, migrations, NOW)).toEqual(names(migrations));
    expect(migrate(connection, migrations, NOW + 1)).toEqual([]);
    expect(all('SELECT migration_name, checksum, finished_at, started_at, applied_steps_count, logs, rolled_back_at FROM _prisma_migrations')).toEqual(
      migrations.map(({ name, checksum }) => ({ migration_name: name, checksum, finished_at: NOW, started_at: NOW, applied_steps_count: 1, logs: null, rolled_back_at: null })));
    expect(all("SELECT name FROM sqlite_master WHERE type = 'table' AND name IN ('Instance', 'Message', 'Delivery', 'SignalKey')")).toHaveLength(4);
  });

  it('keeps rows that refer to a table that is made anew', () => {
    migrate(connection, [first], NOW);
    expect(migrate(connection, [first, redefine], NOW)).toEqual(['2_redefine']);
    expect(all('SELECT * FROM child')).toEqual([{ id: 1, parentId: 1 }]);
    expect(all('SELECT * FROM parent')).toEqual([{ id: 1, fresh: null }]);
    expect(all('PRAGMA foreign_keys')).toEqual([{ foreign_keys: 1 }]);
    expect(() => connection.exec('INSERT INTO child VALUES (2, 99)')).toThrow('FOREIGN KEY');
  });

  it('of the gateway stack: a database of its first version keeps its rows', () => {
    expect(migrations.length).toBeGreaterThan(1);
    migrate(connection, migrations.slice(0, 1), NOW);
    connection.exec(`INSERT INTO Message (instanceId, chatId, direction, messageId, party, type, attempts, timestamp, createdAt) VALUES ('one', 'a@lid', 'in', 'm1', 'a@lid', 'text', 0, ${NOW}, ${NOW})`);
    expect(migrate(connection, migrations, NOW)).toEqual(names(migrations.slice(1)));
    expect(all('SELECT messageId, seq FROM Message')).toEqual([{ messageId: 'm1', seq: 1 }]);
  });

  it('undoes a migration that fails or breaks references, and leaves the ones before it', () => {
    const broken = migration('2_broken', 'CREATE TABLE half (id INTEGER);\nINSERT INTO nowhere VALUES (1);');
    const orphaning = migration('2_orphaning', 'DELETE FROM parent;');
    for (const bad of [broken, orphaning]) {
      expect(() => migrate(connection, [first, bad], NOW)).toThrow();
      expect(all('SELECT migration_name FROM _prisma_migrations')).toEqual([{ migration_name: '1_first' }]);
      expect(all("SELECT name FROM sqlite_master WHERE name = 'half'")).toEqual([]);
      expect(all('SELECT id FROM parent')).toEqual([{ id: 1 }]);
    }
  });

  it('refuses a changed migration, an unfinished one and a newer database', () => {
    const code = (list: Migration[]): unknown => {
      try {
        return migrate(connection, list, NOW);
      } catch (error) {
        return (error as { code: unknown }).code;
      }
    };
    migrate(connection, [first], NOW);
    expect(code([migration('1_first', `${first.sql}\n-- edited`)])).toBe('MIGRATION_CHANGED');
    expect(code([])).toBe('DATABASE_NEWER');
    expect(code([migration('0_other', 'SELECT 1;')])).toBe('DATABASE_NEWER');
    connection.exec('UPDATE _prisma_migrations SET finished_at = NULL');
    expect(code([first])).toBe('MIGRATION_UNFINISHED');
    connection.exec('UPDATE _prisma_migrations SET finished_at = 1');
    expect(code([first])).toEqual([]);
  });

  it('are what the models ask for, and are what the build carries, for each database', () => {
    const text = (file: string): string => readFileSync(file, 'utf8').replaceAll('\r\n', '\n');
    expect(execFileSync(process.execPath, ['scripts/prisma.mjs', 'diff'], { encoding: 'utf8' })).toBe('sqlite: the migrations match the models\npostgresql: the migrations match the models\n');
    for (const [provider, list] of Object.entries({ sqlite: migrations, postgresql })) {
      expect(list.length).toBeGreaterThan(0);
      expect(text(`prisma/${provider}/schema.prisma`).replaceAll(/\bBigInt( +@id @default\(autoincrement)/g, 'Int$1').endsWith(text('prisma/models.prisma'))).toBe(true);
      for (const { name, checksum } of list) {
        expect(createHash('sha256').update(text(`prisma/${provider}/migrations/${name}/migration.sql`)).digest('hex')).toBe(checksum);
      }
    }
  }, 60_000);
});
