import type { Repositories } from '../../ports/repositories.js';
import { createPrismaApiKeyRepository, type ChangeKeysAlone } from './api-key-repository.js';
import type { PrismaClient } from './client.js';
import { createPrismaInstanceRepository, type HoldTenure } from './instance-repository.js';
import { createPatience, type Patience } from './patience.js';
import { createPrismaSettingRepository } from './setting-repository.js';
import { createPrismaWebhookRepository } from './webhook-repository.js';

/** On the embedded database, which one process has to itself. */
export function createEmbeddedRepositories(prisma: PrismaClient): Repositories {
  return createRepositories(prisma, inTurn(prisma));
}

/**
 * On PostgreSQL, which nodes share and which may be away for a moment: an instance is changed with an epoch only while that is the latest, and what
 * fails because the database cannot be reached is tried again for some seconds, if it is safe to.
 * @throws DomainError `store_unavailable`, from each method, beside what its port says
 */
export function createPostgresRepositories(prisma: PrismaClient, patience: Patience = createPatience()): Repositories {
  return patient(createRepositories(prisma, lockKeys(prisma), holdTenure), patience);
}

function createRepositories(prisma: PrismaClient, changeKeysAlone: ChangeKeysAlone, hold?: HoldTenure): Repositories {
  return {
    instances: createPrismaInstanceRepository(prisma, hold),
    webhooks: createPrismaWebhookRepository(prisma),
    apiKeys: createPrismaApiKeyRepository(prisma, changeKeysAlone),
    settings: createPrismaSettingRepository(prisma),
  };
}

/** One process has the database to itself. */
function inTurn(prisma: PrismaClient): ChangeKeysAlone {
  let last: Promise<unknown> = Promise.resolve();
  return work => {
    const turn = last.then(() => work(prisma));
    last = turn.catch(() => undefined);
    return turn;
  };
}

/** There are few keys; in one order, so that nobody waits for somebody who waits for him. */
function lockKeys(prisma: PrismaClient): ChangeKeysAlone {
  return work => prisma.$transaction(async transaction => {
    await transaction.$queryRaw`SELECT 1 FROM "ApiKey" ORDER BY id FOR UPDATE`;
    return work(transaction);
  });
}

/** The lock conflicts with a change of the epoch, which is part of a key, and with nothing else. */
const holdTenure: HoldTenure = async (transaction, { instanceId, epoch }) => {
  const rows = await transaction.$queryRaw<unknown[]>`SELECT 1 FROM "Lease" WHERE "instanceId" = ${instanceId} AND "epoch" = ${BigInt(epoch)} FOR KEY SHARE`;
  return rows.length > 0;
};

/** Repeated is what reads, and what sets values that do not depend on what was there: once or twice is the same. */
function patient({ instances, webhooks, apiKeys, settings }: Repositories, { once, repeat }: Patience): Repositories {
  return {
    instances: {
      create: (...args) => once(() => instances.create(...args)),
      find: (...args) => repeat(() => instances.find(...args)),
      list: (...args) => repeat(() => instances.list(...args)),
      update: (...args) => repeat(() => instances.update(...args)),
      remove: (...args) => repeat(() => instances.remove(...args)),
    },
    webhooks: {
      create: (...args) => once(() => webhooks.create(...args)),
      find: (...args) => repeat(() => webhooks.find(...args)),
      list: (...args) => repeat(() => webhooks.list(...args)),
      update: (...args) => repeat(() => webhooks.update(...args)),
      remove: (...args) => once(() => webhooks.remove(...args)),
    },
    apiKeys: {
      create: (...args) => once(() => apiKeys.create(...args)),
      findByHash: (...args) => repeat(() => apiKeys.findByHash(...args)),
      find: (...args) => repeat(() => apiKeys.find(...args)),
      list: () => repeat(() => apiKeys.list()),
      update: (...args) => repeat(() => apiKeys.update(...args)),
      noteUsed: (...args) => repeat(() => apiKeys.noteUsed(...args)),
      count: () => repeat(() => apiKeys.count()),
    },
    settings: {
      getOrPut: (...args) => repeat(() => settings.getOrPut(...args)),
    },
  };
}
