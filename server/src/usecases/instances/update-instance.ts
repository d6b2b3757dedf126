import type { GatewayUseCases } from '../gateway.js';
import type { InstanceUseCaseDeps } from './deps.js';

/** Changes name and settings; settings that are not named stay as they are. */
export function createUpdateInstance({ instances, find, view, clock }: InstanceUseCaseDeps): GatewayUseCases['updateInstance'] {
  return async (instanceId, { name, settings }) => {
    const row = await find(instanceId);
    return view.one(await instances.update(instanceId, {
      ...(name === undefined ? {} : { name }),
      ...(settings === undefined ? {} : { settings: { ...row.settings, ...settings } }),
    }, clock.now()));
  };
}
