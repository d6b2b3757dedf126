import type { Logger } from 'pino';
import type { WhatsAppClient } from '../../ports/whatsapp-client.js';
import type { OutboxKeeper } from '../messages/keep-outbox.js';

export interface LetGoParts {
  client: Pick<WhatsAppClient, 'release'>;
  keeper: Pick<OutboxKeeper, 'release'>;
  /** Lets go of what else is kept in memory of an instance. */
  forget: (instanceId: string) => void;
  logger: Pick<Logger, 'error'>;
}

/**
 * Lets go of everything that this process keeps in memory of an instance whose connection has ended and whose session is forgotten, as one that was
 * deleted or is another node's: no sweep finds it any more. Nobody waits for the queue, which waits for Redis and for what is under way.
 */
export function createLetGo({ client, keeper, forget, logger }: LetGoParts) {
  return (instanceId: string): void => {
    client.release(instanceId);
    forget(instanceId);
    keeper.release(instanceId).catch((err: unknown) => logger.error({ err, instanceId }, 'the queue of an instance could not be let go of'));
  };
}
