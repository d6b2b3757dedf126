import { DomainError } from '../../domain/errors.js';
import { DEFAULT_SETTINGS, type Instance, type InstanceSettings, type InstanceStatus } from '../../domain/instances/instance.js';
import type { ReasonCode } from '../../domain/instances/reasons.js';
import type { InstanceRepository } from '../../ports/repositories.js';
import type { Instance as Row } from '../../generated/sqlite/client.js';
import type { PrismaClient } from './client.js';
import { fromColumn, isRefusal, toColumn } from './columns.js';

/** Instances through Prisma. */
export function createPrismaInstanceRepository(prisma: PrismaClient): InstanceRepository {
  return {
    async create({ instanceId, name, settings }, now) {
      const at = toColumn(now);
      try {
        return toInstance(await prisma.instance.create({
          data: {
            instanceId, name, settings: JSON.stringify(settings), status: 'DISCONNECTED', reason: 'created', active: false, createdAt: at, updatedAt: at,
          },
        }));
      } catch (error) {
        if (!isRefusal(error, 'P2002')) throw error;
        throw new DomainError('instance_exists', `There is an instance "${instanceId}" already.`, {
          hint: 'Use another instanceId, or restore the instance if it was deleted.', field: 'instanceId', cause: error,
        });
      }
    },
    async find(instanceId) {
      const row = await prisma.instance.findUnique({ where: { instanceId } });
      return row && toInstance(row);
    },
    async list({ includeDeleted = false } = {}) {
      const rows = await prisma.instance.findMany({
        where: includeDeleted ? {} : { deletedAt: null },
        orderBy: [{ createdAt: 'asc' }, { instanceId: 'asc' }],
      });
      return rows.map(toInstance);
    },
    async update(instanceId, patch, now) {
      const { settings, qrAt, connectedAt, lastSeen, deletedAt, ...plain } = patch;
      try {
        return toInstance(await prisma.instance.update({
          where: { instanceId },
          data: {
            ...plain,
            settings: settings && JSON.stringify(settings),
            qrAt: toColumn(qrAt),
            connectedAt: toColumn(connectedAt),
            lastSeen: toColumn(lastSeen),
            deletedAt: toColumn(deletedAt),
            updatedAt: toColumn(now),
          },
        }));
      } catch (error) {
        if (!isRefusal(error, 'P2025')) throw error;
        throw new DomainError('instance_not_found', `There is no instance "${instanceId}".`, { cause: error });
      }
    },
    async remove(instanceId) {
      await prisma.instance.deleteMany({ where: { instanceId } });
    },
  };
}

function toInstance(row: Row): Instance {
  return {
    ...row,
    status: row.status as InstanceStatus,
    reason: row.reason as ReasonCode,
    qrAt: fromColumn(row.qrAt),
    connectedAt: fromColumn(row.connectedAt),
    lastSeen: fromColumn(row.lastSeen),
    // Settings that came with a later release have their default.
    settings: { ...DEFAULT_SETTINGS, ...(JSON.parse(row.settings) as Partial<InstanceSettings>) },
    createdAt: fromColumn(row.createdAt),
    updatedAt: fromColumn(row.updatedAt),
    deletedAt: fromColumn(row.deletedAt),
  };
}
