import { DomainError } from '../../domain/errors.js';
import type { Webhook } from '../../domain/webhooks/webhook.js';
import type { WebhookRepository } from '../../ports/repositories.js';

/** @throws DomainError `webhook_not_found` */
export async function requireWebhook(webhooks: Pick<WebhookRepository, 'find'>, instanceId: string, webhookId: string): Promise<Webhook> {
  const webhook = await webhooks.find(instanceId, webhookId);
  if (webhook === null) {
    throw new DomainError('webhook_not_found', `Instance ${instanceId} has no webhook ${webhookId}.`, { hint: 'List the webhooks of the instance to see their ids.' });
  }
  return webhook;
}
