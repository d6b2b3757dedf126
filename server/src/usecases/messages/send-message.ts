import { DomainError } from '../../domain/errors.js';
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
import type { createRepeatSend } from './repeat-send.js';
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

interface Written { message: StoredMessage; since: number; acknowledged: Promise<NotedAck | null> }

/** Sends one message and answers after WhatsApp acknowledged it, not after it was written to a socket. */
export function createSendMessage(parts: SendMessageParts): GatewayUseCases['sendMessage'] {
  const { find, sessions, messages, keys, repeat, clock } = parts;

  return async (instanceId, request, { idempotencyKey } = {}) => {
    // A session with a socket needs no look at the row: what is deleted or disconnected has none.
    const session = sessions.find(instanceId) ?? sessions.of(await find(instanceId));
    if (!session.socket) await find(instanceId);
    if (idempotencyKey === undefined) return answer(parts, await write(parts, instanceId, session, request, null));

    const idempotency = { key: idempotencyKey, requestHash: await hashRequest(request, parts.media) };
    const outcome = await keys.run([`${instanceId}/${idempotencyKey}`], async () => {
      const first = await messages.findByKey(instanceId, idempotencyKey, clock.now() - IDEMPOTENCY_WINDOW_MS);
      return first ?? write(parts, instanceId, session, request, idempotency);
    });
    return 'acknowledged' in outcome ? answer(parts, outcome) : repeat(outcome, idempotency.requestHash);
  };
}

/** Puts the message on disk and on the wire; or answers the message that holds the key already. */
async function write(parts: SendMessageParts, instanceId: string, session: Session, request: SendRequest, idempotency: Idempotency): Promise<Written | StoredMessage>;
async function write(parts: SendMessageParts, instanceId: string, session: Session, request: SendRequest, idempotency: null): Promise<Written>;
async function write(parts: SendMessageParts, instanceId: string, session: Session, request: SendRequest, idempotency: Idempotency | null): Promise<Written | StoredMessage> {
  const { messages, acknowledgements, relay, clock, random } = parts;
  const messageId = makeMessageId(random.bytes(MESSAGE_ID_BYTES));
  const ready = await parts.prepare(connectedSocket(session), instanceId, messageId, request);
  // That may have taken long enough for another connection to take the place of the first.
  const socket = connectedSocket(session);
  const message = toRow({ instanceId, messageId, type: request.type, correlationId: random.uuid(), ready, idempotency, now: clock.now() });

  const acknowledged = acknowledgements.wait(instanceId, messageId, ACK_TIMEOUT_MS);
  // Encrypted while the row is written; it leaves when both are on disk.
  const stored = messages.insertOutgoing(message, clock.now() - IDEMPOTENCY_WINDOW_MS, true);
  void relay.send(socket, { instanceId, messageId, proto: ready.proto, facts: message, permit: stored.then(holder => holder === null, () => false) });
  return await stored ?? { message, since: clock.now(), acknowledged };
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
  if (ack === null) {
    void parts.followUp(instanceId);
    throw await timedOut(parts.messages, { instanceId, messageId, correlationId, waitedMs: parts.clock.now() - since });
  }
  if (ack.errorCode !== null) {
    throw new DomainError('whatsapp_rejected', refusal(ack.errorCode).message, {
      hint: 'The message was not delivered. Sending it again at once will not help.',
      details: { whatsappCode: ack.errorCode, messageId, correlationId },
    });
  }
  return { kind: 'sent', messageId, correlationId, to: party, timestamp: ack.at };
}

/** @throws DomainError `instance_not_connected` */
function connectedSocket(session: Session): WhatsAppSocket {
  if (session.socket) return session.socket;
  const { status, reason } = session.view().connection;
  throw new DomainError('instance_not_connected', `The instance is ${status}; nothing was sent.`, {
    hint: describeReason(reason), details: { instanceStatus: status, reason },
  });
}

interface Unacknowledged { instanceId: string; messageId: string; correlationId: string; waitedMs: number }

async function timedOut(messages: MessageStore, { instanceId, messageId, correlationId, waitedMs }: Unacknowledged): Promise<DomainError> {
  const state = (await messages.find(instanceId, messageId))?.state ?? 'sending';
  return new DomainError('whatsapp_ack_timeout', `WhatsApp did not acknowledge the message within ${Math.round(waitedMs / 1_000)} s.`, {
    hint: `It may still arrive, so do not send it again blindly: follow GET /instances/${instanceId}/messages/${messageId}.`,
    details: { messageId, correlationId, state },
  });
}
