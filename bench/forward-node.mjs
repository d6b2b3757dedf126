/**
 * The other node of `forward`, in a process of its own: does the same verb for callers over the gateway's link and for jobs of a BullMQ queue.
 * node forward-node.mjs <redis url> <prefix>; says `{ said: 'ready' }`.
 */
import { createRequire } from 'node:module';
import { openRedis } from '../server/dist/src/adapters/redis/open-redis.js';
import { createSystemClock } from '../server/dist/src/adapters/system/clock.js';
import { answerCall, NODE, QUEUE } from './support/forwarded-verb.mjs';

const [, , url, prefix] = process.argv;
const require = createRequire(new URL('../server/package.json', import.meta.url));
const { Worker } = require('bullmq');
const pino = require('pino');

const redis = openRedis({ url, prefix, clock: createSystemClock(), logger: pino({ level: 'warn' }) });
await redis.link(NODE).serve(answerCall);
const worker = new Worker(QUEUE, job => answerCall(job.data), { connection: { url, maxRetriesPerRequest: null }, prefix, concurrency: 100 });
await worker.waitUntilReady();
// What is loaded before this lets a process go that only listens.
process.channel.ref();
process.send({ said: 'ready' });
