import { createBaileysLogger } from '@gateway/adapters/baileys/baileys-logger.js';
import { expect, it } from 'vitest';
import { collectingLogger } from '../../support/logger.js';

it('lets errors through as warnings, without the details that hold stanzas and keys', () => {
  const lines: Record<string, unknown>[] = [];
  const logger = createBaileysLogger(collectingLogger(lines, 'trace'));
  logger.error({ error: new Error('no session'), node: '<message from="x"/>', key: { secret: 1 } }, 'error in handling message');
  expect(lines).toMatchObject([{ level: 40, msg: 'error in handling message', err: { message: 'no session' } }]);
  expect(JSON.stringify(lines)).not.toMatch(/<message|secret/);
});

it('does not complain about closes that the gateway handles itself', () => {
  const lines: Record<string, unknown>[] = [];
  const logger = createBaileysLogger(collectingLogger(lines, 'info'));
  logger.error({ fullErrorNode: {} }, 'stream errored out');
  logger.child({ class: 'x' }).info({ helloMsg: {} }, 'connected to WA');
  expect(lines).toEqual([]);
});
