import type { Logger } from 'pino';
import { DomainError } from '../../domain/errors.js';
import { nextAttemptAt, retryAfterMs } from '../../domain/webhooks/backoff.js';
import { secretsOf, signatureHeaders } from '../../domain/webhooks/signing.js';
import type { Delivery, Webhook } from '../../domain/webhooks/webhook.js';
import type { Clock, Random } from '../../ports/clock.js';
import type { DeliveryOutcome, DeliveryStore } from '../../ports/message-store.js';
import type { Metrics } from '../../ports/metrics.js';
import type { WebhookRepository } from '../../ports/repositories.js';
import type { WebhookResponse, WebhookSender } from '../../ports/webhook-sender.js';
import { keepTrying } from './keep-trying.js';
import type { ReceiverMood } from './receiver-gates.js';
import type { Subscriptions } from './subscriptions.js';

const DEFAULT_TIMEOUT_MS = 10_000;

export interface AttemptDeps {
  deliveries: Pick<DeliveryStore, 'settle'>;
  webhooks: Pick<WebhookRepository, 'update'>;
  subscriptions: Subscriptions;
  sender: WebhookSender;
  clock: Clock;
  random: Pick<Random, 'float'>;
  logger: Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;
  /** A receiver that has not answered by then failed; 10 s unless told otherwise. */
  timeoutMs?: number;
  metrics?: Pick<Metrics, 'deliveryAttempted' | 'eventDelivered' | 'deadLetter'>;
}

export interface AttemptResult {
  /** `done`: delivered or given up. `postponed`: the row is as it was and will be taken again. */
  end: 'done' | 'retry' | 'postponed';
  mood: ReceiverMood;
  /** The next of the same lane; only of one that is done. */
  next: Delivery | null;
  /** When this delivery will be tried again (epoch milliseconds). */
  retryAt: number | null;
  /** When the receiver may be asked again (epoch milliseconds), if it said so. */
  pauseUntil: number | null;
}

/**
 * One attempt at one delivery: signs, posts at once, and notes durably what came of it. Any 2xx is delivered; 410 switches the
 * webhook off; everything else is tried again later, until it is given up.
 * @param signal gives the post up; the row then stays as it was
 */
export async function attemptDelivery(deps: AttemptDeps, webhook: Webhook, delivery: Delivery, signal: AbortSignal): Promise<AttemptResult> {
  const begunAt = deps.clock.elapsed();
  const response = await post(deps, webhook, delivery, signal);
  const tookMs = deps.clock.elapsed() - begunAt;
  if (response.status === null && signal.aborted) return { end: 'postponed', mood: 'unknown', next: null, retryAt: null, pauseUntil: null };

  const now = deps.clock.now();
  const retryAfter = retryAfterMs(response.retryAfter, now);
  const isOld = !succeeded(response) && await wasChanged(deps, webhook);
  const outcome = isOld ? again(delivery, response, now) : judge(delivery, response, now, retryAfter, deps.random.float());
  const next = await keepTrying({ ...deps, signal }, 'Noting the outcome of a delivery', () => deps.deliveries.settle(delivery.id, outcome));
  report(deps.logger, delivery, outcome);
  count(deps.metrics, delivery, outcome, tookMs);
  if (isOld) return { end: 'retry', mood: 'unknown', next, retryAt: now, pauseUntil: null };
  if (response.status === 410) await disable(deps, webhook, signal);
  return {
    end: outcome.state === 'pending' ? 'retry' : 'done',
    mood: response.status === 410 ? 'gone' : outcome.state === 'delivered' ? 'well' : 'unwell',
    next,
    retryAt: outcome.nextAttemptAt ?? null,
    pauseUntil: retryAfter === null || outcome.state === 'delivered' ? null : now + retryAfter,
  };
}

