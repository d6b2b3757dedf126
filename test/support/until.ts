/** Between two questions: at first hardly any time, so that what is quick stays quick; later a twentieth of what it has taken so far. */
const PAUSE_MS = { least: 5, most: 50, share: 1 / 20 };

/**
 * Waits for a condition: asks again and again until it holds. A question may cost a request or a connection, and on two cores those who ask
 * take the time of those who answer.
 * @throws Error that names the condition, after `timeoutMs`
 */
export async function until(what: string, condition: () => boolean | Promise<boolean>, timeoutMs = 25_000): Promise<void> {
  const started = Date.now();
  while (!(await condition())) {
    const took = Date.now() - started;
    if (took > timeoutMs) throw new Error(`Not within ${timeoutMs} ms: ${what}`);
    const pauseMs = Math.min(PAUSE_MS.most, Math.max(PAUSE_MS.least, took * PAUSE_MS.share));
    await new Promise(resolve => setTimeout(resolve, pauseMs));
  }
}
