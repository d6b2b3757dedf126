import type { AddressGuard } from '../../ports/address-guard.js';
import type { Clock, Random } from '../../ports/clock.js';
import type { DeliveryStore } from '../../ports/message-store.js';
import type { WebhookRepository } from '../../ports/repositories.js';
import type { InstanceLookup } from '../instances/find-instance.js';
import type { DeliveryDispatcher } from './deliver-webhooks.js';
import type { Subscriptions } from './subscriptions.js';

/** What the use cases of webhooks are made of; each takes what it needs of it. */
export interface WebhookUseCaseDeps {
  findInstance: InstanceLookup;
  webhooks: WebhookRepository;
  deliveries: Pick<DeliveryStore, 'list' | 'bringForward' | 'replay' | 'replayOne' | 'deleteOfWebhook'>;
  /** Where receivers may be. */
  guard: AddressGuard;
  subscriptions: Pick<Subscriptions, 'invalidate'>;
  dispatcher: Pick<DeliveryDispatcher, 'wake' | 'breaker'>;
  clock: Pick<Clock, 'now'>;
  random: Pick<Random, 'bytes' | 'uuid'>;
}
