/** Mutual exclusion by name; a lock that nobody holds or waits for takes no memory. */
export interface KeyedLock {
  /** Runs `work` while holding every name; names are taken in one global order, so that two callers never wait for each other. */
  run<T>(names: string[], work: () => Promise<T>): Promise<T>;
}
