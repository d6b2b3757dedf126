import { DomainError } from '../../domain/errors.js';
import { EVENT_TYPES, type EventType } from '../../domain/events/event.js';
import { checkFilter } from '../../domain/webhooks/filter.js';
import { checkSecret } from '../../domain/webhooks/signing.js';
import { checkHeaders, checkUrl } from '../../domain/webhooks/target.js';
import { MAX_INTERVAL_MS } from '../../domain/webhooks/webhook.js';
import type { AddressGuard } from '../../ports/address-guard.js';
import type { WebhookPatch } from '../../ports/repositories.js';
import type { WebhookInput } from '../gateway.js';

/**
 * Checks what a caller said about a webhook, and leaves out what was not said. A secret that is given is the only one from then on.
 * @throws DomainError `validation_failed` with the field, `address_not_allowed`
 */
export function checkWebhook(input: Partial<WebhookInput> & { enabled?: boolean | undefined }, guard: AddressGuard): WebhookPatch {
  return {
    ...(input.url === undefined ? {} : { url: checkReceiver(input.url, guard) }),
    ...(input.events === undefined ? {} : { events: checkEvents(input.events) }),
    ...(input.secret === undefined ? {} : { secret: checkSecret(input.secret), previousSecret: null }),
    ...(input.headers === undefined ? {} : { headers: checkHeaders(input.headers) }),
    ...(input.filter === undefined ? {} : { filter: input.filter && checkFilter(input.filter) }),
    ...(input.minIntervalMs === undefined ? {} : { minIntervalMs: checkInterval(input.minIntervalMs) }),
    ...(input.enabled === undefined ? {} : { enabled: input.enabled }),
  };
}

function checkReceiver(text: string, guard: AddressGuard): string {
  const url = checkUrl(text);
  guard.check(url);
  return url;
}

function checkEvents(events: EventType[]): EventType[] {
  const known: readonly string[] = EVENT_TYPES;
  if (events.length === 0 || !events.every(type => known.includes(type))) {
    throw new DomainError('validation_failed', 'At least one known event type is needed.', { field: 'events', hint: `Event types: ${EVENT_TYPES.join(', ')}.` });
  }
  return [...new Set(events)];
}

function checkInterval(ms: number): number {
  if (!Number.isInteger(ms) || ms < 0 || ms > MAX_INTERVAL_MS) {
    throw new DomainError('validation_failed', `The gap between two posts is a whole number of milliseconds from 0 to ${MAX_INTERVAL_MS}.`, { field: 'minIntervalMs' });
  }
  return ms;
}
