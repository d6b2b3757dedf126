import { DomainError } from '../../domain/errors.js';
import type { EventType } from '../../domain/events/event.js';
import type { Webhook, WebhookFilter } from '../../domain/webhooks/webhook.js';
import type { WebhookPatch, WebhookRepository } from '../../ports/repositories.js';
import type { Webhook as Row } from '../../generated/sqlite/client.js';
import type { PrismaClient } from './client.js';
import { fromColumn, isRefusal, toColumn } from './columns.js';

/** Webhooks through Prisma. Removing one removes its deliveries by foreign key. */
export function createPrismaWebhookRepository(prisma: PrismaClient): WebhookRepository {
  return {
    async create(webhook) {
      try {
        return toWebhook(await prisma.webhook.create({
          data: {
            ...toColumns(webhook),
            events: JSON.stringify(webhook.events),
            headers: JSON.stringify(webhook.headers),
            createdAt: toColumn(webhook.createdAt),
            updatedAt: toColumn(webhook.updatedAt),
          },
        }));
      } catch (error) {
        if (!isRefusal(error, 'P2003')) throw error;
        throw new DomainError('instance_not_found', `There is no instance "${webhook.instanceId}".`, { cause: error });
      }
    },
    async find(instanceId, webhookId) {
      const row = await prisma.webhook.findUnique({ where: { id: webhookId, instanceId } });
      return row && toWebhook(row);
    },
    async list(instanceId) {
      const rows = await prisma.webhook.findMany({ where: { instanceId }, orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] });
      return rows.map(toWebhook);
    },
    async update(instanceId, webhookId, patch, now) {
      try {
        return toWebhook(await prisma.webhook.update({
          where: { id: webhookId, instanceId },
          data: { ...toColumns(patch), updatedAt: toColumn(now) },
        }));
      } catch (error) {
        if (!isRefusal(error, 'P2025')) throw error;
        throw new DomainError('webhook_not_found', `The instance "${instanceId}" has no webhook "${webhookId}".`, { cause: error });
      }
    },
    async remove(instanceId, webhookId) {
      const { count } = await prisma.webhook.deleteMany({ where: { id: webhookId, instanceId } });
      return count > 0;
    },
  };
}

/** What is undefined stays as it is. */
function toColumns<T extends WebhookPatch>({ events, headers, filter, previousSecret, ...plain }: T) {
  return {
    ...plain,
    events: events && JSON.stringify(events),
    headers: headers && JSON.stringify(headers),
    filter: filter && JSON.stringify(filter),
    previousSecret: previousSecret && previousSecret.secret,
    previousSecretUntil: toColumn(previousSecret && previousSecret.until),
  };
}

function toWebhook({ previousSecret, previousSecretUntil, ...row }: Row): Webhook {
  return {
    ...row,
    events: JSON.parse(row.events) as EventType[],
    headers: JSON.parse(row.headers) as Record<string, string>,
    filter: row.filter === null ? null : JSON.parse(row.filter) as WebhookFilter,
    previousSecret: previousSecret === null || previousSecretUntil === null ? null : { secret: previousSecret, until: fromColumn(previousSecretUntil) },
    createdAt: fromColumn(row.createdAt),
    updatedAt: fromColumn(row.updatedAt),
  };
}
