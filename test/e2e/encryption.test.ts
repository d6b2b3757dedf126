import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSessionStore } from '@gateway/adapters/sql/session-store.js';
import { openConnection } from '@gateway/adapters/sqlite/connection.js';
import { sqliteDialect } from '@gateway/adapters/sqlite/dialect.js';
import { openEmbeddedStore } from '@gateway/adapters/sqlite/open-embedded-store.js';
import { soleTenure } from '@gateway/domain/instances/tenure.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestDatabase } from '../contracts/support/database.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

const PHONE = '15550170001';
const CONTACT = '16660170001';
const NEW_KEY = Buffer.alloc(32, 0x5c).toString('base64');
const SECRET = `whsec_${Buffer.alloc(32, 0x77).toString('base64')}`;
/** What in a session's JSON nobody may know. */
const SECRET_NAMES = /^(private|privKey|rootKey|chainKey|messageKeys|advSecretKey|keyData|seed)$/;

/** Everything of a session, open. */
interface Material { credentials: Uint8Array; keys: { type: string; id: string; value: Uint8Array }[] }

let stack: Stack;
beforeAll(async () => { stack = await startStack(); }, 60_000);
afterAll(() => stack?.stop());

/** The database as it is on disk, its log included. Read by another process: closing a file drops the locks that this one has on it. */
function bytesOf(path: string): Buffer {
  const files = [path, `${path}-wal`].filter(file => existsSync(file));
  return execFileSync('cat', files, { maxBuffer: 1 << 30 });
}

/** What is stored of the instance `demo`; the gateway is stopped. */
async function readMaterial(): Promise<Material> {
  const db = openConnection(join(stack.dataDir, 'chasqui.db'), 1000);
  const names = db.prepare('SELECT type, id FROM SignalKey').all([]) as { type: string; id: string }[];
  db.close();
  const store = await openEmbeddedStore({ dataDir: stack.dataDir, onFatal: error => { throw error; } });
  const credentials = await store.sessions.readCredentials('demo') ?? new Uint8Array();
  const keys: Material['keys'] = [];
  for (const { type, id } of names) keys.push({ type, id, value: (await store.sessions.readKeys('demo', type, [id])).get(id) ?? new Uint8Array() });
  await store.close();
  return { credentials, keys };
}

/** Its secrets, as base64. */
function secretsOf({ credentials, keys }: Material): string[] {
  const found = new Set<string>();
  const walk = (value: unknown, isSecret: boolean): void => {
    if (typeof value === 'string' && isSecret && Buffer.from(value, 'base64').length >= 16) found.add(value);
    if (typeof value !== 'object' || value === null) return;
    for (const [name, inner] of Object.entries(value)) walk(inner, isSecret || SECRET_NAMES.test(name));
  };
  for (const value of [credentials, ...keys.map(key => key.value)]) walk(JSON.parse(Buffer.from(value).toString()), false);
  return [...found];
}

/** Those that are in there raw, in base64 or in hex. */
function foundIn(haystack: Buffer, secrets: string[]): string[] {
  return secrets.filter(secret => {
    const raw = Buffer.from(secret, 'base64');
    return [raw, Buffer.from(raw.toString('base64').replace(/=+$/, '')), Buffer.from(raw.toString('hex'))].some(form => haystack.includes(form));
  });
}

async function talk(words: string): Promise<void> {
  await stack.api.post('/instances/demo/messages/text', { to: CONTACT, text: `to you, ${words}` }, 201);
  await until('the contact has it', () => stack.simulator.contacts.received(CONTACT).some(({ text }) => text === `to you, ${words}`));
  const { messageId } = await stack.simulator.contacts.write(CONTACT, { to: PHONE, text: `to me, ${words}` });
  await until('the gateway has it', async () => (await stack.api.raw(`/instances/demo/messages/${messageId}`)).status === 200);
}

describe('a paired session at rest', { timeout: 180_000 }, () => {
  it('is sealed on disk, log included; rotated under a new master key it comes back without a scan and talks both ways', async () => {
    await stack.pair('demo', PHONE);
    await stack.api.post('/instances/demo/webhooks', { url: 'http://127.0.0.1:9/', events: ['instance.qr'], secret: SECRET, headers: { authorization: 'Bearer top-secret-token' } }, 201);
    await talk('one');
    const live = bytesOf(join(stack.dataDir, 'chasqui.db'));
    await stack.stopGateway();
    const before = await readMaterial();
    const secrets = secretsOf(before);
    expect(new Set(before.keys.map(({ type }) => type))).toContain('session');
    expect(secrets.length).toBeGreaterThan(20);
    expect(foundIn(Buffer.concat([live, bytesOf(join(stack.dataDir, 'chasqui.db'))]), [...secrets, SECRET.slice('whsec_'.length)])).toEqual([]);
    expect(live.includes('top-secret-token')).toBe(false);
    if (process.platform !== 'win32') expect(statSync(join(stack.dataDir, 'encryption.key')).mode & 0o777).toBe(0o600);

    // The search finds what is there: the same material in a store without a seal.
    const open = await openTestDatabase();
    await createSessionStore(open.database, sqliteDialect).commit(soleTenure('demo'), { credentials: before.credentials, keys: before.keys });
    const inPlain = foundIn(bytesOf(open.path), secrets);
    await open.close();
    // A page may end in the middle of one.
    expect(inPlain.length).toBeGreaterThan(secrets.length * 0.9);

    await stack.restartGateway();
    await stack.api.untilStatus('demo', 'CONNECTED');
    const oldKey = readFileSync(join(stack.dataDir, 'encryption.key'), 'utf8');
    const rotation = stack.api.post('/encryption/rotate', { newMasterKey: NEW_KEY }, 200) as Promise<{ dataKey: number; resealed: number; keyFileReplaced: boolean; next: string[] }>;
    await Promise.all([talk('during'), rotation]);
    expect(await rotation).toMatchObject({ dataKey: 2, keyFileReplaced: true, next: [expect.stringContaining('encryption.key')] });
    expect((await rotation).resealed).toBeGreaterThan(20);
    expect(readFileSync(join(stack.dataDir, 'encryption.key'), 'utf8').trim()).toBe(NEW_KEY);
    expect(await stack.api.get('/encryption')).toMatchObject({ keyFrom: 'file', otherMasterKeys: [], activeDataKey: 2, dataKeys: [{ id: 1, retiredAt: expect.any(String) as string }, { id: 2 }] });
    await talk('after');

    await stack.restartGateway();
    await stack.api.untilStatus('demo', 'CONNECTED');
    await talk('after the restart');
    expect(stack.simulator.stats()).toMatchObject({ pairings: 1, decryptFailures: 0 });
    await stack.stopGateway();
    expect(foundIn(bytesOf(join(stack.dataDir, 'chasqui.db')), secretsOf(await readMaterial()))).toEqual([]);

    // With a wrong key nothing starts and nothing changes.
    const path = join(stack.dataDir, 'chasqui.db');
    const sealed = bytesOf(path);
    writeFileSync(join(stack.dataDir, 'encryption.key'), oldKey);
    await expect(stack.restartGateway()).rejects.toMatchObject({ code: 'ENCRYPTION_KEY_WRONG', message: expect.stringContaining('Put the right file back') as string });
    expect(bytesOf(path).equals(sealed)).toBe(true);
    writeFileSync(join(stack.dataDir, 'encryption.key'), NEW_KEY);
    await stack.restartGateway();
    await stack.api.untilStatus('demo', 'CONNECTED');
    expect(stack.simulator.stats().pairings).toBe(1);
  });
});
