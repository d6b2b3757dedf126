import { createServer } from 'node:http';
import { alternate, BARE_PHONE, GATEWAY_PHONE, INSTANCE, timed } from './support/pair.mjs';
import { atLeast, atMost } from './support/report.mjs';
import { compareRates, describeCpu } from './support/sides.mjs';
import { median, percentile } from './support/stats.mjs';
import { within } from './support/until.mjs';

const WIDTH = 10;
const WARM_UP = 300;
const ROUND_MS = 60_000;
const TARGETS = { rate: 0.8, addedMs: 15 };
const PHONES = { gateway: GATEWAY_PHONE, bare: BARE_PHONE };

/** Who waits for which text, and since when. */
export function createArrivals() {
  const waiting = new Map();
  return {
    /** Resolves with performance.now() of the arrival. */
    expect: text => new Promise(resolve => waiting.set(text, resolve)),
    arrived(text) {
      const resolve = waiting.get(text);
      waiting.delete(text);
      resolve?.(performance.now());
    },
  };
}

/** The gateway's webhook for incoming messages; what it brings is an arrival. */
export async function listenTo(stage, gateway, arrivals) {
  const receiver = await startReceiver(arrivals.arrived);
  stage.closing(() => receiver.close());
  await gateway.rest.post(`/instances/${INSTANCE}/webhooks`, { url: receiver.url, events: ['message.received'] });
}

/** Makes the contact of this lane write to one of the two; both promises are of the same text. */
export function write(stage, side, arrivals, lane, text) {
  const arrived = arrivals.expect(text);
  return { arrived, written: stage.control.post(`/contacts/${15_556_000_000 + lane}/messages`, { to: PHONES[side], text }) };
}

/** A receiver of webhooks that answers at once. */
async function startReceiver(onText) {
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    response.writeHead(200).end();
    const { data } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    onText(data.text);
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    async close() {
      const closed = new Promise(resolve => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/**
 * Incoming texts: from the call that makes a contact write to the webhook's arrival here, against the bare client's messages.upsert here.
 * The rate is that of ten contacts at once, the latency that of one message at a time.
 * @param {import('./support/stage.mjs').Stage} stage
 * @param {{ gateway: object }} pair
 * @param {ReturnType<typeof createArrivals>} arrivals gets the texts of both sides
 * @param {{ rounds: number, budgetMs: number, burst: number, single: number }} size
 * budgetMs: for each of the two measurements
 */
export async function benchInbound(stage, pair, arrivals, { burst, single, ...plan }) {
  await listenTo(stage, pair.gateway, arrivals);
  /** Of a core, by side. */
  const simulatorShare = { gateway: [], bare: [] };
  const flood = async (side, count, name) => {
    const before = await stage.simulator.usage();
    const pending = [];
    const started = performance.now();
    await timed(count, WIDTH, async (index, lane) => {
      const { written, arrived } = write(stage, side, arrivals, lane, `${side} ${name} ${index}`);
      pending.push(arrived);
      await written;
    });
    await within(`${count} messages arrive`, Promise.all(pending), ROUND_MS);
    const ms = performance.now() - started;
    simulatorShare[side].push(((await stage.simulator.usage()).cpuMs - before.cpuMs) / ms);
    return ms / 1_000;
  };
  const oneByOne = async (side, round) => {
    const latencies = [];
    for (let index = 0; index < single; index += 1) {
      const started = performance.now();
      latencies.push(await within('a message arrives', write(stage, side, arrivals, 0, `${side} single ${round} ${index}`).arrived, ROUND_MS) - started);
    }
    return latencies;
  };

  for (const side of ['gateway', 'bare']) await flood(side, WARM_UP, 'warm-up');
  const { cpu, ...rates } = await compareRates(pair, plan, burst, {
    gateway: { run: round => flood('gateway', burst, round) },
    bare: { run: round => flood('bare', burst, round) },
  });
  const singles = await alternate(plan, { gateway: round => oneByOne('gateway', round), bare: round => oneByOne('bare', round) });

  const latency = (share, side) => percentile(singles[side].flat(), share);
  const added = share => latency(share, 'gateway') - latency(share, 'bare');
  const busy = side => Math.round(100 * median(simulatorShare[side]));
  return {
    rows: [
      { title: `inbound to webhook, ${WIDTH} contacts at once`, unit: '/s', ...rates, target: atLeast(TARGETS.rate, rates.ratio) },
      ...[0.5, 0.99].map(share => ({
        title: `inbound latency p${share * 100}, one at a time`, unit: 'ms', gateway: latency(share, 'gateway'), bare: latency(share, 'bare'),
        ratio: latency(share, 'gateway') / latency(share, 'bare'),
        target: share === 0.5 ? atMost(TARGETS.addedMs, added(share), `adds < ${TARGETS.addedMs} ms`) : undefined,
      })),
    ],
    notes: [
      `Latency that the gateway adds: p50 ${added(0.5).toFixed(1)} ms, p99 ${added(0.99).toFixed(1)} ms`,
      `${describeCpu('incoming message', cpu)} (with the calls that make the contacts write)`,
      `CPU of the simulator while messages come in: ${busy('gateway')} % of a core with the gateway, ${busy('bare')} % with bare Baileys`,
    ],
  };
}
