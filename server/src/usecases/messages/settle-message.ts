import { LRUCache } from 'lru-cache';
import { isTemporaryRefusal } from '../../domain/messages/failures.js';
import { stateRank, type AckStatus, type MessageFailure, type StoredMessage } from '../../domain/messages/message.js';
import type { Tenure } from '../../domain/instances/tenure.js';
import type { ChatFacts } from '../../domain/webhooks/filter.js';
import type { Clock } from '../../ports/clock.js';
import type { MessageStore } from '../../ports/message-store.js';
import type { Metrics } from '../../ports/metrics.js';
import type { Receipt, ServerAck } from '../../ports/whatsapp-client.js';
import type { Outlet } from '../events/outlet.js';
import type { Acknowledgements } from './acknowledgements.js';
import type { MessageWatch } from './message-watch.js';
import type { MessageFacts, Relay } from './relay.js';

/** Messages whose receipts need no look into the store. */
const REMEMBERED = 10_000;

/** Moves outgoing messages on, and tells the world with the same commit. Each word is only good for as long as its tenure. */
export interface MessageSettler {
  /** WhatsApp's acknowledgement or refusal. */
  onServerAck(tenure: Tenure, ack: ServerAck): Promise<void>;
  /** The recipient's receipt. */
  onReceipt(tenure: Tenure, receipt: Receipt): Promise<void>;
  fail(message: Pick<StoredMessage, 'instanceId' | 'messageId'>, failure: MessageFailure, epoch: number): Promise<void>;
}

export interface MessageSettlerParts {
  messages: Pick<MessageStore, 'advance' | 'find'>;
  outlet: Outlet;
  acknowledgements: Pick<Acknowledgements, 'settle' | 'settleQueue' | 'isInQueue'>;
  relay: Pick<Relay, 'settled'>;
  watch: Pick<MessageWatch, 'changed'>;
  clock: Clock;
  metrics?: Pick<Metrics, 'sendEnded' | 'acknowledged' | 'deadLetter'>;
}

export function createMessageSettler({ messages, outlet, acknowledgements, relay, watch, clock, metrics }: MessageSettlerParts): MessageSettler {
  const remembered = new LRUCache<string, MessageFacts & { sent: boolean; leftMs?: number }>({ max: REMEMBERED });

  async function factsOf(instanceId: string, messageId: string) {
    const name = `${instanceId}/${messageId}`;
    const relayed = relay.settled(instanceId, messageId);
    const known = remembered.get(name);
    if (known && !relayed) return known;
    const facts = relayed ? { ...pick(relayed), sent: known?.sent ?? false } : await readFacts(instanceId, messageId);
    if (facts) remembered.set(name, facts);
    return facts && relayed ? Object.assign(facts, { leftMs: relayed.leftMs }) : facts;
  }

  async function readFacts(instanceId: string, messageId: string): Promise<MessageFacts & { sent: boolean; leftMs?: number } | null> {
    const found = await messages.find(instanceId, messageId);
    if (found?.direction !== 'out') return null;
    const { state } = found;
    return { ...pick(found), sent: state !== null && state !== 'failed' && stateRank(state) >= stateRank('sent') };
  }

  /** Answers when the step was noted. */
  /** What is on disk counts, and counts once. */
  function count({ dueAt, leftMs }: MessageFacts & { leftMs?: number }, status: AckStatus, failure: MessageFailure | undefined): void {
    if (status !== 'sent' && status !== 'failed') return;
    const mode = dueAt === null ? 'sync' : 'async';
    metrics?.sendEnded(mode, status === 'sent' ? 'sent' : failure?.code ?? 'failed');
    if (status === 'failed') metrics?.deadLetter('message');
    else if (leftMs !== undefined) metrics?.acknowledged(mode, leftMs);
  }

  async function advance({ instanceId, epoch }: Tenure, messageId: string, status: AckStatus, { failure, patient = false }: { failure?: MessageFailure; patient?: boolean } = {}): Promise<number> {
    const at = clock.now();
    const message = await factsOf(instanceId, messageId);
    if (!message) return at;
    // At once: the receipt may be right behind the acknowledgement.
    if (status !== 'failed') message.sent = true;
    const { party, correlationId, retries } = message;
    const data = { messageId, status, to: party, ...(correlationId === null ? {} : { correlationId }), ...(failure ? { error: failure } : {}) };
    // A dead letter that is retried may fail once more, and that is another event.
    const identity = retries === 0 ? [messageId, status] : [messageId, status, String(retries)];
    const deliveries = await outlet.prepare(instanceId, { type: 'message.ack', data }, identity, message.chatId, aboutChat(message));
    const step = { instanceId, messageId, to: status, at, epoch, ...(failure ? { failure } : {}) };
    if (await messages.advance(step, deliveries, patient)) {
      if (deliveries.length > 0) outlet.wake();
      count(message, status, failure);
      watch.changed(instanceId, messageId);
    }
    return at;
  }

  return {
    async onServerAck(tenure, ack) {
      const { instanceId } = tenure;
      const { messageId, errorCode } = ack;
      // The queue tries again what may pass, and fails it otherwise.
      // In the queue the next message's own writes are about to follow.
      const patient = acknowledgements.isInQueue(instanceId, messageId);
      const isJudged = errorCode !== null && isTemporaryRefusal(errorCode) && patient;
      // The queue goes on without waiting for the disk. What a crash takes back is asked for again: the message goes out once more, as it was,
      // and WhatsApp acknowledges it again.
      acknowledgements.settleQueue(instanceId, { ...ack, at: clock.now() });
      const at = isJudged ? clock.now()
        : errorCode === null ? await advance(tenure, messageId, 'sent', { patient })
          : await advance(tenure, messageId, 'failed', { failure: refusal(errorCode), patient });
      // Everybody else is told what is on disk already.
      acknowledgements.settle(instanceId, { ...ack, at });
    },
    async onReceipt(tenure, { messageIds, status }) {
      const { instanceId } = tenure;
      for (const messageId of messageIds) {
        // A receipt may overtake the acknowledgement, or make up for one that was lost; whoever waits for `sent` is told it all the same.
        const facts = await factsOf(instanceId, messageId);
        if (facts && !facts.sent) await advance(tenure, messageId, 'sent', { patient: true });
        acknowledgements.settleQueue(instanceId, { messageId, errorCode: null, at: await advance(tenure, messageId, status, { patient: true }) });
      }
    },
    async fail({ instanceId, messageId }, failure, epoch) {
      // Where it was retried, the row knows better.
      remembered.delete(`${instanceId}/${messageId}`);
      await advance({ instanceId, epoch }, messageId, 'failed', { failure });
    },
  };
}

function pick({ party, chatId, correlationId, retries, dueAt }: MessageFacts): MessageFacts {
  return { party, chatId, correlationId, retries, dueAt };
}

/** WhatsApp's refusal of a message, by its code. */
export function refusal(code: number): MessageFailure {
  const known: Record<number, string> = {
    463: 'WhatsApp refused the message (463): this account may not start new chats at the moment.',
    479: 'WhatsApp refused the message (479): its form was not accepted, perhaps because of a stale device session.',
    500: 'WhatsApp refused the message (500): an error on its side.',
  };
  return { code: 'whatsapp_rejected', message: known[code] ?? `WhatsApp refused the message with code ${code}.` };
}

function aboutChat({ chatId, party }: MessageFacts): ChatFacts {
  return { chatType: chatId.endsWith('@g.us') ? 'group' : 'direct', addresses: [chatId, party], fromMe: true };
}
