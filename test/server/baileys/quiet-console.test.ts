import { expect, it } from 'vitest';
import { quietConsole } from '@gateway/adapters/baileys/quiet-console.js';
import { collectingLogger } from '../../support/logger.js';

it('nothing that libraries print gets out, whichever way they print it; a short first line is left at debug', () => {
  const kept = { ...console };
  const write = process.stdout.write;
  const writeError = process.stderr.write;
  const printed: unknown[] = [];
  const lines: Record<string, unknown>[] = [];
  process.stdout.write = process.stderr.write = (chunk: unknown) => { printed.push(chunk); return true; };
  try {
    quietConsole(collectingLogger(lines, 'trace'));
    const session = { privKey: 'PRIVATE' };
    const print = console as unknown as Record<string, (...args: unknown[]) => void>;
    for (const method of ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir', 'dirxml', 'table', 'group', 'groupCollapsed']) print[method]?.('Closing session:', session);
    for (const method of ['log', 'dir', 'table']) print[method]?.(session);
    print['assert']?.(false, session);
    for (const method of ['count', 'countReset', 'timeEnd', 'timeLog']) print[method]?.('PRIVATE');
    console.log(`${'x'.repeat(80)}PRIVATE`);
  } finally {
    Object.assign(console, kept);
    process.stdout.write = write;
    process.stderr.write = writeError;
  }
  expect(printed).toEqual([]);
  expect(lines.length).toBeGreaterThanOrEqual(15);
  expect(lines.every(({ level }) => level === 20)).toBe(true);
  expect(JSON.stringify(lines)).not.toContain('PRIVATE');
});
