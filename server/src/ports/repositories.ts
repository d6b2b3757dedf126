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
  /** @throws DomainError `instance_not_found` */
  update(instanceId: string, patch: InstancePatch, now: number): Promise<Instance>;
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
  createdAt: number;
  revokedAt: number | null;
}

export interface ApiKeyRepository {
  create(key: ApiKey): Promise<void>;
  findByHash(hash: string): Promise<ApiKey | null>;
  count(): Promise<number>;
}
