import { DomainError } from '@gateway/domain/errors.js';
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

it('leaves to the gateway what the gateway tells itself: its own failures, and that a connection is closed', () => {
  const lines: Record<string, unknown>[] = [];
  const logger = createBaileysLogger(collectingLogger(lines, 'info'));
  logger.error({ jid: 'x@lid', err: new DomainError('store_unavailable', 'The database cannot be reached at the moment.') }, 'Failed to encrypt for recipient');
  logger.error({ error: new Error('Connection Closed'), node: {} }, 'error in handling message');
  logger.error({ ackErr: new Error('Connection Closed') }, 'failed to ack receipt');
  expect(lines).toEqual([]);
  logger.error({ ackErr: new Error('something else') }, 'failed to ack receipt');
  expect(lines).toMatchObject([{ level: 40, err: { message: 'something else' } }]);
});
