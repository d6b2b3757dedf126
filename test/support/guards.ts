import { createAddressGuard } from '@gateway/adapters/outgoing/address-guard.js';

/** What may be called in tests of other things: servers on this machine. */
export const LOOPBACK_GUARD = createAddressGuard({ allowInternal: false, allowed: ['127.0.0.0/8', '::1'], setting: 'TEST_ALLOWED_HOSTS' });

/** As a gateway has it for receivers unless told otherwise. */
export const RECEIVER_GUARD = createAddressGuard({ allowInternal: true, allowed: [], setting: 'WEBHOOK_ALLOWED_HOSTS' });
