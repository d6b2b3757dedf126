// node link-process.mjs <redis url> <prefix> <node id>: takes calls that are never answered, and prints a line for each.
import { createRequire } from 'node:module';
import { openRedis } from '../../../server/dist/src/adapters/redis/open-redis.js';
import { createSystemClock } from '../../../server/dist/src/adapters/system/clock.js';

const [, , url, prefix, nodeId] = process.argv;
const pino = createRequire(new URL('../../../server/package.json', import.meta.url))('pino');
const link = openRedis({ url, prefix, clock: createSystemClock(), logger: pino({ level: 'warn' }) }).link(nodeId);
await link.serve(({ verb }) => {
  process.stdout.write(`began ${verb}\n`);
  return verb === 'ping' ? Promise.resolve('pong') : new Promise(() => undefined);
});
// The parent holds this open: the process never outlives it.
process.stdin.resume().on('end', () => process.exit());
