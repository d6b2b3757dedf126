import { DEFAULT_SETTINGS } from '../../domain/instances/instance.js';
import type { GatewayUseCases } from '../gateway.js';
import type { InstanceUseCaseDeps } from './deps.js';

/** Makes an instance that is not connected yet. Its name is its id where none is given. */
export function createCreateInstance({ instances, view, clock }: InstanceUseCaseDeps): GatewayUseCases['createInstance'] {
  return async ({ instanceId, name, settings }) =>
    view.one(await instances.create({ instanceId, name: name ?? instanceId, settings: { ...DEFAULT_SETTINGS, ...settings } }, clock.now()));
}
