import { createRequire } from 'node:module';
import type { Logger, pino as Pino } from 'pino';

/** The gateway's own pino: the root has none. */
const pino = createRequire(new URL('../../server/package.json', import.meta.url))('pino') as typeof Pino;

/** A real logger whose lines, parsed, land in `lines`. */
export function collectingLogger(lines: Record<string, unknown>[], level = 'warn'): Logger {
  return pino({ level }, { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
}
