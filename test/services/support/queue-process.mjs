// node queue-process.mjs <redis url> <prefix> <instance>: opens the instance's queue with work that never ends, and prints a line for each turn.
import { createRequire } from 'node:module';
import { openRedis } from '../../../server/dist/src/adapters/redis/open-redis.js';
import { createSystemClock } from '../../../server/dist/src/adapters/system/clock.js';

const [, , url, prefix, instanceId] = process.argv;
const pino = createRequire(new URL('../../../server/package.json', import.meta.url))('pino');
const { queue } = openRedis({ url, prefix, clock: createSystemClock(), logger: pino({ level: 'warn' }) });
await queue.open(instanceId, upTo => {
  process.stdout.write(`turn ${upTo}\n`);
  return upTo === null ? Promise.resolve(null) : new Promise(() => undefined);
});
// The parent holds this open: the process never outlives it.
process.stdin.resume().on('end', () => process.exit());
