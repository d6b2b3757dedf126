import type { Logger } from 'pino';
import { isDomainError } from '../../domain/errors.js';
import type { InstanceSettings } from '../../domain/instances/instance.js';
import { isTemporaryFailure, isTemporaryRefusal, MAX_ATTEMPTS, sendRetryDelayMs } from '../../domain/messages/failures.js';
import type { MessageFailure, StoredMessage } from '../../domain/messages/message.js';
import type { Clock, Random } from '../../ports/clock.js';
import type { MessageStore, Outbox } from '../../ports/message-store.js';
import type { QueueWork } from '../../ports/send-queue.js';
import type { WhatsAppSocket } from '../../ports/whatsapp-client.js';
import type { SessionManager } from '../sessions/session-manager.js';
import { ACK_TIMEOUT_MS, type Acknowledgements, type NotedAck } from './acknowledgements.js';
import type { QueuedPreparer } from './prepare-queued.js';
import type { Relay } from './relay.js';
import { createLeftQueue, createReadAhead } from './read-ahead.js';
import { createSendPacing } from './send-pacing.js';
import { refusal, type MessageSettler } from './settle-message.js';

/** Messages read ahead where nothing has to be waited for in between. */
const READ_AHEAD = 32;
/** Without a connection the worker is opened anew when there is one; this only bounds the harm of a wake-up that never came. */
const NOT_CONNECTED_MS = 30_000;
/** What has left the queue is on disk by then. */
const SETTLING_MS = 25;

