import type { Logger } from 'pino';

/**
 * libsignal prints whole session entries, private keys included, to the console. Nothing in the gateway writes there, so the
 * console is taken away in the process: of what somebody else prints, only a short first line reaches the log, at debug level.
 */
export function quietConsole(logger: Logger): void {
  const swallow = (first?: unknown) => {
    logger.debug({ line: typeof first === 'string' ? first.slice(0, 80) : typeof first }, 'console output');
  };
  for (const method of ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir', 'dirxml', 'table', 'group', 'groupCollapsed'] as const) console[method] = swallow;
  // Their first word is no line of text.
  for (const method of ['assert', 'count', 'countReset', 'time', 'timeEnd', 'timeLog'] as const) console[method] = () => {};
}
