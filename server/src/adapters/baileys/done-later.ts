/** Whatever Baileys makes of a message (keys it stores, a state it changes) takes it less than this. */
const MOMENT_MS = 5_000;

export interface DoneLater {
  /** Entries of the journal that Baileys has got, and that make no message of their own. */
  add(hashes: string[]): void;
  /** Leaves what was not marked to the next replay, which repeats it: it can be repeated. Idempotent. */
  stop(): void;
}

/**
 * Marks journal entries done in batches, each between one and two moments after it came.
 * @param mark resolves when they are marked; it does not reject
 */
export function createDoneLater(mark: (hashes: string[]) => Promise<void>): DoneLater {
  let young: string[] = [];
  let old: string[] = [];
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;

  function tick(): void {
    timer = null;
    const ripe = old;
    old = young;
    young = [];
    if (old.length > 0) wait();
    if (ripe.length > 0) void mark(ripe);
  }

  function wait(): void {
    timer ??= setTimeout(tick, MOMENT_MS).unref();
  }

  return {
    add(hashes) {
      if (hashes.length === 0 || stopped) return;
      young.push(...hashes);
      wait();
    },
    stop() {
      stopped = true;
      if (timer) clearTimeout(timer);
      timer = null;
    },
  };
}
