import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createMoveTarget } from '@gateway/adapters/postgres/move-target.js';
import { openEmbeddedStore } from '@gateway/adapters/sqlite/open-embedded-store.js';
import { openMoveSource } from '@gateway/adapters/sqlite/move-source.js';
import { bindDataDir } from '@gateway/adapters/system/bind-data-dir.js';
import { LEFT_BEHIND, MOVED_TABLES, type MoveSource, type MoveTarget } from '@gateway/ports/installation-move.js';
import { moveInstallation } from '@gateway/usecases/move-installation.js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../support/postgres-server.js';
import { startProcess } from '../support/processes.js';
import { until } from '../support/until.js';

interface Sqlite { prepare(sql: string): { all(...params: unknown[]): Record<string, unknown>[]; run(...params: unknown[]): void; safeIntegers(on: boolean): { all(...params: unknown[]): Record<string, unknown>[] } }; exec(sql: string): void; close(): void }
const Libsql = createRequire(new URL('../../server/package.json', import.meta.url))('libsql') as new (path: string) => Sqlite;

const BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const TEXT = 'ñandú 👍 \'quoted\' "double" \\backslash\\ \u0001 line\nend';

let postgres: TestPostgres;
let dataDir: string;
let to: string;
beforeAll(async () => { postgres = await startPostgres(); });
afterAll(() => postgres.remove());
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'chasqui-move-'));
  to = await postgres.database();
  await fill();
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

/** A data directory with rows of every kind in every table, and with numbers that were given out and are gone. */
async function fill(): Promise<void> {
  const store = await openEmbeddedStore({ dataDir, onFatal: error => { throw error; } });
  await store.close();
  await bindDataDir(dataDir, 'sandbox');
  withSqlite(db => {
    const put = (table: string, row: Record<string, unknown>) =>
      db.prepare(`INSERT INTO "${table}" (${Object.keys(row).map(name => `"${name}"`).join(', ')}) VALUES (${Object.keys(row).map(() => '?').join(', ')})`).run(...Object.values(row));
    for (const [index, instanceId] of ['one', 'two'].entries()) {
      put('Instance', { instanceId, name: TEXT, phoneNumber: index ? null : '15550001111', status: 'DISCONNECTED', reason: 'stopped', qrAt: null, connectedAt: 1_700_000_000_001, active: index, settings: '{"sendIntervalMs":0}', createdAt: 1, updatedAt: 2, deletedAt: index ? 3 : null });
      put('ApiKey', { id: `key-${index}`, name: '', hash: `${index}`.repeat(64), createdAt: 4, revokedAt: index ? 5 : null });
      put('Webhook', { id: `wh-${index}`, instanceId, url: 'http://127.0.0.1:1/', events: '["message.received"]', secret: 'whsec_x', headers: '{}', filter: index ? null : '{}', minIntervalMs: 7, enabled: index, createdAt: 6, updatedAt: 7 });
      put('SessionCredentials', { instanceId, value: BYTES });
      put('SignalKey', { instanceId, type: 'session', id: TEXT, value: Buffer.alloc(0) });
      put('CiphertextMemo', { instanceId, messageId: 'm', jid: 'j', type: 'msg', ciphertext: BYTES, createdAt: 8 });
      put('StashedMedia', { instanceId, messageId: 'm', part: 0, bytes: Buffer.alloc(1_000_000, index), createdAt: 9 });
      put('AuditEntry', { at: 12, actorId: 'gateway', actorName: 'gateway', action: 'instance.force_cleanup', instanceId, outcome: 'ok', detail: index ? null : '{}' });
      put('ConnectionRecord', { instanceId, at: 13, status: 'DISCONNECTED', reason: 'stopped' });
      put('Backup', { id: `b-${index}`, instanceId, createdAt: 14, cause: 'manual', value: BYTES, endedAt: index ? 15 : null });
      put('JournalEntry', { instanceId, hash: `h${index}`, messageId: 'm', sender: 's', stanza: index ? null : BYTES, plaintext: BYTES, doneAt: index ? 10 : null, createdAt: 11 });
    }
    for (let index = 0; index < 450; index++) {
      put('Message', { instanceId: 'one', chatId: 'c', direction: 'in', messageId: `m${index}`, party: '', type: 'text', state: null, proto: index % 2 ? BYTES : null, attempts: 0, timestamp: 9_007_199_254_740_991n, createdAt: index });
      put('Delivery', { id: `d${index}`, webhookId: 'wh-0', instanceId: 'one', eventId: `e${index}`, eventType: 'message.received', lane: 'l', body: `{"text":"${index}"}`, state: 'pending', attempts: 0, nextAttemptAt: index, createdAt: index });
    }
    put('Setting', { name: 'a-setting', value: TEXT });
    db.exec('DELETE FROM "Message" WHERE seq > 440; DELETE FROM "Message" WHERE seq = 3; DELETE FROM "Delivery"');
  });
}

