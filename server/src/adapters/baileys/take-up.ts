import type { SignalRepositoryWithLIDStore } from '@whiskeysockets/baileys';
import type { Logger } from 'pino';
import { isPassing } from '../../domain/errors.js';
import type { Tenure } from '../../domain/instances/tenure.js';
import type { Clock } from '../../ports/clock.js';
import type { ReceiveJournal } from '../../ports/journal.js';
import type { SocketHandlers } from '../../ports/whatsapp-client.js';
import type { AuthState } from './auth-state.js';
import { createBaileysLogger } from './baileys-logger.js';
import type { ReceivedStanzas } from './received-stanzas.js';
import { createReceivedStanzas } from './received-stanzas.js';
import { replayJournal, type Leftover } from './replay.js';

/** A message with which the handler fails so often, over as many connections, is given up: an instance must not hang on it for ever. */
const GIVE_UP_AFTER = 5;

export interface TakeUpParts {
  journal: ReceiveJournal;
  clock: Clock;
  logger: Logger;
  /** A repository that asks the journal first. */
  openRepository: (tenure: Tenure, auth: AuthState, stanzas: ReceivedStanzas) => SignalRepositoryWithLIDStore;
}

/**
 * Takes up what earlier connections of an instance decrypted and nobody has seen: messages go to the handler, and what is for Baileys is
 * answered. To be run when no socket of the instance is open.
 */
export type TakeUp = (tenure: Tenure, auth: AuthState, onMessage: SocketHandlers['onMessage']) => Promise<Leftover[]>;

export function createTakeUp({ journal, clock, logger, openRepository }: TakeUpParts): TakeUp {
  const failures = new Map<string, number>();

  return async (tenure, auth, onMessage) => {
    const { instanceId } = tenure;
    if ((await journal.listUndone(instanceId, 0, 1)).length === 0) return [];
    const stanzas = createReceivedStanzas();
    const repository = openRepository(tenure, auth, stanzas);
    try {
      return await replayJournal({
        instanceId, journal, repository, stanzas, logger,
        own: { id: auth.creds.me?.id, lid: auth.creds.me?.lid },
        baileysLogger: createBaileysLogger(logger.child({ instanceId, part: 'baileys' })),
        giveUp: hash => journal.markDone(tenure, [hash], clock.now()),
        async onMessage(message) {
          const name = JSON.stringify([instanceId, ...message.journaled]);
          try {
            await onMessage(message);
            failures.delete(name);
          } catch (err) {
            if (isPassing(err)) throw err;
            const failed = (failures.get(name) ?? 0) + 1;
            failures.set(name, failed);
            if (failed < GIVE_UP_AFTER) throw err;
            logger.error({ err, instanceId, messageId: message.messageId }, 'an incoming message could not be stored again and again; it is given up');
            await journal.markDone(tenure, message.journaled, clock.now());
            failures.delete(name);
          }
        },
      });
    } finally {
      repository.close?.();
    }
  };
}
