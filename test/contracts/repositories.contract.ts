import { createSystemClock } from '@gateway/adapters/system/clock.js';
import { createSystemRandom } from '@gateway/adapters/system/random.js';
import { managesKeys } from '@gateway/domain/access/scopes.js';
import { DEFAULT_SETTINGS } from '@gateway/domain/instances/instance.js';
import type { Repositories } from '@gateway/ports/repositories.js';
import { createFirstKey } from '@gateway/usecases/access/first-key.js';
import { hashKey } from '@gateway/usecases/access/secret-key.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NOW, webhook } from './support/samples';

export interface OpenRepositories extends Repositories {
  close(): Promise<void>;
}

/** Of a store that nodes share. */
export interface OpenSharedRepositories extends OpenRepositories {
  /** Makes a node the instance's owner at this epoch, whoever was before. */
  takeOver(instanceId: string, epoch: number): Promise<void>;
}

function opening<Opened extends OpenRepositories>(open: () => Promise<Opened>): () => Opened {
  let opened: Opened;
  beforeEach(async () => {
    opened = await open();
  });
  afterEach(() => opened.close());
  return () => opened;
}

const one = { instanceId: 'one', name: 'Número uno', settings: { sendIntervalMs: 1, recipientIntervalMs: 2 } };

export function describeInstanceRepositoryContract(name: string, open: () => Promise<OpenRepositories>): void {
  describe(`instance repository: ${name}`, () => {
    const opened = opening(open);

    it('makes an instance that was never connected', async () => {
      const { instances } = opened();
      const made = await instances.create(one, NOW);
      expect(made).toEqual({
        ...one, phoneNumber: null, lid: null, status: 'DISCONNECTED', reason: 'created', statusEpoch: null, qr: null, qrAt: null, connectedAt: null, lastSeen: null,
        active: false, createdAt: NOW, updatedAt: NOW, deletedAt: null,
      });
      expect(await instances.find('one')).toEqual(made);
      expect(await instances.find('ONE')).toBeNull();
    });

    it('refuses an id that is taken, also by a deleted instance', async () => {
      const { instances } = opened();
      await instances.create(one, NOW);
      await expect(instances.create({ ...one, name: 'again' }, NOW)).rejects.toMatchObject({ name: 'DomainError', code: 'instance_exists' });
      await instances.update('one', { deletedAt: NOW }, NOW);
      await expect(instances.create(one, NOW)).rejects.toMatchObject({ code: 'instance_exists' });
    });

    it('changes what the patch says and nothing else', async () => {
      const { instances } = opened();
      const made = await instances.create(one, NOW);
      const live = {
        name: 'new', phoneNumber: '15550001111', lid: '123@lid', status: 'QR_READY', reason: 'waiting_for_scan', qr: '2@qr', qrAt: NOW + 1, connectedAt: NOW + 2,
        lastSeen: NOW + 3, active: true, settings: { sendIntervalMs: 5, recipientIntervalMs: 6 },
      } as const;
      expect(await instances.update('one', live, NOW + 9)).toEqual({ ...made, ...live, updatedAt: NOW + 9 });
      const cleared = await instances.update('one', { qr: null, qrAt: null, active: false, lid: undefined }, NOW + 10);
      expect(cleared).toEqual({ ...made, ...live, qr: null, qrAt: null, active: false, updatedAt: NOW + 10 });
      expect(await instances.find('one')).toEqual(cleared);
      await expect(instances.update('two', { name: 'x' }, NOW)).rejects.toMatchObject({ code: 'instance_not_found' });
    });

    it('lists by creation, deleted ones on request', async () => {
      const { instances } = opened();
      for (const [index, instanceId] of ['c', 'a', 'b'].entries()) await instances.create({ instanceId, name: instanceId, settings: DEFAULT_SETTINGS }, NOW + index);
      await instances.update('a', { deletedAt: NOW + 5 }, NOW + 5);
      expect((await instances.list()).map(({ instanceId }) => instanceId)).toEqual(['c', 'b']);
      expect((await instances.list({ includeDeleted: true })).map(({ instanceId }) => instanceId)).toEqual(['c', 'a', 'b']);
      expect((await instances.find('a'))?.deletedAt).toBe(NOW + 5);
      await instances.update('a', { deletedAt: null }, NOW + 6);
      expect(await instances.list()).toHaveLength(3);
    });
  });
}