function withSqlite<T>(work: (db: Sqlite) => T): T {
  const db = new Libsql(join(dataDir, 'chasqui.db'));
  try {
    return work(db);
  } finally {
    db.close();
  }
}

/** A value of either database in one form; bytes as their digest. */
function plain(value: unknown): string | null {
  if (value === null) return null;
  if (value instanceof Uint8Array || value instanceof ArrayBuffer) return createHash('sha256').update(new Uint8Array(value)).digest('hex');
  return String(typeof value === 'boolean' ? Number(value) : value);
}
const sorted = (rows: Record<string, unknown>[]) => rows.map(row => JSON.stringify(Object.entries(row).map(([name, value]) => [name, plain(value)]).toSorted())).toSorted();
const inSource = (table: string) => sorted(withSqlite(db => db.prepare(`SELECT * FROM "${table}"`).safeIntegers(true).all()));
const inTarget = async (table: string, url = to) => sorted(await postgres.query(`SELECT * FROM "${table}"`, [], url));

async function chasqui(...args: string[]): Promise<{ code: number | null; output: string }> {
  const { ended, output } = startProcess('src/cli.js', {}, args);
  return { code: await ended, output: output() };
}
const migrate = () => chasqui('migrate', '--from', dataDir, '--to', to);
const isEmpty = async () => (await postgres.query('SELECT to_regclass(\'"Instance"\') AS there', [], to))[0]?.['there'] === null || (await inTarget('Instance')).length === 0;
const startEmbedded = () => bindDataDir(dataDir, 'sandbox');

