import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSealedSessionStore } from '@gateway/adapters/crypto/sealed-session-store.js';
import type { OpenVault } from '@gateway/adapters/crypto/vault.js';
import { createSealedRows } from '@gateway/adapters/sql/sealed-rows.js';
import { createSessionStore } from '@gateway/adapters/sql/session-store.js';
import { openConnection } from '@gateway/adapters/sqlite/connection.js';
import { sqliteDialect } from '@gateway/adapters/sqlite/dialect.js';
import { migrate } from '@gateway/adapters/sqlite/migrate.js';
import { openEmbeddedStore } from '@gateway/adapters/sqlite/open-embedded-store.js';
import { migrations } from '@gateway/generated/sqlite/migrations.js';
import { soleTenure } from '@gateway/domain/instances/tenure.js';
import { credentialsPlace } from '@gateway/ports/vault.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestDatabase, type TestDatabase } from '../../contracts/support/database';
import { NOW, utf8 } from '../../contracts/support/samples';
import { makeTempDir } from '../../contracts/support/temp-dir';
import { MASTER_KEY, openTestVault, OTHER_MASTER_KEY, type TestVaultOptions } from '../../contracts/support/vault';
import { until } from '../../support/until';

const KEYS = 250;
const idOf = (index: number) => String(index).padStart(3, '0');
const valueOf = (index: number) => `value ${index} that is long enough to be searched for`;
const onFatal = (error: Error) => { throw error; };
/** Waits a hundredth of what it is told. */
const hasty = { now: () => NOW, after: (ms: number, work: () => void) => { const timer = setTimeout(work, ms / 100); return () => clearTimeout(timer); } };

