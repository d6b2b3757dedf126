import type { Scope } from '../domain/access/scopes.js';
import type { Instance, InstanceSettings } from '../domain/instances/instance.js';
import type { Webhook } from '../domain/webhooks/webhook.js';

/** What may change in an instance's row after it was made. */
export type InstancePatch = Partial<Omit<Instance, 'instanceId' | 'createdAt' | 'updatedAt'>>;

export interface NewInstance {
  instanceId: string;
  name: string;
  settings: InstanceSettings;
}

/** Instances, for everything a person waits for. */
export interface InstanceRepository {
  /** @throws DomainError `instance_exists`, also when the id belongs to a deleted instance. */
  create(instance: NewInstance, now: number): Promise<Instance>;
  /** Deleted ones included; null when there is none. */
  find(instanceId: string): Promise<Instance | null>;
  /** By creation; deleted ones only on request. */
  list(options?: { includeDeleted?: boolean }): Promise<Instance[]>;
  /**
   * @param epoch the owner's, where the change is only right while it owns the instance; kept as `statusEpoch` where the status is changed
   * @throws DomainError `instance_not_found`; `instance_unowned` when the epoch is not the latest
   */
  update(instanceId: string, patch: InstancePatch, now: number, epoch?: number): Promise<Instance>;
  /** Removes the row for good, and the instance's webhooks with it. Harmless when it is gone. */
  remove(instanceId: string): Promise<void>;
}

/** What may change in a webhook after it was made. */
export type WebhookPatch = Partial<Omit<Webhook, 'id' | 'instanceId' | 'createdAt' | 'updatedAt'>>;

/** Webhook registrations. */
export interface WebhookRepository {
  create(webhook: Webhook): Promise<Webhook>;
  find(instanceId: string, webhookId: string): Promise<Webhook | null>;
  list(instanceId: string): Promise<Webhook[]>;
  /** @throws DomainError `webhook_not_found` */
  update(instanceId: string, webhookId: string, patch: WebhookPatch, now: number): Promise<Webhook>;
  /** Removes the webhook; its pending deliveries go with it. False when there was none. */
  remove(instanceId: string, webhookId: string): Promise<boolean>;
}

/** An API key as it is kept: only the hash of the secret part. */
export interface ApiKey {
  id: string;
  name: string;
  /** SHA-256 of the key, hex. */
  hash: string;
  scopes: readonly Scope[];
  /** The instances it is bound to; null: all. */
  instances: readonly string[] | null;
  createdAt: number;
  revokedAt: number | null;
  /** Some minutes old at most. */
  lastUsedAt: number | null;
  /** Calls a minute; null: what the configuration says of every key. */
  rateLimitPerMinute: number | null;
}

/** What may change in a key after it was made. */
export type ApiKeyPatch = Partial<Pick<ApiKey, 'name' | 'scopes' | 'instances' | 'rateLimitPerMinute' | 'revokedAt'>>;

export interface ApiKeyRepository {
  /** False when there is a key with this id or this hash already; nothing is written then. */
  create(key: ApiKey): Promise<boolean>;
  findByHash(hash: string): Promise<ApiKey | null>;
  find(keyId: string): Promise<ApiKey | null>;
  /** By creation, revoked ones too. */
  list(): Promise<ApiKey[]>;
  /**
   * @param keepsManager refuses what would leave no key that `managesKeys`, also when several are changed at once, on any node
   * @throws DomainError `key_not_found`, `last_admin_key`; nothing is changed then
   */
  update(keyId: string, patch: ApiKeyPatch, keepsManager: boolean): Promise<ApiKey>;
  /** Harmless where the key is gone, or was used later. */
  noteUsed(keyId: string, at: number): Promise<void>;
  count(): Promise<number>;
}

/** What all nodes of an installation have in common. */
export interface SettingRepository {
  /** The value; made by `make` where there is none. However many ask at once, all get the same. */
  getOrPut(name: string, make: () => string): Promise<string>;
}

/** What a person waits for; messages and sessions have ports of their own. */
export interface Repositories {
  instances: InstanceRepository;
  webhooks: WebhookRepository;
  apiKeys: ApiKeyRepository;
  settings: SettingRepository;
}
