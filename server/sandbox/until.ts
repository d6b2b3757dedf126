import { setTimeout as pause } from 'node:timers/promises';
import { SandboxError } from './sandbox-error.js';

const POLL_MS = 50;

export interface Patience { withinMs: number; signal: AbortSignal }

/**
 * Waits for a condition.
 * @param what the condition in words, e.g. "the gateway answers"
 * @throws SandboxError after that time; AbortError when the signal is aborted
 */
export async function until(what: string, condition: () => boolean | Promise<boolean>, { withinMs, signal }: Patience): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new SandboxError(`It took too long until ${what} (${withinMs / 1000} s).`);
    await pause(POLL_MS, undefined, { signal });
  }
}
