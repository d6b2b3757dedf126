import type { UserFacingSocketConfig } from '@whiskeysockets/baileys';
import type { Logger } from 'pino';
import { isDomainError } from '../../domain/errors.js';

type BaileysLogger = NonNullable<UserFacingSocketConfig['logger']>;

/** What Baileys calls an error and the gateway expects: it sees the close itself, and says what it means. */
const EXPECTED = new Set(['stream errored out']);

/**
 * Baileys' log, translated: its details name keys, stanzas and contacts, so only the sentence, the error and ids get through; and what it
 * calls an error is a warning here, since the gateway itself decides what has failed.
 */
export function createBaileysLogger(logger: Logger): BaileysLogger {
  const debug = (details: unknown, message?: string) => logger.debug(readDetails(details), readMessage(details, message));
  const trace = (details: unknown, message?: string) => logger.trace(readDetails(details), readMessage(details, message));
  const baileys: BaileysLogger = {
    // At trace, Baileys writes every stanza as XML; the gateway never asks for that.
    level: logger.isLevelEnabled('debug') ? 'debug' : 'error',
    child: () => baileys,
    trace,
    debug: trace,
    info: trace,
    warn: debug,
    error(details, message) {
      const sentence = readMessage(details, message);
      if (EXPECTED.has(sentence) || isTold(readDetails(details)['err'])) debug(details, message);
      else logger.warn(readDetails(details), sentence);
    },
  };
  return baileys;
}

/** Failures of our own, such as a store that cannot be reached, and the end of the connection are told where they happen. */
function isTold(error: unknown): boolean {
  return isDomainError(error) || (error instanceof Error && error.message === 'Connection Closed');
}

function readMessage(details: unknown, message?: string): string {
  return message ?? (typeof details === 'string' ? details : 'Baileys');
}

function readDetails(details: unknown): Record<string, unknown> {
  if (typeof details !== 'object' || details === null) return {};
  const { err, error, ackErr, trace, msgId } = details as { err?: unknown; error?: unknown; ackErr?: unknown; trace?: unknown; msgId?: unknown };
  const cause = err ?? error ?? ackErr ?? trace;
  return { ...(cause === undefined ? {} : { err: cause }), ...(typeof msgId === 'string' ? { messageId: msgId } : {}) };
}
