import type { GatewayUseCases } from '../gateway.js';
import type { InstanceUseCaseDeps } from './deps.js';

/** Instances with their live state, by creation. */
export function createListInstances({ instances, view }: InstanceUseCaseDeps): GatewayUseCases['listInstances'] {
  return async ({ includeDeleted, only = null }) => {
    const rows = await instances.list({ includeDeleted });
    return view.many(only === null ? rows : rows.filter(({ instanceId }) => only.includes(instanceId)));
  };
}
