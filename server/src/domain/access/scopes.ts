/** What a key may permit. `admin` permits everything, and what no other scope does. */
export const SCOPES = ['admin', 'instances:read', 'instances:write', 'messages:send', 'messages:read', 'webhooks:write', 'cleanup'] as const;
export type Scope = (typeof SCOPES)[number];

/** Who asks: the facts of a key that permissions are judged by. */
export interface Principal {
  /** The key's id; `gateway` for what the gateway does by itself. */
  id: string;
  name: string;
  scopes: readonly Scope[];
  /** The instances that it is bound to; null: all. */
  instances: readonly string[] | null;
  /** Calls a minute; null, or left out: as many as the configuration says. */
  rateLimitPerMinute?: number | null;
}

/** The gateway, acting by itself: clean-ups, restarts, expiry. */
export const GATEWAY: Principal = { id: 'gateway', name: 'gateway', scopes: ['admin'], instances: null };

/** Whether this principal may do what asks for that scope, to that instance; null: to what concerns no single instance, or all of them. */
export function permits({ scopes, instances }: Pick<Principal, 'scopes' | 'instances'>, scope: Scope, instanceId: string | null): boolean {
  return hasScope({ scopes }, scope) && (instances === null || (instanceId !== null && instances.includes(instanceId)));
}

/** Whether its scopes are enough, whatever the instance. */
export function hasScope({ scopes }: Pick<Principal, 'scopes'>, scope: Scope): boolean {
  return scopes.includes('admin') || scopes.includes(scope);
}

/** Whether the key works, and may make, change and revoke keys. One that is bound to instances may not: it could make one that is not. */
export function managesKeys({ scopes, instances, revokedAt }: Pick<Principal, 'scopes' | 'instances'> & { revokedAt: number | null }): boolean {
  return revokedAt === null && instances === null && scopes.includes('admin');
}

/** Whether anything of that instance is this principal's business. */
export function mayTouch({ instances }: Pick<Principal, 'instances'>, instanceId: string): boolean {
  return instances === null || instances.includes(instanceId);
}
