import { DomainError } from '../../domain/errors.js';
import type { Instance } from '../../domain/instances/instance.js';
import type { InstanceRepository } from '../../ports/repositories.js';

/** Answers the row of an instance that is in use. @throws DomainError `instance_not_found` */
export type InstanceLookup = (instanceId: string) => Promise<Instance>;

export function createInstanceLookup(instances: Pick<InstanceRepository, 'find'>): InstanceLookup {
  return async instanceId => {
    const instance = await instances.find(instanceId);
    if (instance && instance.deletedAt === null) return instance;
    throw new DomainError('instance_not_found', `There is no instance "${instanceId}".`, {
      hint: instance ? 'It was deleted; restore it with POST /instances/{id}/restore.' : 'List the instances with GET /instances, or create it with POST /instances.',
    });
  };
}

/** The same for verbs that know deleted instances. */
export async function findEvenDeleted(instances: Pick<InstanceRepository, 'find'>, instanceId: string): Promise<Instance> {
  const instance = await instances.find(instanceId);
  if (instance) return instance;
  throw new DomainError('instance_not_found', `There is no instance "${instanceId}".`, { hint: 'GET /instances?includeDeleted=true lists all of them, those that were deleted, too.' });
}
