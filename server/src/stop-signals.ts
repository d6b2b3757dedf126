import type { Logger } from 'pino';

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
/** An orderly stop has this long; then the process ends all the same. */
const STOP_WITHIN_MS = 9_000;

/**
 * Ends the process in order at the first signal, or after an exception that nobody caught. Further signals change nothing: a terminal's
 * Ctrl-C arrives twice under npm, which passes on what the terminal has sent to everybody already.
 */
export function onceAskedToStop(logger: Logger, stop: () => Promise<void>): void {
  let stopping = false;

  function end(exitCode: number): void {
    if (stopping) return;
    stopping = true;
    setTimeout(() => {
      logger.fatal('the stop took too long');
      process.exit(1);
    }, STOP_WITHIN_MS).unref();
    stop().then(() => process.exit(exitCode), (err: unknown) => {
      logger.fatal({ err }, 'the stop failed');
      process.exit(1);
    });
  }

  for (const signal of SIGNALS) {
    process.on(signal, () => {
      logger.info({ signal }, 'stopping');
      end(0);
    });
  }
  process.on('uncaughtException', err => {
    logger.fatal({ err }, 'unexpected failure');
    end(1);
  });
}
