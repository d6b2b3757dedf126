import { createAddressGuard, type ConnectionGuard } from '../adapters/outgoing/address-guard.js';
import type { Config } from '../config.js';

/** Where the gateway may connect to on a caller's word. What an operator configures, and WhatsApp itself, need no permission. */
export function createOutgoingGuards({ media, webhooks }: Config['outgoing']): { media: ConnectionGuard; webhooks: ConnectionGuard } {
  return {
    media: createAddressGuard({ ...media, allowInternal: false, setting: 'MEDIA_ALLOWED_HOSTS' }),
    webhooks: createAddressGuard({ ...webhooks, setting: 'WEBHOOK_ALLOWED_HOSTS' }),
  };
}
