/**
 * One process's time as the owner of an instance. Whatever only the owner may do carries it, and the store refuses a write whose epoch is
 * not the latest: a process that was paused and wakes up can change nothing any more.
 */
export interface Tenure {
  readonly instanceId: string;
  /** Grows with every owner; always 0 in a gateway that shares its store with nobody. */
  readonly epoch: number;
}

/** The tenure of every instance in a gateway that shares its store with nobody. */
export function soleTenure(instanceId: string): Tenure {
  return { instanceId, epoch: 0 };
}
