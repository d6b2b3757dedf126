import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { openRedis } from '../server/dist/src/adapters/redis/open-redis.js';
import { createSystemClock } from '../server/dist/src/adapters/system/clock.js';
import { answerCall, NODE, QUEUE } from './support/forwarded-verb.mjs';
import { alternate, timed } from './support/pair.mjs';
import { startMeasured } from './support/processes.mjs';
import { startRedis } from './support/redis.mjs';
import { atMost } from './support/report.mjs';
import { percentile } from './support/stats.mjs';
import { until, within } from './support/until.mjs';

const require = createRequire(new URL('../server/package.json', import.meta.url));
const { Queue, QueueEvents } = require('bullmq');
const pino = require('pino');

const WIDTHS = [[1, 'one after the other'], [10, '10 at once']];
const WARM_UP = 300;
const PREFIX = 'bench';
const ANSWER_WITHIN_MS = 30_000;
const TARGET_MS = 10;
const SIDES = { direct: 'in this process', link: 'publish/subscribe', bullmq: 'BullMQ' };

/**
 * A call to another node, in a process of its own, and its answer: over Redis' publish/subscribe, as nodes of a cluster do it, and as a BullMQ job
 * whose end is awaited with QueueEvents, over the same Redis. The control is the same verb called in this process. Nothing of WhatsApp is in it.
 * @param {{ dir: string }} stage
 * @param {{ rounds: number, budgetMs: number, count: number }} size
 * budgetMs: for each of the two measurements
 */
export async function benchForward({ dir, closing }, { count, ...plan }) {
  const redis = await startRedis(dir);
  closing(() => redis.close());
  const node = startMeasured({ module: new URL('forward-node.mjs', import.meta.url), logFile: join(dir, 'forward-node.log'), args: [redis.url, PREFIX] });
  closing(() => node.stop());
  await within('the other node is ready', once(node.child, 'message'), ANSWER_WITHIN_MS);

  const opened = openRedis({ url: redis.url, prefix: PREFIX, clock: createSystemClock(), logger: pino({ level: 'warn' }) });
  closing(() => opened.close());
  const link = opened.link('asker');
  const connection = { url: redis.url, maxRetriesPerRequest: null };
  const [queue, events] = [new Queue(QUEUE, { connection, prefix: PREFIX }), new QueueEvents(QUEUE, { connection, prefix: PREFIX })];
  closing(() => Promise.all([queue.close(), events.close()]));
  await events.waitUntilReady();

  const calls = {
    direct: args => answerCall({ verb: 'sendMessage', args }),
    link: args => link.call(NODE, { verb: 'sendMessage', args }, ANSWER_WITHIN_MS),
    bullmq: async args => (await queue.add('sendMessage', { args }, { removeOnComplete: { count: 1_000 } })).waitUntilFinished(events, ANSWER_WITHIN_MS),
  };
  await until('the link is open', () => calls.link(argsOf('first')).then(() => true, () => false));
  for (const call of Object.values(calls)) await timed(WARM_UP, 10, index => call(argsOf(`warm-up ${index}`)));

  const rows = [];
  const measured = [];
  for (const [width, how] of WIDTHS) {
    const load = call => async round => {
      const latencies = [];
      await timed(count, width, async index => {
        const asked = performance.now();
        await call(argsOf(`${round}/${index}`));
        latencies.push(performance.now() - asked);
      });
      return latencies;
    };
    const results = await alternate(plan, Object.fromEntries(Object.entries(calls).map(([side, call]) => [side, load(call)])));
    const at = (side, share) => percentile(results[side].flat(), share);
    for (const share of [0.5, 0.99]) {
      const [ours, theirs] = [at('link', share), at('bullmq', share)];
      const target = share === 0.5 ? { target: atMost(TARGET_MS, ours, `< ${TARGET_MS} ms`) } : {};
      rows.push({ title: `call to another node, p${share * 100}, ${how} (2)`, unit: 'ms', gateway: ours, bare: theirs, ratio: ours / theirs, ...target });
    }
    for (const side of Object.keys(SIDES)) measured.push([`${SIDES[side]}, ${how}`, at(side, 0.5), at(side, 0.99)]);
  }
  return { rows, notes: ['(2) publish/subscribe against a BullMQ job whose end is awaited, over the same Redis', ...describe(measured)] };
}

function describe(measured) {
  const width = Math.max(...measured.map(([title]) => title.length));
  return ['calls, ms'.padEnd(width) + '      p50      p99', ...measured.map(([title, ...values]) => title.padEnd(width) + values.map(value => value.toFixed(3).padStart(9)).join(''))];
}

/** A send of a short text as it is passed on. */
function argsOf(text) {
  return ['demo', { type: 'text', to: '15550002222', text }, { messageId: '3EB0C127B8A1F4D2930E11' }];
}
