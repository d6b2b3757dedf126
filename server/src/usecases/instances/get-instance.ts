import type { GatewayUseCases } from '../gateway.js';
import type { InstanceUseCaseDeps } from './deps.js';

export function createGetInstance({ find, view }: Pick<InstanceUseCaseDeps, 'find' | 'view'>): GatewayUseCases['getInstance'] {
  return async instanceId => view.one(await find(instanceId));
}
