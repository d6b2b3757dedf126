export const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));

/**
 * Asks every few milliseconds until the answer is truthy, and resolves with it.
 * @template T
 * @param {string} what for the error
 * @param {() => T | Promise<T>} condition
 * @param {{ timeoutMs?: number, everyMs?: number }} [options]
 * @returns {Promise<T>}
 */
export async function until(what, condition, { timeoutMs = 60_000, everyMs = 10 } = {}) {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await condition();
    if (answer) return answer;
    if (performance.now() > deadline) throw new Error(`Not within ${timeoutMs / 1_000} s: ${what}`);
    await sleep(everyMs);
  }
}

/**
 * @template T
 * @param {string} what for the error
 * @param {Promise<T>} work
 * @param {number} ms
 * @returns {Promise<T>}
 */
export async function within(what, work, ms) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Not within ${ms / 1_000} s: ${what}`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
