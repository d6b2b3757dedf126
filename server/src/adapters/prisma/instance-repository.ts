import { DomainError } from '../../domain/errors.js';
import { DEFAULT_SETTINGS, type Instance, type InstanceSettings, type InstanceStatus } from '../../domain/instances/instance.js';
import type { ReasonCode } from '../../domain/instances/reasons.js';
import type { Tenure } from '../../domain/instances/tenure.js';
import type { InstancePatch, InstanceRepository } from '../../ports/repositories.js';
import type { Instance as Row } from '../../generated/sqlite/client.js';
import type { PrismaClient } from './client.js';
import { fromColumn, isRefusal, toColumn } from './columns.js';

/** Whether the tenure is the instance's latest; if so, it stays so until the end of the transaction. */
export type HoldTenure = (transaction: Pick<PrismaClient, '$queryRaw'>, tenure: Tenure) => Promise<boolean>;

/**
 * Instances through Prisma.
 * @param holdTenure none where one process has the store to itself; an epoch is ignored then
 */
export function createPrismaInstanceRepository(prisma: PrismaClient, holdTenure?: HoldTenure): InstanceRepository {
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
    async update(instanceId, patch, now, epoch) {
      const change = (client: Pick<PrismaClient, 'instance'>): Promise<Row> => client.instance.update({ where: { instanceId }, data: toColumns(epoch === undefined || patch.status === undefined ? patch : { ...patch, statusEpoch: epoch }, now) });
      try {
        if (epoch === undefined || !holdTenure) return toInstance(await change(prisma));
        return toInstance(await prisma.$transaction(async transaction => {
          if (await holdTenure(transaction, { instanceId, epoch }) || await transaction.instance.count({ where: { instanceId } }) === 0) return change(transaction);
          throw new DomainError('instance_unowned', `Another node owns the instance "${instanceId}" now; nothing was changed.`, { hint: 'Try again: the new owner answers.' });
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

/** What is undefined stays as it is. */
function toColumns({ settings, statusEpoch, qrAt, connectedAt, lastSeen, deletedAt, ...plain }: InstancePatch, now: number) {
  return {
    ...plain,
    settings: settings && JSON.stringify(settings),
    statusEpoch: toColumn(statusEpoch),
    qrAt: toColumn(qrAt),
    connectedAt: toColumn(connectedAt),
    lastSeen: toColumn(lastSeen),
    deletedAt: toColumn(deletedAt),
    updatedAt: toColumn(now),
  };
}

function toInstance(row: Row): Instance {
  return {
    ...row,
    status: row.status as InstanceStatus,
    reason: row.reason as ReasonCode,
    statusEpoch: fromColumn(row.statusEpoch),
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
