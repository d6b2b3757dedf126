import { DEFAULT_SETTINGS } from '@gateway/domain/instances/instance.js';
import type { ApiKeyRepository, InstanceRepository, WebhookRepository } from '@gateway/ports/repositories.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NOW, webhook } from './support/samples';

export interface OpenRepositories {
  instances: InstanceRepository;
  webhooks: WebhookRepository;
  apiKeys: ApiKeyRepository;
  close(): Promise<void>;
}

function opening(open: () => Promise<OpenRepositories>): () => OpenRepositories {
  let opened: OpenRepositories;
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
        ...one, phoneNumber: null, lid: null, status: 'DISCONNECTED', reason: 'created', qr: null, qrAt: null, connectedAt: null, lastSeen: null,
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
      const key = { id: 'k1', name: 'first', hash: 'ab'.repeat(32), createdAt: NOW, revokedAt: null };
      await apiKeys.create(key);
      await apiKeys.create({ ...key, id: 'k2', hash: 'cd'.repeat(32), revokedAt: NOW + 1 });
      expect(await apiKeys.findByHash(key.hash)).toEqual(key);
      expect((await apiKeys.findByHash('cd'.repeat(32)))?.revokedAt).toBe(NOW + 1);
      expect(await apiKeys.findByHash('ef'.repeat(32))).toBeNull();
      expect(await apiKeys.count()).toBe(2);
      await expect(apiKeys.create({ ...key, id: 'k3' })).rejects.toThrow();
    });
  });
}