describe('the vault', () => {
  let opened: TestDatabase;
  const vaults: OpenVault[] = [];
  beforeEach(async () => { opened = await openTestDatabase(); });
  afterEach(async () => {
    await Promise.all(vaults.splice(0).map(vault => vault.stop()));
    await opened.close();
  });
  const open = async (options: TestVaultOptions = {}) => {
    const vault = await openTestVault(opened.database, sqliteDialect, { clock: hasty, ...options });
    vaults.push(vault);
    return vault;
  };
  const plain = () => createSessionStore(opened.database, sqliteDialect);
  const fill = (store = plain()) => store.commit(soleTenure('one'), { credentials: utf8('credentials of one'), keys: Array.from({ length: KEYS }, (_, index) => ({ type: 'session', id: idOf(index), value: utf8(valueOf(index)) })) });
  const readAll = async (vault: OpenVault) => {
    const store = createSealedSessionStore(plain(), vault);
    const keys = await store.readKeys('one', 'session', Array.from({ length: KEYS }, (_, index) => idOf(index)));
    return [Buffer.from(await store.readCredentials('one') ?? []).toString(), ...Array.from({ length: KEYS }, (_, index) => Buffer.from(keys.get(idOf(index)) ?? []).toString())];
  };
  const everything = ['credentials of one', ...Array.from({ length: KEYS }, (_, index) => valueOf(index))];
  /** As a process that ends in the middle: of the batches, only so many are written. */
  const endingAfter = (batches: number): TestVaultOptions => {
    const rows = createSealedRows(opened.database, sqliteDialect);
    let left = batches;
    return { rows: { ...rows, replace: async (...args) => { if (left-- <= 0) throw new Error('killed'); return rows.replace(...args); } } };
  };

  it('seals what was there before, goes on where it was cut off, and believes nothing in plain afterwards', async () => {
    await fill();
    await expect(open(endingAfter(2))).rejects.toThrow('killed');
    const vault = await open();
    expect(await readAll(vault)).toEqual(everything);
    await plain().commit(soleTenure('one'), { credentials: utf8('put in by somebody') });
    await expect(readAll(vault)).rejects.toMatchObject({ name: 'SealError' });
  });

  it('opens a value only where it was sealed, and only as it was; a copy in the backups opens as credentials', async () => {
    const vault = await open();
    const store = createSealedSessionStore(plain(), vault);
    await fill(store);
    const sealed = await plain().readCredentials('one') ?? new Uint8Array();
    expect(Buffer.from(await vault.open(credentialsPlace('one'), sealed)).toString()).toBe('credentials of one');
    await opened.database.write([{ sql: 'INSERT INTO SessionCredentials SELECT ?1, value FROM SessionCredentials', params: ['two'] }, { sql: 'UPDATE SignalKey SET value = (SELECT value FROM SignalKey WHERE id = ?1) WHERE id = ?2', params: [idOf(1), idOf(2)] }]);
    await expect(store.readCredentials('two')).rejects.toMatchObject({ name: 'SealError' });
    await expect(store.readKeys('one', 'session', [idOf(2)])).rejects.toMatchObject({ name: 'SealError' });
    expect((await store.readKeys('one', 'session', [idOf(1)])).size).toBe(1);
    for (const at of [0, 1, 5, 7, 20, sealed.length - 1]) {
      const changed = sealed.slice();
      changed.fill((changed[at] ?? 0) ^ 1, at, at + 1);
      await expect(vault.open(credentialsPlace('one'), changed), String(at)).rejects.toMatchObject({ name: 'SealError' });
    }
  });

  it('rotates beside a writer; cut off, it leaves everything readable, and the next start goes on', async () => {
    const vault = await open();
    await fill(createSealedSessionStore(plain(), vault));
    await opened.database.write([{ sql: `INSERT INTO Backup (id, instanceId, createdAt, cause, device, value) SELECT 'b', 'one', 1, 'manual', 'd', value FROM SessionCredentials` }]);
    const dying = await open(endingAfter(2));
    await expect(dying.rotate(OTHER_MASTER_KEY)).rejects.toThrow('killed');
    expect(await readAll(await open())).toEqual(everything);

    const next = await open({ key: OTHER_MASTER_KEY });
    const store = createSealedSessionStore(plain(), next);
    expect(await readAll(next)).toEqual(everything);
    for (let index = 0; index < 20; index++) await store.commit(soleTenure('one'), { keys: [{ type: 'session', id: idOf(7), value: utf8(valueOf(7)) }] });
    await until('it is done', async () => (await next.status()).dataKeys.every(({ id, retiredAt }) => (retiredAt === null) === (id === 2)));
    expect(await opened.database.read(`SELECT DISTINCT hex(substr(value, 1, 6)) AS head FROM (SELECT value FROM SignalKey UNION ALL SELECT value FROM SessionCredentials UNION ALL SELECT value FROM Backup)`)).toEqual([{ head: 'C50100000002' }]);
    expect(await readAll(next)).toEqual(everything);
    // Nobody else uses the store: the old master key is gone.
    await expect(open()).rejects.toMatchObject({ code: 'ENCRYPTION_KEY_WRONG' });
  });

  it('changes the master key of several processes one by one', async () => {
    const [a, b] = [await open({ shared: true }), await open({ shared: true })];
    await fill(createSealedSessionStore(plain(), a));
    expect(await a.rotate(OTHER_MASTER_KEY)).toMatchObject({ dataKey: 2, keyFileReplaced: false });
    expect(await readAll(b)).toEqual(everything);
    await expect(b.rotate(null)).rejects.toMatchObject({ code: 'rotation_pending' });
    await expect(b.finish()).rejects.toMatchObject({ code: 'rotation_pending' });
    const c = await open({ key: OTHER_MASTER_KEY, shared: true });
    expect(await c.finish()).toEqual([a.masterKey]);
    expect(await readAll(c)).toEqual(everything);
    await expect(open({ shared: true })).rejects.toMatchObject({ code: 'ENCRYPTION_KEY_WRONG' });
    expect((await c.rotate(null)).dataKey).toBe(3);
    expect(await readAll(c)).toEqual(everything);
  });

  it('makes one first key, however many start at once, and refuses those with another master key', async () => {
    const starts = await Promise.allSettled([MASTER_KEY, MASTER_KEY, OTHER_MASTER_KEY].map(key => open({ key, shared: true })));
    expect(starts.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    const [a, b] = vaults;
    const sealed = a?.seal(credentialsPlace('one'), utf8('by a')) ?? new Uint8Array();
    expect(Buffer.from(await b?.open(credentialsPlace('one'), sealed) ?? []).toString()).toBe('by a');
  });

  it('takes a new data key before one has sealed too much', async () => {
    const vault = await open({ seals: { reservedAtOnce: 4, sealsOfAKey: 12 } });
    for (let index = 0; index < 30; index++) {
      vault.seal(credentialsPlace('one'), utf8('x'));
      await new Promise(setImmediate);
    }
    await until('there is another', async () => (await vault.status()).activeDataKey > 1);
  });
});

describe('the key of a data directory', () => {
  let dir: { path: string; remove(): Promise<void> };
  beforeEach(async () => { dir = await makeTempDir(); });
  afterEach(() => dir.remove());
  const open = (encryptionKey: Uint8Array | null = null) => openEmbeddedStore({ dataDir: dir.path, onFatal, encryptionKey });
  const keyFile = () => join(dir.path, 'encryption.key');

  it('leaves nothing in plain of a directory from before, in free pages and log neither', { timeout: 30_000 }, async () => {
    const path = join(dir.path, 'chasqui.db');
    const connection = openConnection(path, 1000);
    migrate(connection, migrations, NOW);
    for (let index = 0; index < KEYS; index++) connection.prepare('INSERT INTO SignalKey VALUES (?, ?, ?, ?)').run(['one', 'session', idOf(index), Buffer.from(valueOf(index))]);
    connection.exec('DELETE FROM SignalKey WHERE CAST(id AS INTEGER) % 2 = 0; PRAGMA wal_checkpoint(TRUNCATE)');
    connection.close();
    expect(readFileSync(path).includes(valueOf(1))).toBe(true);
    expect(readFileSync(path).includes(valueOf(2))).toBe(true);
    const store = await open();
    expect(Buffer.from((await store.sessions.readKeys('one', 'session', [idOf(1)])).get(idOf(1)) ?? []).toString()).toBe(valueOf(1));
    await store.close();
    for (let index = 0; index < KEYS; index++) expect(readFileSync(path).includes(valueOf(index)), String(index)).toBe(false);
  });

  it('is asked for when it is gone, and when it is another; nothing is changed', async () => {
    const store = await open();
    await store.sessions.commit(soleTenure('one'), { credentials: utf8('mine') });
    await store.close();
    const before = readFileSync(join(dir.path, 'chasqui.db'));
    renameSync(keyFile(), `${keyFile()}.away`);
    await expect(open()).rejects.toMatchObject({ code: 'ENCRYPTION_KEY_MISSING', message: expect.stringContaining('Put the file back') as string });
    await expect(open(OTHER_MASTER_KEY)).rejects.toMatchObject({ code: 'ENCRYPTION_KEY_WRONG' });
    writeFileSync(keyFile(), 'no key');
    await expect(open()).rejects.toMatchObject({ code: 'ENCRYPTION_KEY_UNREADABLE' });
    renameSync(`${keyFile()}.away`, keyFile());
    await expect(open(OTHER_MASTER_KEY)).rejects.toMatchObject({ message: expect.stringContaining('unset the variable') as string });
    expect(readFileSync(join(dir.path, 'chasqui.db')).equals(before)).toBe(true);
    const again = await open();
    expect(Buffer.from(await again.sessions.readCredentials('one') ?? []).toString()).toBe('mine');
    await again.close();
  });

  it('is changed again after a change that was cut off, whose key nobody has', async () => {
    const store = await open();
    await store.sessions.commit(soleTenure('one'), { credentials: utf8('mine') });
    const { masterKey } = await store.vault.status();
    // The disk takes no new file when both keys open everything already.
    mkdirSync(`${keyFile()}.new`);
    await expect(store.vault.rotate(new Uint8Array(randomBytes(32)))).rejects.toThrow();
    await store.close();

    const again = await open();
    expect(await again.vault.status()).toMatchObject({ masterKey, otherMasterKeys: [] });
    await expect(again.vault.rotate(new Uint8Array(randomBytes(32)))).rejects.toThrow();
    rmdirSync(`${keyFile()}.new`);
    expect(await again.vault.rotate(null)).toMatchObject({ keyFileReplaced: false });
    expect(await again.vault.rotate(OTHER_MASTER_KEY)).toMatchObject({ keyFileReplaced: true });
    expect((await again.vault.status()).otherMasterKeys).toEqual([]);
    expect(Buffer.from(await again.sessions.readCredentials('one') ?? []).toString()).toBe('mine');
    await again.close();
  });

  it('opens everything, however a rotation of both keys is killed', { timeout: 90_000 }, async () => {
    const first = await open();
    await first.sessions.commit(soleTenure('one'), { keys: Array.from({ length: 3_000 }, (_, index) => ({ type: 'session', id: idOf(index), value: utf8(valueOf(index)) })) });
    await first.close();
    const module = new URL('../../../server/dist/src/adapters/sqlite/open-embedded-store.js', import.meta.url).href;
    const code = `const { openEmbeddedStore } = await import(${JSON.stringify(module)}); const { randomBytes } = await import('node:crypto');
      const store = await openEmbeddedStore({ dataDir: ${JSON.stringify(dir.path)}, onFatal: () => process.exit(1) }); process.stdout.write('open\\n');
      for (;;) { await store.vault.rotate(new Uint8Array(randomBytes(32))); process.stdout.write('rotated\\n'); }`;
    for (let round = 0; round < 4; round++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
      const closed = new Promise(resolve => child.once('close', resolve));
      await new Promise<void>(resolve => child.stdout.once('data', () => resolve()));
      // At any moment of a rotation, which takes about as long.
      await new Promise(resolve => { setTimeout(resolve, randomBytes(1)[0]); });
      child.kill('SIGKILL');
      await closed;
      const store = await open();
      const ids = Array.from({ length: 3_000 }, (_, index) => idOf(index));
      const values = await store.sessions.readKeys('one', 'session', ids);
      expect(ids.filter((id, index) => Buffer.from(values.get(id) ?? []).toString() !== valueOf(index))).toEqual([]);
      await store.close();
    }
  });
});
