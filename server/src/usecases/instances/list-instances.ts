import type { GatewayUseCases } from '../gateway.js';
import type { InstanceUseCaseDeps } from './deps.js';

/** All instances with their live state, by creation. */
export function createListInstances({ instances, view }: InstanceUseCaseDeps): GatewayUseCases['listInstances'] {
  return async options => view.many(await instances.list(options));
}
