import { setTimeout as sleep } from 'node:timers/promises';

/**
 * The first value that `probe` gives other than undefined, asked several times a second.
 * @throws Error that names what was awaited, after `timeoutMs`
 */
export async function eventually<T>(what: string, probe: () => Promise<T | undefined>, timeoutMs = 45_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    if (Date.now() > deadline) throw new Error(`Not within ${timeoutMs} ms: ${what}`);
    await sleep(100);
  }
}