/** What else holds where nodes share the store. */
export function describeSharedInstanceRepositoryContract(name: string, open: () => Promise<OpenSharedRepositories>): void {
  describe(`instance repository: ${name}`, () => {
    const opened = opening(open);
    beforeEach(async () => {
      await opened().instances.create(one, NOW);
    });

    it('changes an instance with the epoch of its owner, and without one', async () => {
      const { instances, takeOver } = opened();
      await takeOver('one', 7);
      expect(await instances.update('one', { name: 'a', active: true }, NOW + 1, 7)).toMatchObject({ name: 'a', active: true, updatedAt: NOW + 1 });
      expect(await instances.update('one', { name: 'b' }, NOW + 2)).toMatchObject({ name: 'b', active: true });
    });

    it('changes nothing with the epoch of a former owner, or where there is none', async () => {
      const { instances, takeOver } = opened();
      await expect(instances.update('one', { name: 'a' }, NOW, 1)).rejects.toMatchObject({ name: 'DomainError', code: 'instance_unowned' });
      await takeOver('one', 7);
      await takeOver('one', 8);
      for (const epoch of [7, 9]) await expect(instances.update('one', { name: 'a' }, NOW, epoch)).rejects.toMatchObject({ code: 'instance_unowned' });
      expect(await instances.find('one')).toMatchObject({ name: one.name, updatedAt: NOW });
      await expect(instances.update('two', { name: 'a' }, NOW, 1)).rejects.toMatchObject({ code: 'instance_not_found' });
    });

    it('lets no change of a former owner through after a takeover, whoever comes first', async () => {
      const { instances, takeOver } = opened();
      await takeOver('one', 1);
      for (let epoch = 1; epoch <= 20; epoch += 1) {
        const late = instances.update('one', { name: `epoch ${epoch}` }, NOW, epoch).then(() => null, (error: unknown) => error);
        await takeOver('one', epoch + 1);
        await instances.update('one', { name: 'mine' }, NOW, epoch + 1);
        expect(await late).toSatisfy((error: unknown) => error === null || (error as { code: unknown }).code === 'instance_unowned');
        expect((await instances.find('one'))?.name).toBe('mine');
      }
    });
  });
}

