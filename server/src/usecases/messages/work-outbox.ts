import type { Logger } from 'pino';
import { isDomainError, isPassing } from '../../domain/errors.js';
import type { InstanceSettings } from '../../domain/instances/instance.js';
import type { Tenure } from '../../domain/instances/tenure.js';
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

/** Messages under way at once: one waits for WhatsApp's word, the others are encrypted and wait for their turn. */
const AT_ONCE = 4;
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

/** What an attempt goes over. */
interface Line { socket: WhatsAppSocket; tenure: Tenure }

/** An attempt under way. */
interface Attempt {
  messageId: string;
  /** It could leave, or never will: those behind it may be encrypted. */
  ready: Promise<unknown>;
  end: Promise<AttemptEnd>;
}

/**
 * Works one instance's outbox: a message leaves after WhatsApp's word on the one before, so that order is kept whatever happens. While that is
 * awaited, the next ones are made ready and encrypted, so that they can leave at once. Without a connection the head of the line stays, and
 * uses up no attempt.
 */
export function createOutboxWork(instanceId: string, parts: OutboxWorkerParts): QueueWork {
  const { outbox, messages, sessions, clock, random } = parts;
  const pacing = createSendPacing();
  /** When the message that failed for a passing reason may be tried again, and since when it waits for that. */
  let retry = { since: 0, at: 0 };
  let left = createLeftQueue();
  let epoch: number | null = null;

  return async upTo => {
    const tenure = sessions.find(instanceId)?.tenure;
    if (tenure && tenure.epoch !== epoch) {
      // What had left in a tenure that was lost may not have come to the disk; it is still in the queue then.
      left = createLeftQueue();
      ({ epoch } = tenure);
    }
    if (upTo !== null) {
      const message = await messages.find(instanceId, upTo);
      if (!message || !isWaiting(message) || left.has(message)) return null;
    }
    let settings = await parts.settingsOf(instanceId);
    const isPaced = () => settings.sendIntervalMs > 0 || settings.recipientIntervalMs > 0;
    const ahead = createReadAhead(instanceId, outbox, left, isPaced() ? 1 : READ_AHEAD);
    const underWay: Attempt[] = [];

    /** Ends attempts, the first ones first, until so many are under way. */
    const endDownTo = async (count: number): Promise<{ again: number } | 'reached' | null> => {
      let reached: 'reached' | null = null;
      while (underWay.length > count) {
        const { messageId, end } = underWay.shift() as Attempt;
        const ended = await end;
        if (!ended.left) {
          retry = { since: clock.now(), at: ended.again };
          // What was behind it cannot leave; nothing of it may be under way when somebody comes again.
          await Promise.allSettled(underWay.splice(0).map(attempt => attempt.end));
          return ended;
        }
        if (messageId === upTo) {
          reached = 'reached';
          count = 0;
        }
      }
      return reached;
    };

    try {
      for (;;) {
        // A turn may last as long as the queue is; a change of the settings is obeyed within it.
        settings = await parts.settingsOf(instanceId);
        // A gap begins when the one before has left.
        const stop = await endDownTo(isPaced() ? 0 : AT_ONCE - 1);
        if (stop) return stop === 'reached' ? null : stop;
        const message = await ahead.next();
        const wait = message === null || message === 'settling' ? null : waitFor(message, settings);
        const session = sessions.find(instanceId);
        const socket = session?.socket;
        if (message === null || message === 'settling' || wait || !session || !socket) {
          const rest = await endDownTo(0);
          if (rest) return rest === 'reached' ? null : rest;
          return message === null ? null : wait ?? { again: clock.now() + (message === 'settling' ? SETTLING_MS : NOT_CONNECTED_MS) };
        }
        underWay.push(begin({ socket, tenure: session.tenure }, message, underWay.at(-1) ?? null));
      }
    } catch (error) {
      // It is tried again soon. A message of which something is still under way then would be encrypted anew, and go out twice.
      await Promise.allSettled(underWay.map(attempt => attempt.end));
      throw error;
    }
  };

  /** When to come again, if this message has to wait. */
  function waitFor(message: StoredMessage, settings: InstanceSettings): { again: number } | null {
    const now = clock.now();
    // One that was due when it was accepted is due, even if the clock was set back since.
    const dueAt = message.dueAt ?? 0;
    if (message.state === 'queued' && dueAt > now && dueAt > message.createdAt) return { again: dueAt };
    const opensAt = Math.max(retry.since > now ? 0 : retry.at, pacing.opensAt(settings, message.chatId, now));
    return opensAt > now ? { again: opensAt } : null;
  }

  function begin(line: Line, message: StoredMessage, before: Attempt | null): Attempt {
    let onReady = () => {};
    const ready = new Promise<void>(resolve => { onReady = resolve; });
    // One is encrypted after the other, too: what waits for its turn must never have what one before it needs.
    const after = { ready: before?.ready ?? Promise.resolve(), left: before ? before.end.then(({ left }) => left, () => false) : Promise.resolve(true) };
    const end = attempt(line, message, after, onReady).finally(onReady);
    end.catch(() => {});
    return { messageId: message.messageId, ready, end };
  }

  /**
   * @param after the message before this one: when that could leave, and whether it has left the queue, so that this one may go out
   * @param onReady to be called when this one could leave
   */
  async function attempt(line: Line, message: StoredMessage, after: { ready: Promise<unknown>; left: Promise<boolean> }, onReady: () => void): Promise<AttemptEnd> {
    const { messageId, state } = message;
    const { socket, tenure } = line;
    if (isOver(message)) return await after.left ? fail(line, message, expired()) : lost();
    // One that a crash or a lost connection left in `sending` goes on with the attempt it was at.
    const number = state === 'sending' ? Math.max(1, message.attempts) : message.attempts + 1;
    const ready = await parts.prepare(socket, message).catch((error: unknown) => toFailure(message, error));
    if ('failure' in ready) return await after.left && isCurrent(socket) ? judge(line, message, number, ready.failure, ready.mayPass) : lost();
    await after.ready;

    const begun = outbox.begin({ instanceId, messageId, attempts: number, epoch: tenure.epoch, ...ready });
    let acknowledged: Promise<NotedAck | null | 'lost'> = Promise.resolve('lost');
    let tooLate = false;
    const turn = async (): Promise<boolean> => {
      onReady();
      // It may have waited long for the one before.
      const mayLeave = await after.left && !(tooLate = isOver(message));
      if (mayLeave) acknowledged = parts.acknowledgements.waitInQueue(instanceId, messageId, ACK_TIMEOUT_MS);
      return mayLeave;
    };
    const facts = { party: ready.party, chatId: ready.chatId, correlationId: message.correlationId, retries: message.retries, dueAt: message.dueAt };
    // What was encrypted before, in whatever life, has been in `sending` before.
    const again = state === 'sending' || number > 1 || message.retries > 0;
    const wrote = await parts.relay.send(socket, { instanceId, messageId, proto: ready.proto, facts, permit: begun.catch(() => false), turn, again });
    // Cancelled meanwhile, or ended by whoever ended the account: it is not ours any more.
    if (!await begun) return leave(message);
    if (!await after.left) return lost();
    if (tooLate) return fail(line, message, expired());
    if (!wrote) return isCurrent(socket) ? judge(line, message, number, { code: 'whatsapp_unavailable', message: 'The message could not be written to WhatsApp.' }) : lost();
    pacing.written(message.chatId, clock.now(), random.float());

    const ack = await acknowledged;
    if (ack === 'lost') return lost();
    if (ack === null) return judge(line, message, number, { code: 'whatsapp_ack_timeout', message: `WhatsApp did not acknowledge the message in ${number} attempts.` });
    if (ack.errorCode !== null && isTemporaryRefusal(ack.errorCode)) return judge(line, message, number, refusal(ack.errorCode), true);
    return leave(message);
  }

  function isOver({ expiresAt }: StoredMessage): boolean {
    return expiresAt !== null && expiresAt <= clock.now();
  }

  /** @throws what says nothing about the message: it is where it was, and stays there */
  function toFailure({ messageId }: StoredMessage, error: unknown): { failure: MessageFailure; mayPass: boolean } {
    if (isPassing(error)) throw error;
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

  async function judge(line: Line, message: StoredMessage, number: number, failure: MessageFailure, mayPass = isTemporaryFailure(failure.code)): Promise<AttemptEnd> {
    const { messageId } = message;
    if (!mayPass || number >= MAX_ATTEMPTS) return fail(line, message, failure);
    const delay = sendRetryDelayMs(number, random.float());
    parts.logger.info({ instanceId, messageId, attempt: number, reason: failure.code, retryInMs: delay }, 'a queued message could not be sent; it is tried again');
    await outbox.putBack(line.tenure, messageId, number);
    return { left: false, again: clock.now() + delay };
  }

  async function fail({ tenure }: Line, message: StoredMessage, failure: MessageFailure): Promise<AttemptEnd> {
    parts.logger.warn({ instanceId, messageId: message.messageId, reason: failure.code }, 'a queued message failed: it is a dead letter now');
    await parts.settler.fail(message, failure, tenure.epoch);
    return leave(message);
  }

  function leave(message: StoredMessage): AttemptEnd {
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

