/** Time and timers, so that tests can control them. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Milliseconds since some moment of the past. Never goes back, whatever becomes of the time of day: for what must not last too long. */
  elapsed(): number;
  /** Runs `work` once after `ms`; answers a function that cancels it. The timer does not keep the process alive. */
  after(ms: number, work: () => void): () => void;
}

/** Randomness, so that tests can control it. */
export interface Random {
  bytes(size: number): Uint8Array;
  /** A float in [0, 1). */
  float(): number;
  /** A UUID, version 7 where order helps (RFC 9562). */
  uuid(): string;
}