export function describeWebhookRepositoryContract(name: string, open: () => Promise<OpenRepositories>): void {
  describe(`webhook repository: ${name}`, () => {
    const opened = opening(open);
    beforeEach(async () => {
      await opened().instances.create(one, NOW);
    });

    it('keeps webhooks, each under its own instance', async () => {
      const { webhooks, instances } = opened();
      await instances.create({ ...one, instanceId: 'two' }, NOW);
      const first = webhook('w1');
      expect(await webhooks.create(first)).toEqual(first);
      await webhooks.create(webhook('w2', { createdAt: NOW + 1, enabled: false, headers: {}, events: [] }));
      await webhooks.create(webhook('w3', { instanceId: 'two' }));
      expect(await webhooks.find('one', 'w1')).toEqual(first);
      expect(await webhooks.find('two', 'w1')).toBeNull();
      expect((await webhooks.list('one')).map(({ id }) => id)).toEqual(['w1', 'w2']);
      expect(await webhooks.list('three')).toEqual([]);
    });

    it('refuses a webhook of an instance that is not there', async () => {
      await expect(opened().webhooks.create(webhook('w1', { instanceId: 'none' }))).rejects.toMatchObject({ code: 'instance_not_found' });
    });

    it('changes what the patch says and nothing else', async () => {
      const { webhooks } = opened();
      await webhooks.create(webhook('w1'));
      const patch = { url: 'https://example.com/x', events: ['instance.qr' as const], secret: 'whsec_bmV3', headers: {}, enabled: false };
      expect(await webhooks.update('one', 'w1', patch, NOW + 1)).toEqual({ ...webhook('w1'), ...patch, updatedAt: NOW + 1 });
      expect(await webhooks.update('one', 'w1', { enabled: true }, NOW + 2)).toEqual({ ...webhook('w1'), ...patch, enabled: true, updatedAt: NOW + 2 });
      await expect(webhooks.update('two', 'w1', { enabled: false }, NOW)).rejects.toMatchObject({ code: 'webhook_not_found' });
      expect((await webhooks.find('one', 'w1'))?.enabled).toBe(true);
    });

    it('keeps filter, gap and the secret before, and takes them away again', async () => {
      const { webhooks } = opened();
      const extras = { filter: { chatTypes: ['group' as const], chats: ['15550002222', '99@lid'], fromMe: false }, minIntervalMs: 400, previousSecret: { secret: 'whsec_b2xk', until: NOW + 5 } };
      expect(await webhooks.create(webhook('w1', extras))).toEqual(webhook('w1', extras));
      expect(await webhooks.list('one')).toEqual([webhook('w1', extras)]);
      const patch = { filter: { fromMe: true }, previousSecret: { secret: 'whsec_c2VjcmV0', until: NOW + 9 } };
      expect(await webhooks.update('one', 'w1', patch, NOW)).toEqual(webhook('w1', { ...extras, ...patch }));
      const none = { filter: null, minIntervalMs: 0, previousSecret: null };
      expect(await webhooks.update('one', 'w1', none, NOW)).toEqual(webhook('w1', none));
      expect(await webhooks.find('one', 'w1')).toEqual(webhook('w1'));
    });

    it('removes once, and only under its own instance', async () => {
      const { webhooks } = opened();
      await webhooks.create(webhook('w1'));
      expect(await webhooks.remove('two', 'w1')).toBe(false);
      expect(await webhooks.remove('one', 'w1')).toBe(true);
      expect(await webhooks.remove('one', 'w1')).toBe(false);
      expect(await webhooks.find('one', 'w1')).toBeNull();
    });
  });
}

