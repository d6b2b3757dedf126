import { DomainError, isDomainError } from '../../domain/errors.js';
import { describeReason } from '../../domain/instances/reasons.js';
import { makeMessageId, MESSAGE_ID_BYTES } from '../../domain/messages/message-id.js';
import { DEFAULT_EXPIRY_MS, IDEMPOTENCY_WINDOW_MS, NOTHING_YET, type Idempotency, type StoredMessage } from '../../domain/messages/message.js';
import type { Clock, Random } from '../../ports/clock.js';
import type { KeyedLock } from '../../ports/keyed-lock.js';
import type { MediaFetcher } from '../../ports/media-fetcher.js';
import type { MessageStore } from '../../ports/message-store.js';
import type { WhatsAppSocket } from '../../ports/whatsapp-client.js';
import type { GatewayUseCases, SendAnswer, SendRequest } from '../gateway.js';
import type { InstanceLookup } from '../instances/find-instance.js';
import type { Session } from '../sessions/session.js';
import type { SessionManager } from '../sessions/session-manager.js';
import { ACK_TIMEOUT_MS, type Acknowledgements, type NotedAck } from './acknowledgements.js';
import type { MessagePreparer, ReadyMessage } from './prepare-message.js';
import { isComing, untilItCame } from './coming-connection.js';
import { findWhereItWasLeft } from './left-send.js';
import { storingFailed } from './stored-in-doubt.js';
import { answerSent, hintsFor, type createRepeatSend } from './repeat-send.js';
import type { Relay } from './relay.js';
import { hashRequest } from './request-hash.js';
import { refusal } from './settle-message.js';

export interface SendMessageParts {
  find: InstanceLookup;
  sessions: SessionManager;
  messages: MessageStore;
  media: Pick<MediaFetcher, 'sha256'>;
  prepare: MessagePreparer;
  repeat: ReturnType<typeof createRepeatSend>;
  /** One request at a time for each idempotency key, until its message is on disk. */
  keys: KeyedLock;
  acknowledgements: Acknowledgements;
  relay: Relay;
  /** Takes care of a message that was not acknowledged in time. */
  followUp: (instanceId: string) => Promise<void>;
  clock: Clock;
  random: Random;
}

interface Outgoing { instanceId: string; messageId: string; request: SendRequest }
interface Written { message: StoredMessage; since: number; acknowledged: Promise<NotedAck | null | 'left'> }

/** Sends one message and answers after WhatsApp acknowledged it, not after it was written to a socket. */
export function createSendMessage(parts: SendMessageParts): GatewayUseCases['sendMessage'] {
  const { find, sessions, messages, keys, repeat, clock } = parts;

  return async (instanceId, request, { idempotencyKey, messageId = makeMessageId(parts.random.bytes(MESSAGE_ID_BYTES)), requestHash } = {}) => {
    // A session with a socket needs no look at the row: what is deleted or disconnected has none.
    const session = sessions.find(instanceId) ?? sessions.of(await find(instanceId));
    if (!session.socket) await find(instanceId);
    const outgoing = { instanceId, messageId, request };
    if (idempotencyKey === undefined) return answer(parts, await write(parts, session, outgoing, null));

    const idempotency = { key: idempotencyKey, requestHash: requestHash ?? await hashRequest(request, parts.media) };
    const outcome = await keys.run([`${instanceId}/${idempotencyKey}`], async () => {
      const first = await messages.findByKey(instanceId, idempotencyKey, clock.now() - IDEMPOTENCY_WINDOW_MS);
      return first ?? write(parts, session, outgoing, idempotency);
    });
    return 'acknowledged' in outcome ? answer(parts, outcome) : repeat(outcome, idempotency.requestHash);
  };
}

/** Puts the message on disk and on the wire; or answers the message that holds the key already. */
async function write(parts: SendMessageParts, session: Session, outgoing: Outgoing, idempotency: Idempotency): Promise<Written | StoredMessage>;
async function write(parts: SendMessageParts, session: Session, outgoing: Outgoing, idempotency: null): Promise<Written>;
async function write(parts: SendMessageParts, session: Session, outgoing: Outgoing, idempotency: Idempotency | null): Promise<Written | StoredMessage> {
  const { instanceId, messageId, request } = outgoing;
  const { messages, acknowledgements, relay, clock, random } = parts;
  const ready = await makeReady(parts, session, outgoing);
  // That may have taken long enough for another connection to take the place of the first.
  const socket = await connectedSocket(parts, instanceId, session);
  const message = toRow({ instanceId, messageId, type: request.type, correlationId: random.uuid(), ready, idempotency, now: clock.now() });

  const acknowledged = acknowledgements.wait(instanceId, messageId, ACK_TIMEOUT_MS);
  // Encrypted while the row is written; it leaves when both are on disk.
  const { epoch } = session.tenure;
  const stored = messages.insertOutgoing(message, { keysSince: clock.now() - IDEMPOTENCY_WINDOW_MS, patient: true, epoch });
  void relay.send(socket, { instanceId, messageId, proto: ready.proto, facts: message, permit: stored.then(holder => holder === null, () => false) });
  const holder = await stored.catch((error: unknown) => { throw storingFailed(error, message); });
  return holder ?? { message, since: clock.elapsed(), acknowledged };
}

