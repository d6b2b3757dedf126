import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { openConnection } from '@gateway/adapters/sqlite/connection.js';
import { openEmbeddedStore } from '@gateway/adapters/sqlite/open-embedded-store.js';
import { DEFAULT_SETTINGS } from '@gateway/domain/instances/instance.js';
import { soleTenure } from '@gateway/domain/instances/tenure.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { delivery, incoming, NOW, seedWebhooks, webhook } from '../../contracts/support/samples';
import { makeTempDir } from '../../contracts/support/temp-dir';

const onFatal = (error: Error): never => {
  throw error;
};

describe('embedded store', () => {
  let dir: Awaited<ReturnType<typeof makeTempDir>>;
  beforeEach(async () => {
    dir = await makeTempDir();
  });
  afterEach(() => dir.remove());

  it('makes its directory, for its owner alone, and finds everything again', async () => {
    const dataDir = join(dir.path, 'deeper', 'data');
    let store = await openEmbeddedStore({ dataDir, onFatal });
    await seedWebhooks(store, ['hook']);
    await store.apiKeys.create({ id: 'k', name: 'k', hash: 'h', scopes: ['admin'], instances: null, createdAt: NOW, revokedAt: null, lastUsedAt: null, rateLimitPerMinute: null });
    await store.sessions.commit(soleTenure('one'), { credentials: new Uint8Array([1]), keys: [{ type: 'session', id: 'a', value: new Uint8Array([2]) }] });
    await store.messages.recordIncoming(incoming('m1'), [delivery('d1')]);
    if (process.platform !== 'win32') {
      expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
      for (const name of (await readdir(dataDir)).filter(name => name.startsWith('chasqui.db'))) expect((await stat(join(dataDir, name))).mode & 0o777, name).toBe(0o600);
    }
    await store.close();
    await store.close();

    store = await openEmbeddedStore({ dataDir, onFatal, lockWaitMs: 0 });
    expect((await store.instances.find('one'))?.name).toBe('One');
    expect(await store.webhooks.find('one', 'hook')).toEqual(webhook('hook'));
    expect(await store.apiKeys.count()).toBe(1);
    expect(await store.sessions.listSessions()).toEqual(['one']);
    expect((await store.sessions.readKeys('one', 'session', ['a'])).get('a')).toEqual(new Uint8Array([2]));
    expect((await store.messages.find('one', 'm1'))?.direction).toBe('in');
    expect((await store.deliveries.due(NOW, { limit: 9, perWebhook: 9, exclude: [] })).map(({ id }) => id)).toEqual(['d1']);
    await store.close();
  });

  it('lets Prisma and the thread write at the same time', async () => {
    const store = await openEmbeddedStore({ dataDir: dir.path, onFatal });
    await seedWebhooks(store, ['hook']);
    const people = async (lane: number): Promise<void> => {
      for (let index = 0; index < 15; index++) {
        await store.instances.create({ instanceId: `i-${lane}-${index}`, name: 'x', settings: DEFAULT_SETTINGS }, NOW);
        await store.webhooks.create(webhook(`w-${lane}-${index}`, { instanceId: `i-${lane}-${index}` }));
        await store.instances.update(`i-${lane}-${index}`, { lastSeen: NOW }, NOW);
      }
    };
    const traffic = async (lane: number): Promise<void> => {
      for (let index = 0; index < 100; index++) {
        await store.messages.recordIncoming(incoming(`m-${lane}-${index}`), [delivery(`d-${lane}-${index}`)]);
        await store.sessions.commit(soleTenure('one'), { keys: [{ type: 'session', id: `${lane}-${index}`, value: new Uint8Array(500) }] });
      }
    };
    await Promise.all([0, 1, 2].flatMap(lane => [people(lane), traffic(lane)]));
    expect(await store.instances.list()).toHaveLength(46);
    expect((await store.messages.list('one', { limit: 1000 })).messages).toHaveLength(300);
    expect((await store.deliveries.list('hook', { limit: 1000 })).deliveries).toHaveLength(300);
    await store.close();
  });

  it('shares the durability settings with Prisma', async () => {
    const store = await openEmbeddedStore({ dataDir: dir.path, onFatal });
    await store.close();
    const { openPrismaOnSqlite } = await import('@gateway/adapters/prisma/client.js');
    const prisma = openPrismaOnSqlite(join(dir.path, 'chasqui.db'), 5000);
    expect(await prisma.$queryRawUnsafe('PRAGMA synchronous')).toEqual([{ synchronous: 2 }]);
    expect(await prisma.$queryRawUnsafe('PRAGMA foreign_keys')).toEqual([{ foreign_keys: 1 }]);
    expect(await prisma.$queryRawUnsafe('PRAGMA busy_timeout')).toEqual([{ timeout: 5000 }]);
    await prisma.$disconnect();
  });

  it('refuses a directory in use, and lets go of one it could not open', async () => {
    const store = await openEmbeddedStore({ dataDir: dir.path, onFatal });
    await expect(openEmbeddedStore({ dataDir: dir.path, onFatal, lockWaitMs: 0 })).rejects.toMatchObject({ code: 'DATA_DIR_LOCKED' });
    await store.apiKeys.count();
    await store.close();

    const edit = (checksum: string): void => {
      const connection = openConnection(join(dir.path, 'chasqui.db'), 1000);
      connection.exec(`UPDATE _prisma_migrations SET checksum = ${checksum}`);
      connection.close();
    };
    edit("'!' || checksum");
    await expect(openEmbeddedStore({ dataDir: dir.path, onFatal, lockWaitMs: 0 })).rejects.toMatchObject({ code: 'MIGRATION_CHANGED' });
    edit('substr(checksum, 2)');
    await (await openEmbeddedStore({ dataDir: dir.path, onFatal, lockWaitMs: 0 })).close();
  });
});
