import { DomainError } from '../../domain/errors.js';
import type { EventType } from '../../domain/events/event.js';
import type { Webhook } from '../../domain/webhooks/webhook.js';
import type { WebhookRepository } from '../../ports/repositories.js';
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
            ...webhook,
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
    async update(instanceId, webhookId, { events, headers, ...plain }, now) {
      try {
        return toWebhook(await prisma.webhook.update({
          where: { id: webhookId, instanceId },
          data: {
            ...plain,
            events: events && JSON.stringify(events),
            headers: headers && JSON.stringify(headers),
            updatedAt: toColumn(now),
          },
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

function toWebhook(row: Row): Webhook {
  return {
    ...row,
    events: JSON.parse(row.events) as EventType[],
    headers: JSON.parse(row.headers) as Record<string, string>,
    createdAt: fromColumn(row.createdAt),
    updatedAt: fromColumn(row.updatedAt),
  };
}