/** Over whichever connection there is: one that ends takes an upload with it, which then begins anew over the next, once. */
async function makeReady(parts: SendMessageParts, session: Session, { instanceId, messageId, request }: Outgoing): Promise<ReadyMessage> {
  const socket = await connectedSocket(parts, instanceId, session);
  try {
    return await parts.prepare(socket, instanceId, messageId, request);
  } catch (error) {
    if (session.socket === socket || !isDomainError(error) || error.code !== 'whatsapp_unavailable') throw error;
    return parts.prepare(await connectedSocket(parts, instanceId, session), instanceId, messageId, request);
  }
}

function toRow(made: { instanceId: string; messageId: string; type: string; correlationId: string; ready: ReadyMessage; idempotency: Idempotency | null; now: number }): StoredMessage {
  const { ready: { party, chatId, proto, timestamp }, now, instanceId, messageId, type, correlationId, idempotency } = made;
  return {
    instanceId, messageId, type, correlationId, party, chatId, proto, timestamp, direction: 'out', state: 'sending', attempts: 1, createdAt: now,
    ...NOTHING_YET, expiresAt: now + DEFAULT_EXPIRY_MS, idempotency,
  };
}

async function answer(parts: SendMessageParts, { message, since, acknowledged }: Written): Promise<SendAnswer> {
  const { instanceId, messageId, party } = message;
  const correlationId = message.correlationId ?? '';
  const ack = await acknowledged;
  if (ack === 'left') return answerSent(await findWhereItWasLeft(parts, message, since + ACK_TIMEOUT_MS) ?? message, hintsFor(message));
  if (ack === null) {
    void parts.followUp(instanceId);
    throw await timedOut(parts, message, parts.clock.elapsed() - since);
  }
  if (ack.errorCode !== null) {
    throw new DomainError('whatsapp_rejected', refusal(ack.errorCode).message, {
      hint: 'The message was not delivered. Sending it again at once will not help.',
      details: { whatsappCode: ack.errorCode, messageId, correlationId },
    });
  }
  return { kind: 'sent', messageId, correlationId, to: party, timestamp: ack.at };
}

/** Waits for a connection that is on its way. @throws DomainError `instance_not_connected`, `whatsapp_unavailable` */
async function connectedSocket({ find, sessions }: SendMessageParts, instanceId: string, session: Session): Promise<WhatsAppSocket> {
  if (session.socket) return session.socket;
  const instance = await find(instanceId);
  const isThere = () => sessions.find(instanceId) === session;
  await untilItCame(instance, session, isThere);
  // TypeScript takes it for what it was before.
  const socket = session.socket as WhatsAppSocket | null;
  if (socket) return socket;
  const { status, reason } = session.view().connection;
  const details = { instanceStatus: status, reason };
  if (isThere() && isComing(instance, session.view())) {
    throw new DomainError('whatsapp_unavailable', 'The instance is being connected; nothing was sent.', { hint: 'Try again in some seconds.', details });
  }
  throw new DomainError('instance_not_connected', `The instance is ${status}; nothing was sent.`, { hint: describeReason(reason), details });
}

async function timedOut({ messages }: SendMessageParts, message: StoredMessage, waitedMs: number): Promise<DomainError> {
  const { instanceId, messageId } = message;
  const correlationId = message.correlationId ?? '';
  // Where the store cannot be reached, it is as far as it was: it has gone out, and whoever asks must not send it again.
  const state = (await messages.find(instanceId, messageId).catch(() => null))?.state ?? 'sending';
  return new DomainError('whatsapp_ack_timeout', `WhatsApp did not acknowledge the message within ${Math.round(waitedMs / 1_000)} s.`, {
    hint: hintsFor(message).waiting, details: { messageId, correlationId, state },
  });
}