describe('chasqui migrate', () => {
  it('knows every model', () => {
    const models = [...readFileSync(fileURLToPath(new URL('../../prisma/models.prisma', import.meta.url)), 'utf8').matchAll(/^model (\w+) /gm)].map(([, name]) => name);
    expect([...MOVED_TABLES, ...LEFT_BEHIND].toSorted()).toEqual(models.toSorted());
  });

  it('moves every row as it is, running numbers and network included', async () => {
    const { code, output } = await migrate();
    expect(output).toMatch(/^ {2}Message +439 rows$/m);
    expect(code).toBe(0);
    for (const table of MOVED_TABLES.filter(name => name !== 'Setting')) {
      expect(inSource(table).length, table).toBe({ Message: 439, Delivery: 0, DataKey: 1 }[table as string] ?? 2);
      expect(await inTarget(table), table).toEqual(inSource(table));
    }
    const settings = Object.fromEntries((await postgres.query('SELECT name, value FROM "Setting"', [], to)).map(({ name, value }) => [name, value]));
    expect(settings).toEqual({ 'a-setting': TEXT, encryption: 'sealed', network: 'sandbox', 'moved-from': expect.any(String) as string });
    const next = async (table: string) => (await postgres.query('SELECT nextval(pg_get_serial_sequence($1, \'seq\')) AS seq', [`"${table}"`], to))[0]?.['seq'];
    expect([await next('Message'), await next('Delivery'), await next('JournalEntry')]).toEqual(['451', '451', '3']);
  });

  it('says which key the nodes need, and never the key; refuses a key that would not open what is moved', async () => {
    const path = join(dataDir, 'encryption.key');
    const key = readFileSync(path, 'utf8').trim();
    const withKey = async (given: string) => {
      const { ended, output } = startProcess('src/cli.js', { CHASQUI_ENCRYPTION_KEY: given }, ['migrate', '--from', dataDir, '--to', to]);
      return { code: await ended, output: output() };
    };
    const refused = await withKey('ab'.repeat(32));
    expect(refused).toEqual({ code: 1, output: expect.stringContaining(`Set it to what ${path} holds`) as string });
    expect(await isEmpty()).toBe(true);

    await rename(path, `${path}.away`);
    expect(await migrate()).toEqual({ code: 1, output: expect.stringContaining(`${path} is missing`) as string });
    expect(await isEmpty()).toBe(true);
    await rename(`${path}.away`, path);

    const { code, output } = await migrate();
    expect(code, output).toBe(0);
    expect(output).toContain(`set CHASQUI_ENCRYPTION_KEY to what ${path} holds`);
    expect(refused.output + output).not.toContain(key);
    to = await postgres.database();
    await rm(join(dataDir, 'moved'));
    expect(await withKey(key)).toEqual({ code: 0, output: expect.stringContaining('it is the right one') as string });
  });

  it('leaves a data directory on which no gateway starts, and that is not moved twice', async () => {
    const password = 'tops3cret';
    await postgres.query(`CREATE ROLE mover LOGIN PASSWORD '${password}' SUPERUSER`);
    const url = to.replace('postgres@', `mover:${password}@`);
    const { code, output } = await chasqui('migrate', '--from', dataDir, '--to', url);
    expect(code).toBe(0);
    expect(output + readFileSync(join(dataDir, 'moved'), 'utf8')).not.toContain(password);

    const gateway = startProcess('src/main.js', { PORT: '0', DATA_DIR: dataDir, WHATSAPP_NETWORK: 'sandbox' });
    expect(await gateway.ended).toBe(1);
    expect(gateway.output()).toMatch(new RegExp(`^chasqui could not start: .* was moved to 127\\.0\\.0\\.1:${postgres.port}/test_\\w+ at 20.*DATABASE_URL`));
    expect(await migrate()).toEqual({ code: 1, output: expect.stringMatching(/^chasqui migrate: It was moved to 127/m) as string });
    to = await postgres.database();
    expect((await migrate()).code).toBe(1);
    expect(await isEmpty()).toBe(true);
  });

  it('refuses while a gateway runs on the source, which goes on', async () => {
    const gateway = startProcess('src/main.js', { PORT: '0', DATA_DIR: dataDir, WHATSAPP_NETWORK: 'sandbox' });
    await until('it is ready', () => gateway.output().includes('the gateway is ready'));
    try {
      const { code, output } = await migrate();
      expect(code).toBe(1);
      expect(output).toContain(`is in use by the process with pid ${gateway.pid}`);
      expect(await isEmpty()).toBe(true);
    } finally {
      expect(await gateway.end('SIGTERM')).toBe(0);
    }
  });

  it('refuses a database that is in use, and leaves both as they were', async () => {
    const other = dataDir;
    dataDir = await mkdtemp(join(tmpdir(), 'chasqui-move-'));
    try {
      await fill();
      expect((await migrate()).code).toBe(0);
      await rm(dataDir, { recursive: true });
    } finally {
      dataDir = other;
    }
    const before = await inTarget('Message');
    expect(await migrate()).toEqual({ code: 1, output: expect.stringContaining('is in use already') as string });
    expect(await inTarget('Message')).toEqual(before);
    await startEmbedded();
  });

  it('takes a database on which a gateway made its first key, but not while one runs, nor one of another network', async () => {
    const gateway = startProcess('src/main.js', { PORT: '0', DATABASE_URL: to, CHASQUI_ENCRYPTION_KEY: 'a1'.repeat(32), WHATSAPP_NETWORK: 'sandbox' });
    await until('it is ready', () => gateway.output().includes('the gateway is ready'));
    await until('it says that it lives', async () => (await postgres.query('SELECT 1 FROM "Node"', [], to)).length === 1);
    expect(await migrate()).toEqual({ code: 1, output: expect.stringContaining('A gateway is running on') as string });
    expect(await gateway.end('SIGTERM')).toBe(0);
    await writeFile(join(dataDir, 'network'), 'live\n');
    expect(await migrate()).toEqual({ code: 1, output: expect.stringContaining('was first used on the sandbox network') as string });
    await writeFile(join(dataDir, 'network'), 'sandbox\n');
    expect((await migrate()).code).toBe(0);
    expect(await inTarget('ApiKey')).toHaveLength(3);
  });

  it('says that PostgreSQL is not there, and changes nothing', async () => {
    const { code, output } = await chasqui('migrate', '--from', dataDir, '--to', 'postgresql://127.0.0.1:1/x');
    expect(code).toBe(1);
    expect(output).toContain('PostgreSQL cannot be reached');
    await startEmbedded();
  });

  it('killed while it copies, it has moved nothing, and can be run again', async () => {
    withSqlite(db => db.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
      INSERT INTO "SignalKey" ("instanceId", type, id, value) SELECT 'one', 'pre-key', i, randomblob(300) FROM n`));
    const first = startProcess('src/cli.js', {}, ['migrate', '--from', dataDir, '--to', to]);
    await until('it copies', async () => (await postgres.query('SELECT 1 FROM pg_stat_activity WHERE query LIKE \'INSERT INTO "SignalKey"%\'')).length > 0);
    await first.end('SIGKILL');
    expect(first.output()).not.toContain('Everything was moved');
    await startEmbedded();
    expect((await migrate()).code).toBe(0);
    const [there, here] = [await inTarget('SignalKey'), inSource('SignalKey')];
    expect([there.length, there.every((row, index) => row === here[index])]).toEqual([60_002, true]);
  });
});

describe('a move that breaks off at its last step', () => {
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function open(url = to): Promise<{ source: MoveSource; target: MoveTarget }> {
    const [source, target] = [await openMoveSource(dataDir), createMoveTarget(url)];
    closers.push(source.close, target.close);
    return { source, target };
  }
  const move = (ends: { source: MoveSource; target: MoveTarget }) => moveInstallation({ ...ends, id: crypto.randomUUID(), now: () => new Date().toISOString() });
  const cut = () => Promise.reject(new Error('connection lost'));
  const stillMoving = () => expect(startEmbedded()).rejects.toMatchObject({ code: 'DATA_DIR_MOVED', message: expect.stringContaining('Run the same "chasqui migrate" again') as string });

  it('before the commit: neither can be used, and the next run copies again', async () => {
    const { source, target } = await open();
    await expect(move({ source, target: { ...target, commit: cut } })).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    await target.close();
    await source.close();
    await stillMoving();
    expect(await isEmpty()).toBe(true);
    expect((await migrate()).code).toBe(0);
    expect(await inTarget('SessionCredentials')).toEqual(inSource('SessionCredentials'));
    expect(JSON.parse(readFileSync(join(dataDir, 'moved'), 'utf8'))).toMatchObject({ state: 'moved' });
  });

  it('after the commit: the source is marked, and the next run only says so', async () => {
    const { source, target } = await open();
    await expect(move({ source, target: { ...target, commit: () => target.commit().then(cut) } })).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    await target.close();
    await source.close();
    await stillMoving();
    expect(await isEmpty()).toBe(false);
    expect(await migrate()).toEqual({ code: 0, output: expect.stringContaining('An earlier run had moved everything') as string });
    await expect(startEmbedded()).rejects.toMatchObject({ message: expect.stringContaining('was moved to') as string });
  });

  it('with the commit still under way: the next run waits for its outcome', async () => {
    const first = await open();
    await expect(move({ ...first, target: { ...first.target, commit: cut } })).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    await first.source.close();
    const second = startProcess('src/cli.js', {}, ['migrate', '--from', dataDir, '--to', to]);
    await until('the second waits', async () => (await postgres.query('SELECT 1 FROM pg_locks WHERE NOT granted')).length > 0);
    expect(await first.target.commit()).toBe(true);
    expect(await second.ended).toBe(0);
    expect(second.output()).toContain('An earlier run had moved everything');
    expect(await inTarget('Instance')).toHaveLength(2);
  });

  it('a database that refuses to commit leaves the source as it was', async () => {
    const { source, target } = await open();
    await expect(move({ source, target: { ...target, commit: () => Promise.resolve(false) } })).rejects.toMatchObject({ code: 'NOT_COMMITTED' });
    await startEmbedded();
  });

  it('is not taken for a move to somewhere else', async () => {
    const { source, target } = await open();
    await expect(move({ source, target: { ...target, commit: () => target.commit().then(cut) } })).rejects.toThrow();
    const elsewhere = createMoveTarget(await postgres.database());
    await expect(move({ source, target: elsewhere })).rejects.toMatchObject({ code: 'MOVING_ELSEWHERE' });
  });

  it('that came to nothing does not keep the source, should the database be used by others meanwhile', async () => {
    const { source, target } = await open();
    await expect(move({ source, target: { ...target, commit: cut } })).rejects.toThrow();
    await target.close();
    await source.close();
    await postgres.query('INSERT INTO "Instance" ("instanceId", name, status, reason, active, settings, "createdAt", "updatedAt") VALUES (\'other\', \'\', \'\', \'\', false, \'{}\', 0, 0)', [], to);
    expect(await migrate()).toEqual({ code: 1, output: expect.stringContaining('is in use already') as string });
    await startEmbedded();
  });

  it('a copy that differs is not committed', async () => {
    const { source, target } = await open();
    const losing: MoveTarget = { ...target, insert: (table, columns, rows) => target.insert(table, columns, table === 'Message' ? rows.slice(1) : rows) };
    await expect(move({ source, target: losing })).rejects.toMatchObject({ code: 'COPY_DIFFERS' });
    await target.close();
    expect(await isEmpty()).toBe(true);
    await startEmbedded();
  });
});
