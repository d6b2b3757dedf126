import type { GatewayUseCases } from '../gateway.js';
import { createCreateInstance } from './create-instance.js';
import { createDeleteInstance } from './delete-instance.js';
import type { InstanceUseCaseDeps } from './deps.js';
import { createGetInstance } from './get-instance.js';
import { createListInstances } from './list-instances.js';
import { createPurgeInstance } from './purge-instance.js';
import { createRestoreInstance } from './restore-instance.js';
import { createUpdateInstance } from './update-instance.js';

export type InstanceUseCases = Pick<GatewayUseCases, 'createInstance' | 'listInstances' | 'getInstance' | 'updateInstance' | 'deleteInstance' | 'purgeInstance' | 'restoreInstance'>;

/** All verbs of instances as rows, for the composition root. */
export function createInstanceUseCases(deps: InstanceUseCaseDeps): InstanceUseCases {
  return {
    createInstance: createCreateInstance(deps),
    listInstances: createListInstances(deps),
    getInstance: createGetInstance(deps),
    updateInstance: createUpdateInstance(deps),
    deleteInstance: createDeleteInstance(deps),
    purgeInstance: createPurgeInstance(deps),
    restoreInstance: createRestoreInstance(deps),
  };
}
