import type { Logger } from 'pino';

/**
 * libsignal prints whole session entries, private keys included, to the console. Nothing in the gateway writes there, so the
 * console is taken away in the process: of what somebody else prints, only a short first line reaches the log, at debug level.
 */
export function quietConsole(logger: Logger): void {
  const swallow = (first?: unknown) => {
    logger.debug({ line: typeof first === 'string' ? first.slice(0, 80) : typeof first }, 'console output');
  };
  console.log = swallow;
  console.info = swallow;
  console.warn = swallow;
  console.error = swallow;
  console.debug = swallow;
  console.trace = swallow;
}
