import type { GatewayUseCases } from '../gateway.js';
import type { InstanceUseCaseDeps } from './deps.js';

/** Changes name and settings; settings that are not named stay as they are. */
export function createUpdateInstance({ instances, find, view, onSettings, clock }: InstanceUseCaseDeps): GatewayUseCases['updateInstance'] {
  return async (instanceId, { name, settings }) => {
    const row = await find(instanceId);
    const changed = await instances.update(instanceId, {
      ...(name === undefined ? {} : { name }),
      ...(settings === undefined ? {} : { settings: { ...row.settings, ...settings } }),
    }, clock.now());
    if (settings !== undefined) onSettings(instanceId);
    return view.one(changed);
  };
}
