import type { ConnectionHistory } from '../../ports/connection-history.js';
import type { InstanceRepository } from '../../ports/repositories.js';
import type { GatewayUseCases } from '../gateway.js';
import { findEvenDeleted } from './find-instance.js';

/** What became of an instance's connection, latest first; of a deleted instance, too. */
export function createListConnectionHistory({ instances, history }: { instances: Pick<InstanceRepository, 'find'>; history: Pick<ConnectionHistory, 'list'> }): GatewayUseCases['listConnectionHistory'] {
  return async (instanceId, query) => {
    await findEvenDeleted(instances, instanceId);
    return history.list(instanceId, query);
  };
}
