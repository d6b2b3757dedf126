import { DomainError } from '../../domain/errors.js';
import type { Webhook } from '../../domain/webhooks/webhook.js';
import type { InstanceRepository, WebhookRepository } from '../../ports/repositories.js';

/** @throws DomainError `instance_not_found`, also for a deleted instance */
export async function requireInstance(instances: Pick<InstanceRepository, 'find'>, instanceId: string): Promise<void> {
  const instance = await instances.find(instanceId);
  if (instance === null || instance.deletedAt !== null) {
    throw new DomainError('instance_not_found', `There is no instance ${instanceId}.`, { hint: 'List the instances to see their ids; a deleted one can be restored.' });
  }
}

/** @throws DomainError `webhook_not_found` */
export async function requireWebhook(webhooks: Pick<WebhookRepository, 'find'>, instanceId: string, webhookId: string): Promise<Webhook> {
  const webhook = await webhooks.find(instanceId, webhookId);
  if (webhook === null) {
    throw new DomainError('webhook_not_found', `Instance ${instanceId} has no webhook ${webhookId}.`, { hint: 'List the webhooks of the instance to see their ids.' });
  }
  return webhook;
}