export function describeApiKeyRepositoryContract(name: string, open: () => Promise<OpenRepositories>): void {
  describe(`API key repository: ${name}`, () => {
    const opened = opening(open);

    it('finds keys by their hash and counts them', async () => {
      const { apiKeys } = opened();
      expect(await apiKeys.count()).toBe(0);
      const key = { id: 'k1', name: 'first', hash: 'ab'.repeat(32), scopes: ['messages:send', 'instances:read'] as const, instances: ['one'], createdAt: NOW, revokedAt: null, lastUsedAt: NOW + 1, rateLimitPerMinute: 60 };
      expect(await apiKeys.create(key)).toBe(true);
      expect(await apiKeys.create({ ...key, id: 'k2', hash: 'cd'.repeat(32), revokedAt: NOW + 1 })).toBe(true);
      expect(await apiKeys.findByHash(key.hash)).toEqual(key);
      expect((await apiKeys.findByHash('cd'.repeat(32)))?.revokedAt).toBe(NOW + 1);
      expect(await apiKeys.findByHash('ef'.repeat(32))).toBeNull();
      expect(await apiKeys.count()).toBe(2);
    });

    it('takes an id once and a hash once', async () => {
      const { apiKeys } = opened();
      const key = { id: 'k1', name: 'first', hash: 'ab'.repeat(32), scopes: ['admin'] as const, instances: null, createdAt: NOW, revokedAt: null, lastUsedAt: null, rateLimitPerMinute: null };
      const hashes = Array.from({ length: 5 }, (_, index) => String(index).repeat(64));
      const made = await Promise.all(hashes.map(hash => apiKeys.create({ ...key, hash })));
      expect(made.filter(Boolean)).toEqual([true]);
      expect((await apiKeys.findByHash(hashes[made.indexOf(true)] ?? ''))?.id).toBe('k1');
      expect(await apiKeys.create({ ...key, id: 'k2', hash: hashes[made.indexOf(true)] ?? '' })).toBe(false);
      expect(await apiKeys.count()).toBe(1);
    });

    it('lists keys by creation, and changes what is given and nothing else', async () => {
      const { apiKeys } = opened();
      const key = { id: 'k1', name: 'first', hash: 'ab'.repeat(32), scopes: ['admin'] as const, instances: null, createdAt: NOW, revokedAt: null, lastUsedAt: null, rateLimitPerMinute: null };
      const second = { ...key, id: 'k2', hash: 'cd'.repeat(32), createdAt: NOW - 1 };
      await apiKeys.create(key);
      await apiKeys.create(second);
      expect(await apiKeys.list()).toEqual([second, key]);
      expect(await apiKeys.find('k2')).toEqual(second);
      expect(await apiKeys.find('k3')).toBeNull();
      const patch = { name: 'núm', scopes: ['cleanup', 'messages:read'] as const, instances: ['one', 'two'], rateLimitPerMinute: 7 };
      expect(await apiKeys.update('k1', patch, true)).toEqual({ ...key, ...patch });
      expect(await apiKeys.update('k1', { instances: null, rateLimitPerMinute: null, name: undefined }, true)).toEqual({ ...key, ...patch, instances: null, rateLimitPerMinute: null });
      expect(await apiKeys.update('k1', { revokedAt: NOW + 5 }, true)).toMatchObject({ revokedAt: NOW + 5, name: 'núm' });
      await expect(apiKeys.update('k3', {}, true)).rejects.toMatchObject({ name: 'DomainError', code: 'key_not_found' });
      await apiKeys.noteUsed('k2', NOW + 9);
      await apiKeys.noteUsed('k2', NOW + 8);
      await apiKeys.noteUsed('k3', NOW);
      expect((await apiKeys.find('k2'))?.lastUsedAt).toBe(NOW + 9);
    });

    it('keeps one that manages keys where that is asked for, however many are changed at once', async () => {
      const { apiKeys } = opened();
      const ids = ['a', 'b', 'c', 'd'];
      for (const id of ids) await apiKeys.create({ id, name: id, hash: id.repeat(64), scopes: ['admin'], instances: null, createdAt: NOW, revokedAt: null, lastUsedAt: null, rateLimitPerMinute: null });
      const patches = [{ revokedAt: NOW }, { scopes: ['cleanup' as const] }, { instances: ['one'] }, { revokedAt: NOW }];
      const ends = await Promise.allSettled(ids.map((id, index) => apiKeys.update(id, patches[index] ?? {}, true)));
      expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
      expect(ends.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'last_admin_key' } });
      const left = (await apiKeys.list()).filter(managesKeys);
      expect(left).toHaveLength(1);
      expect(await apiKeys.update(left[0]?.id ?? '', { revokedAt: NOW }, false)).toMatchObject({ revokedAt: NOW });
    });

    it('makes one first key, however many nodes start', async () => {
      const { apiKeys } = opened();
      const parts = { keys: apiKeys, configuredKey: null, clock: createSystemClock(), random: createSystemRandom() };
      const made = (await Promise.all(Array.from({ length: 5 }, () => createFirstKey(parts)))).filter(key => key !== null);
      expect(made).toHaveLength(1);
      expect(await apiKeys.findByHash(hashKey(made[0] ?? ''))).toMatchObject({ name: 'first key', revokedAt: null });
      expect(await createFirstKey(parts)).toBeNull();
      expect(await apiKeys.count()).toBe(1);
    });
  });
}

export function describeSettingRepositoryContract(name: string, open: () => Promise<OpenRepositories>): void {
  describe(`setting repository: ${name}`, () => {
    const opened = opening(open);

    it('keeps what was put first', async () => {
      const { settings } = opened();
      expect(await settings.getOrPut('network', () => 'first')).toBe('first');
      expect(await settings.getOrPut('network', () => { throw new Error('It is there.'); })).toBe('first');
      expect(await settings.getOrPut('other', () => 'second')).toBe('second');
    });

    it('answers one value to all that ask at once', async () => {
      const { settings } = opened();
      const values = await Promise.all(Array.from({ length: 10 }, (_, index) => settings.getOrPut('network', () => `made by ${index}`)));
      expect(new Set(values).size).toBe(1);
      expect(await settings.getOrPut('network', () => 'late')).toBe(values[0]);
    });
  });
}
