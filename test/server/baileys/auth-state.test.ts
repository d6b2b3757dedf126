import { openAuthState } from '@gateway/adapters/baileys/auth-state.js';
import { openEmbeddedStore, type EmbeddedStore } from '@gateway/adapters/sqlite/open-embedded-store.js';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

let dataDir: string;
let store: EmbeddedStore;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'chasqui-auth-'));
  store = await openEmbeddedStore({ dataDir, onFatal: error => { throw error; } });
});
afterAll(async () => {
  await store?.close();
  await rm(dataDir, { recursive: true, force: true });
});

it('keeps what a closed socket still wants to write out of a session that was wiped', async () => {
  const auth = await openAuthState(store.sessions, 'demo');
  await auth.saveCredentials();
  await auth.keys.set({ 'lid-mapping': { '1': '2' } });
  expect(await store.sessions.readCredentials('demo')).not.toBeNull();

  auth.release();
  await store.sessions.wipe('demo');
  await auth.saveCredentials();
  await auth.keys.set({ 'lid-mapping': { '1': '3' } });
  expect(await store.sessions.readCredentials('demo')).toBeNull();
  expect((await store.sessions.readKeys('demo', 'lid-mapping', ['1'])).size).toBe(0);
});

it('lets commits under way end before a close, and drops those that come after', async () => {
  const auth = await openAuthState(store.sessions, 'paused');
  const before = Promise.resolve(auth.keys.set({ 'lid-mapping': { '1': 'before' } }));
  await auth.pause();
  await before;
  let done = false;
  const after = Promise.resolve(auth.keys.set({ 'lid-mapping': { '1': 'after' } })).then(() => { done = true; });
  await auth.saveCredentials();
  expect(done).toBe(false);

  auth.release();
  await after;
  const kept = await store.sessions.readKeys('paused', 'lid-mapping', ['1']);
  expect(Buffer.from(kept.get('1') ?? []).toString()).toBe('"before"');
  expect(await store.sessions.readCredentials('paused')).not.toBeNull();
});
