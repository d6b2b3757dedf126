import type { Instance } from '../../domain/instances/instance.js';
import type { Webhook } from '../../domain/webhooks/webhook.js';
import type { InstanceRepository, Repositories, SettingRepository, WebhookPatch, WebhookRepository } from '../../ports/repositories.js';
import type { Sealer } from '../../ports/vault.js';
import { LINK_SECRET } from '../sql/vault-sql.js';
import { fromSealedHeaders, LINK_SECRET_PLACE, qrPlace, toSealedHeaders, webhookPlace } from './sealed-columns.js';

/** Repositories that keep the secrets among their values sealed. */
export function sealRepositories<T extends Pick<Repositories, 'instances' | 'webhooks' | 'settings'>>(repositories: T, sealer: Sealer): T {
  return { ...repositories, instances: createSealedInstanceRepository(repositories.instances, sealer), webhooks: createSealedWebhookRepository(repositories.webhooks, sealer), settings: createSealedSettingRepository(repositories.settings, sealer) };
}

/** A QR code holds a secret of the session that it pairs. */
function createSealedInstanceRepository(instances: InstanceRepository, sealer: Sealer): InstanceRepository {
  async function open(instance: Instance): Promise<Instance> {
    const { instanceId, qr } = instance;
    return qr === null ? instance : { ...instance, qr: await sealer.openText(qrPlace(instanceId), qr) };
  }
  return {
    create: async (instance, now) => open(await instances.create(instance, now)),
    async find(instanceId) {
      const found = await instances.find(instanceId);
      return found && open(found);
    },
    list: async options => Promise.all((await instances.list(options)).map(open)),
    update: async (instanceId, patch, ...rest) =>
      open(await instances.update(instanceId, typeof patch.qr === 'string' ? { ...patch, qr: sealer.sealText(qrPlace(instanceId), patch.qr) } : patch, ...rest)),
    remove: instanceId => instances.remove(instanceId),
  };
}

/** Secrets and headers, which often hold a token. */
export function createSealedWebhookRepository(webhooks: WebhookRepository, sealer: Sealer): WebhookRepository {
  const seal = <T extends WebhookPatch>(instanceId: string, id: string, webhook: T): T => {
    const { secret, previousSecret, headers } = webhook;
    return {
      ...webhook,
      ...secret !== undefined && { secret: sealer.sealText(webhookPlace(instanceId, 'secret', id), secret) },
      ...previousSecret && { previousSecret: { ...previousSecret, secret: sealer.sealText(webhookPlace(instanceId, 'previousSecret', id), previousSecret.secret) } },
      ...headers && { headers: toSealedHeaders(sealer.sealText(webhookPlace(instanceId, 'headers', id), JSON.stringify(headers))) },
    };
  };
  async function open(webhook: Webhook): Promise<Webhook> {
    const { id, instanceId, secret, previousSecret, headers } = webhook;
    return {
      ...webhook,
      secret: await sealer.openText(webhookPlace(instanceId, 'secret', id), secret),
      previousSecret: previousSecret && { ...previousSecret, secret: await sealer.openText(webhookPlace(instanceId, 'previousSecret', id), previousSecret.secret) },
      headers: JSON.parse(await sealer.openText(webhookPlace(instanceId, 'headers', id), fromSealedHeaders(headers) ?? '')) as Record<string, string>,
    };
  }

  return {
    create: async webhook => open(await webhooks.create(seal(webhook.instanceId, webhook.id, webhook))),
    async find(instanceId, webhookId) {
      const found = await webhooks.find(instanceId, webhookId);
      return found && open(found);
    },
    list: async instanceId => Promise.all((await webhooks.list(instanceId)).map(open)),
    update: async (instanceId, webhookId, patch, now) => open(await webhooks.update(instanceId, webhookId, seal(instanceId, webhookId, patch), now)),
    remove: (instanceId, webhookId) => webhooks.remove(instanceId, webhookId),
  };
}

/** Only the link secret is one. */
function createSealedSettingRepository(settings: SettingRepository, sealer: Sealer): SettingRepository {
  return {
    async getOrPut(name, make) {
      if (name !== LINK_SECRET) return settings.getOrPut(name, make);
      return sealer.openText(LINK_SECRET_PLACE, await settings.getOrPut(name, () => sealer.sealText(LINK_SECRET_PLACE, make())));
    },
  };
}
