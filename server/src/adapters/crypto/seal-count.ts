/** As many values as one key may seal with random nonces of 96 bits: NIST SP 800-38D, 8.3. */
export const SEALS_ALLOWED = 2 ** 32;
/** Half of that: what is sealed while a new key is made, and what nobody counted, still fits. */
const SEALS_OF_A_KEY = 2 ** 31;
/** Noted at once, before they are made: a process that ends leaves the rest unused. */
const RESERVED_AT_ONCE = 2 ** 20;

export interface SealCountOptions {
  /** Notes uses of a key before they are made; answers how many are noted in all. */
  reserve: (keyId: number, uses: number) => Promise<number>;
  /** The key has sealed enough: called more than once. */
  onWornOut: (keyId: number) => void;
  onError: (error: unknown) => void;
  reservedAtOnce?: number;
  sealsOfAKey?: number;
}

export interface SealCount {
  noteSeal(keyId: number): void;
  /** Resolves when what was noted is durable. */
  settled(): Promise<void>;
}

/** Counts, over all processes and their lives, what a key has sealed. The count is never less than the truth by more than one reservation. */
export function createSealCount({ reserve, onWornOut, onError, reservedAtOnce = RESERVED_AT_ONCE, sealsOfAKey = SEALS_OF_A_KEY }: SealCountOptions): SealCount {
  let current = 0;
  let left = 0;
  let reserving: Promise<void> | null = null;

  async function reserveMore(keyId: number): Promise<void> {
    while (keyId === current && left < reservedAtOnce / 2) {
      const uses = reservedAtOnce + Math.max(0, -left);
      const total = await reserve(keyId, uses);
      if (keyId === current) left += uses;
      if (total >= sealsOfAKey) onWornOut(keyId);
    }
  }

  return {
    noteSeal(keyId) {
      if (keyId !== current) [current, left] = [keyId, 0];
      left -= 1;
      if (left < reservedAtOnce / 2) reserving ??= reserveMore(keyId).catch(onError).finally(() => { reserving = null; });
    },
    settled: async () => { await reserving; },
  };
}
