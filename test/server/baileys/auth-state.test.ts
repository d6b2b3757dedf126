import { soleTenure } from '@gateway/domain/instances/tenure.js';
import { openAuthState } from '@gateway/adapters/baileys/auth-state.js';
import type { Store } from '@gateway/adapters/sql/store.js';
import { openEmbeddedStore } from '@gateway/adapters/sqlite/open-embedded-store.js';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../../support/until.js';

let dataDir: string;
let store: Store;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'chasqui-auth-'));
  store = await openEmbeddedStore({ dataDir, onFatal: error => { throw error; } });
});
afterAll(async () => {
  await store?.close();
  await rm(dataDir, { recursive: true, force: true });
});

const fatal = (error: Error) => {
  throw error;
};

it('keeps what a closed socket still wants to write out of a session that was wiped', async () => {
  const auth = await openAuthState(store.sessions, soleTenure('demo'), fatal);
  await auth.saveCredentials();
  await auth.keys.set({ 'lid-mapping': { '1': '2' } });
  expect(await store.sessions.readCredentials('demo')).not.toBeNull();

  auth.release();
  await store.sessions.wipe(soleTenure('demo'));
  await auth.saveCredentials();
  await auth.keys.set({ 'lid-mapping': { '1': '3' } });
  expect(await store.sessions.readCredentials('demo')).toBeNull();
  expect((await store.sessions.readKeys('demo', 'lid-mapping', ['1'])).size).toBe(0);
});

it('lets commits under way end before a close, and drops those that come after', async () => {
  const auth = await openAuthState(store.sessions, soleTenure('paused'), fatal);
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

it('answers nothing, and asks for the end of the process, when the store fails', async () => {
  const told: string[] = [];
  const failing = { ...store.sessions, async commit() { throw new Error('disk full'); } };
  const auth = await openAuthState(failing, soleTenure('failing'), error => told.push(error.message));
  let answered = false;
  const write = Promise.resolve(auth.keys.set({ 'lid-mapping': { '1': '2' } })).finally(() => { answered = true; });
  await until('it is told', () => told.length === 1);
  expect(told).toEqual(['disk full']);
  expect(answered).toBe(false);
  void write;
});

it('tells nobody of a store that fails once the connection is over', async () => {
  const told: string[] = [];
  const failing = { ...store.sessions, async readKeys() { throw new Error('closed'); } };
  const auth = await openAuthState(failing, soleTenure('over'), error => told.push(error.message));
  auth.release();
  await expect(auth.keys.get('lid-mapping', ['1'])).rejects.toThrow('closed');
  expect(told).toEqual([]);
});