async function post({ sender, clock, timeoutMs = DEFAULT_TIMEOUT_MS }: AttemptDeps, webhook: Webhook, delivery: Delivery, signal: AbortSignal): Promise<WebhookResponse> {
  const own = Object.entries(webhook.headers).map(([name, value]) => [name.toLowerCase(), value]);
  const now = clock.now();
  const headers = {
    'user-agent': 'chasqui',
    ...Object.fromEntries(own),
    'content-type': 'application/json',
    ...signatureHeaders(secretsOf(webhook, now), delivery.eventId, delivery.body, now),
  };
  return sender.post({ url: webhook.url, headers, body: delivery.body, timeoutMs, signal });
}

/** Whether the webhook is another than the one that was posted to: what the old one answered then says nothing about it. */
async function wasChanged({ subscriptions }: AttemptDeps, { instanceId, id, url, secret, headers }: Webhook): Promise<boolean> {
  const now = await subscriptions.find(instanceId, id);
  return now !== null && (now.url !== url || now.secret !== secret || JSON.stringify(now.headers) !== JSON.stringify(headers));
}

function succeeded({ status }: WebhookResponse): boolean {
  return status !== null && status >= 200 && status < 300;
}

/** Counts the attempt, to be repeated at once. */
function again(delivery: Delivery, response: WebhookResponse, now: number): DeliveryOutcome {
  return { state: 'pending', attempts: delivery.attempts + 1, at: now, nextAttemptAt: now, lastStatus: response.status, lastError: response.error ?? refusal(response.status) };
}

function judge(delivery: Delivery, response: WebhookResponse, now: number, retryAfter: number | null, random: number): DeliveryOutcome {
  const attempts = delivery.attempts + 1;
  const { status } = response;
  const base = { attempts, at: now, lastStatus: status };
  if (succeeded(response)) return { ...base, state: 'delivered', lastError: null };
  const lastError = response.error ?? (status === 410 ? 'The receiver answered 410: it is gone for good. The webhook was disabled.' : refusal(status));
  const next = status === 410 ? null : nextAttemptAt({ createdAt: delivery.createdAt, attempts, now, retryAfter, random });
  if (next === null) return { ...base, state: 'dead', lastError };
  return { ...base, state: 'pending', nextAttemptAt: next, lastError };
}

function refusal(status: number | null): string {
  return `The receiver answered ${status}.`;
}

async function disable(deps: AttemptDeps, webhook: Webhook, signal: AbortSignal): Promise<void> {
  await keepTrying({ ...deps, signal }, 'Disabling a webhook', async () => {
    try {
      await deps.webhooks.update(webhook.instanceId, webhook.id, { enabled: false }, deps.clock.now());
    } catch (error) {
      // It was removed during the post.
      if (!(error instanceof DomainError && error.code === 'webhook_not_found')) throw error;
    }
  });
  deps.subscriptions.invalidate(webhook.instanceId);
  deps.logger.warn({ instanceId: webhook.instanceId, webhookId: webhook.id }, 'Webhook disabled: its receiver answered 410');
}

function count(metrics: AttemptDeps['metrics'], { createdAt }: Delivery, { state, at }: DeliveryOutcome, tookMs: number): void {
  metrics?.deliveryAttempted(state === 'pending' ? 'retry' : state, tookMs);
  if (state === 'delivered') metrics?.eventDelivered(Math.max(0, at - createdAt));
  if (state === 'dead') metrics?.deadLetter('delivery');
}

function report(logger: AttemptDeps['logger'], delivery: Delivery, outcome: DeliveryOutcome): void {
  const facts = { instanceId: delivery.instanceId, webhookId: delivery.webhookId, deliveryId: delivery.id, eventId: delivery.eventId, attempts: outcome.attempts };
  if (outcome.state === 'delivered') logger.debug(facts, 'Event delivered');
  else if (outcome.state === 'dead') logger.warn({ ...facts, status: outcome.lastStatus, reason: outcome.lastError }, 'Delivery given up');
  else logger.info({ ...facts, status: outcome.lastStatus, reason: outcome.lastError, nextAttemptAt: outcome.nextAttemptAt }, 'Delivery failed, will be tried again');
}