export interface OutboxWorkerParts {
  outbox: Pick<Outbox, 'next' | 'begin' | 'putBack'>;
  messages: Pick<MessageStore, 'find'>;
  sessions: Pick<SessionManager, 'find'>;
  settler: Pick<MessageSettler, 'fail'>;
  acknowledgements: Pick<Acknowledgements, 'waitInQueue'>;
  relay: Pick<Relay, 'send'>;
  prepare: QueuedPreparer;
  settingsOf: (instanceId: string) => Promise<InstanceSettings>;
  clock: Clock;
  random: Pick<Random, 'float'>;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/** What became of one attempt: the message has left the queue, or the queue has to wait with it until then (epoch milliseconds). */
type AttemptEnd = { left: true } | { left: false; again: number };

/** An attempt under way. */
interface Attempt {
  messageId: string;
  /** It has been written, or never will be. */
  written: Promise<unknown>;
  end: Promise<AttemptEnd>;
}

/**
 * Works one instance's outbox: a message leaves after WhatsApp's word on the one before, so that order is kept whatever happens. While that is
 * awaited, the next one is made ready and encrypted, so that it can leave at once. Without a connection the head of the line stays, and
 * uses up no attempt.
 */
export function createOutboxWork(instanceId: string, parts: OutboxWorkerParts): QueueWork {
  const { outbox, messages, sessions, clock, random } = parts;
  const pacing = createSendPacing();
  /** When the message that failed for a passing reason may be tried again. */
  let retryAt = 0;
  /** What was encrypted in this process and has not left the queue: its ciphertext is on disk. */
  const encrypted = new Set<string>();
  const left = createLeftQueue();

  return async upTo => {
    if (upTo !== null) {
      const message = await messages.find(instanceId, upTo);
      if (!message || !isWaiting(message) || left.has(message)) return null;
    }
    const settings = await parts.settingsOf(instanceId);
    const isPaced = settings.sendIntervalMs > 0 || settings.recipientIntervalMs > 0;
    const ahead = createReadAhead(instanceId, outbox, left, isPaced ? 1 : READ_AHEAD);
    let before: Attempt | null = null;

    /** Ends the attempt under way; null: go on. */
    const conclude = async (): Promise<{ again: number } | 'reached' | null> => {
      if (!before) return null;
      const { messageId, end } = before;
      before = null;
      const ended = await end;
      if (ended.left) return messageId === upTo ? 'reached' : null;
      retryAt = ended.again;
      return ended;
    };

    for (;;) {
      // A gap begins when the one before has left.
      let stop = isPaced ? await conclude() : null;
      if (stop) return stop === 'reached' ? null : stop;
      const message = await ahead.next();
      const wait = message === null || message === 'settling' ? null : waitFor(message, settings);
      const socket = sessions.find(instanceId)?.socket;
      if (message === null || message === 'settling' || wait || !socket) {
        stop = await conclude();
        if (stop) return stop === 'reached' ? null : stop;
        return message === null ? null : wait ?? { again: clock.now() + (message === 'settling' ? SETTLING_MS : NOT_CONNECTED_MS) };
      }
      const next = begin(socket, message, before);
      stop = await conclude();
      if (stop && stop !== 'reached') {
        // It could not leave; nothing of it may be under way when somebody comes again.
        await next.end.catch(() => {});
        return stop;
      }
      before = next;
      if (stop) {
        stop = await conclude();
        return stop === 'reached' ? null : stop;
      }
    }
  };

  /** When to come again, if this message has to wait. */
  function waitFor(message: StoredMessage, settings: InstanceSettings): { again: number } | null {
    const now = clock.now();
    if (message.state === 'queued' && (message.dueAt ?? 0) > now) return { again: message.dueAt ?? now };
    const opensAt = Math.max(retryAt, pacing.opensAt(settings, message.chatId));
    return opensAt > now ? { again: opensAt } : null;
  }

  function begin(socket: WhatsAppSocket, message: StoredMessage, before: Attempt | null): Attempt {
    let written = () => {};
    const attempted: Attempt = { messageId: message.messageId, written: new Promise<void>(resolve => { written = resolve; }), end: Promise.resolve({ left: true }) };
    // Sends take turns in encrypting, too: one that waits for its turn must never have what the one before it needs.
    const after = { written: before?.written ?? Promise.resolve(), left: before ? before.end.then(({ left }) => left, () => false) : Promise.resolve(true) };
    attempted.end = attempt(socket, message, after, written).finally(written);
    attempted.end.catch(() => {});
    return attempted;
  }

  /**
   * @param after the message before this one: when it was written, and whether it has left the queue, so that this one may go out
   * @param onWritten to be called when this one was written
   */
  async function attempt(socket: WhatsAppSocket, message: StoredMessage, after: { written: Promise<unknown>; left: Promise<boolean> }, onWritten: () => void): Promise<AttemptEnd> {
    const { messageId, state } = message;
    const turn = after.left;
    if (message.expiresAt !== null && message.expiresAt <= clock.now()) return await turn ? fail(message, expired()) : lost();
    // One that a crash or a lost connection left in `sending` goes on with the attempt it was at.
    const number = state === 'sending' ? Math.max(1, message.attempts) : message.attempts + 1;
    const ready = await parts.prepare(socket, message).catch((error: unknown) => toFailure(message, error));
    if ('failure' in ready) return await turn && isCurrent(socket) ? judge(message, number, ready.failure, ready.mayPass) : lost();
    await after.written;

    const begun = outbox.begin({ instanceId, messageId, attempts: number, ...ready });
    let acknowledged: Promise<NotedAck | null | 'lost'> = Promise.resolve('lost');
    const mayLeave = turn.then(itIs => {
      if (itIs) acknowledged = parts.acknowledgements.waitInQueue(instanceId, messageId, ACK_TIMEOUT_MS);
      return itIs;
    });
    const facts = { party: ready.party, chatId: ready.chatId, correlationId: message.correlationId, retries: message.retries };
    const again = state === 'sending' || number > 1 || message.retries > 0 || encrypted.has(messageId);
    encrypted.add(messageId);
    const wrote = await parts.relay.send(socket, { instanceId, messageId, proto: ready.proto, facts, permit: begun.catch(() => false), turn: mayLeave, again });
    // Cancelled meanwhile, or ended by whoever ended the account: it is not ours any more.
    if (!await begun) return leave(message);
    if (!await turn) return lost();
    if (!wrote) return isCurrent(socket) ? judge(message, number, { code: 'whatsapp_unavailable', message: 'The message could not be written to WhatsApp.' }) : lost();
    onWritten();
    pacing.written(message.chatId, clock.now(), random.float());

    const ack = await acknowledged;
    if (ack === 'lost') return lost();
    if (ack === null) return judge(message, number, { code: 'whatsapp_ack_timeout', message: `WhatsApp did not acknowledge the message in ${number} attempts.` });
    if (ack.errorCode !== null && isTemporaryRefusal(ack.errorCode)) return judge(message, number, refusal(ack.errorCode), true);
    return leave(message);
  }

  function toFailure({ messageId }: StoredMessage, error: unknown): { failure: MessageFailure; mayPass: boolean } {
    if (isDomainError(error)) return { failure: { code: error.code, message: error.message }, mayPass: isTemporaryFailure(error.code) };
    // Whatever it is, it must not stand in everybody's way for ever.
    parts.logger.error({ err: error, instanceId, messageId }, 'a queued message could not be made ready');
    return { failure: { code: 'internal_error', message: 'The gateway met an unexpected failure with this message; its log tells more.' }, mayPass: true };
  }

  /** The connection is gone: the message stays where it is, and goes out over the next one. */
  function lost(): AttemptEnd {
    return { left: false, again: clock.now() };
  }

  function isCurrent(socket: WhatsAppSocket): boolean {
    return sessions.find(instanceId)?.socket === socket;
  }

  async function judge(message: StoredMessage, number: number, failure: MessageFailure, mayPass = isTemporaryFailure(failure.code)): Promise<AttemptEnd> {
    const { messageId } = message;
    if (!mayPass || number >= MAX_ATTEMPTS) return fail(message, failure);
    const delay = sendRetryDelayMs(number, random.float());
    parts.logger.info({ instanceId, messageId, attempt: number, reason: failure.code, retryInMs: delay }, 'a queued message could not be sent; it is tried again');
    await outbox.putBack(instanceId, messageId, number);
    return { left: false, again: clock.now() + delay };
  }

  async function fail(message: StoredMessage, failure: MessageFailure): Promise<AttemptEnd> {
    parts.logger.warn({ instanceId, messageId: message.messageId, reason: failure.code }, 'a queued message failed: it is a dead letter now');
    await parts.settler.fail(message, failure);
    return leave(message);
  }

  function leave(message: StoredMessage): AttemptEnd {
    encrypted.delete(message.messageId);
    left.add(message);
    return { left: true };
  }
}

/** Why a message that waited too long was not sent. */
export function expired(): MessageFailure {
  return { code: 'expired', message: 'The message could not be sent before it expired; nothing stale goes out.' };
}

function isWaiting({ state }: StoredMessage): boolean {
  return state === 'queued' || state === 'sending';
}

