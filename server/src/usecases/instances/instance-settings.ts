import { LRUCache } from 'lru-cache';
import { DEFAULT_SETTINGS, type InstanceSettings } from '../../domain/instances/instance.js';
import type { InstanceRepository } from '../../ports/repositories.js';

const KEPT_MS = 5_000;

export interface SettingsReader {
  of(instanceId: string): Promise<InstanceSettings>;
  /** To be called after a change made here; one made elsewhere is seen within seconds. */
  forget(instanceId: string): void;
}

/** An instance's settings for the path that every message takes: read at most every few seconds. */
export function createSettingsReader(instances: Pick<InstanceRepository, 'find'>): SettingsReader {
  const known = new LRUCache<string, InstanceSettings>({ max: 5_000, ttl: KEPT_MS });
  return {
    async of(instanceId) {
      const settings = known.get(instanceId) ?? (await instances.find(instanceId))?.settings ?? DEFAULT_SETTINGS;
      known.set(instanceId, settings);
      return settings;
    },
    forget: instanceId => void known.delete(instanceId),
  };
}
