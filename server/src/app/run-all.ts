import type { Logger } from 'pino';

/** Last opened, first closed; each is tried even when another fails. */
export async function runAll(cleanups: (() => unknown)[], logger: Logger): Promise<void> {
  for (const cleanup of cleanups.reverse()) {
    try {
      await cleanup();
    } catch (err) {
      logger.error({ err }, 'a part could not be stopped');
    }
  }
}
