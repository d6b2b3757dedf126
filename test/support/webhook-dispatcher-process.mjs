// node webhook-dispatcher-process.mjs <data directory>: delivers what is pending there, until it is killed.
import { createRequire } from 'node:module';
import { openEmbeddedStore } from '../../server/dist/src/adapters/sqlite/open-embedded-store.js';
import { createSystemClock } from '../../server/dist/src/adapters/system/clock.js';
import { createSystemRandom } from '../../server/dist/src/adapters/system/random.js';
import { createAddressGuard } from '../../server/dist/src/adapters/outgoing/address-guard.js';
import { createUndiciSender } from '../../server/dist/src/adapters/webhooks/undici-sender.js';
import { createDeliveryDispatcher } from '../../server/dist/src/usecases/webhooks/deliver-webhooks.js';
import { createSubscriptions } from '../../server/dist/src/usecases/webhooks/subscriptions.js';

const pino = createRequire(new URL('../../server/package.json', import.meta.url))('pino');
const clock = createSystemClock();
const random = createSystemRandom();
const { deliveries, webhooks } = await openEmbeddedStore({ dataDir: process.argv[2], onFatal: error => { throw error; } });
const sender = createUndiciSender({ clock, guard: createAddressGuard({ allowInternal: true, allowed: [], setting: 'WEBHOOK_ALLOWED_HOSTS' }) });
const subscriptions = createSubscriptions({ webhooks, random });
createDeliveryDispatcher({ deliveries, webhooks, subscriptions, sender, clock, random, logger: pino({ level: 'warn' }) }).start();
// The parent holds this open: without it nothing would keep the process alive between posts, and with it it never outlives the parent.
process.stdin.resume().on('end', () => process.exit());
