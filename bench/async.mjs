import { openAcceptance } from './acceptance.mjs';
import { timed } from './support/pair.mjs';
import { atLeast, atMost } from './support/report.mjs';
import { compareRates, describeCpu } from './support/sides.mjs';
import { startSink } from './support/sink.mjs';
import { median, percentile } from './support/stats.mjs';

const TARGETS = { acceptedPerSecond: 1_000, p99Ms: 50, drain: 0.85 };
const FIRST_CONTACT = 15_555_000_000;
const CONTACTS = 10;

/**
 * Asynchronous sends, in two parts, both to ten contacts in turn.
 *
 * Acceptance: 64 clients post, each its next message when the last one was answered with 202; the queue is held, so that nothing is sent
 * meanwhile. The control is a server of `node:http` that reads the same JSON and stores nothing: what clients and HTTP cost by themselves.
 *
 * Drain: the queue is let go, with nothing else running, until WhatsApp's last acknowledgement is in the database. The gateway sends one message
 * after the other and waits for each one's ack, to keep order; the control is bare Baileys that sends as many in a loop that waits for each ack.
 * @param {import('./support/stage.mjs').Stage} stage
 * @param {{ gateway: object, bare: object }} pair
 * @param {{ rounds: number, budgetMs: number, count: number }} size
 */
export async function benchAsync(stage, pair, { count, ...plan }) {
  const { gateway, bare } = pair;
  const acceptance = await openAcceptance(stage, gateway);
  const sink = await startSink();
  stage.closing(() => sink.close());
  const sendAll = name => timed(count, 1, index => bare.send(`${FIRST_CONTACT + index % CONTACTS}@s.whatsapp.net`, `${name}/${index}`));

  await acceptance.accept(count);
  await acceptance.letGo();
  await acceptance.post(sink.url, count);
  await sendAll('warm-up');

  const accepted = { gateway: [], control: [] };
  const acceptCpu = [];
  const { cpu, ...drain } = await compareRates(pair, plan, count, {
    gateway: {
      async prepare() {
        const before = await gateway.usage();
        accepted.gateway.push(await acceptance.accept(count));
        acceptCpu.push(((await gateway.usage()).cpuMs - before.cpuMs) / count);
      },
      run: async () => (await acceptance.letGo()).seconds,
    },
    bare: { prepare: async () => accepted.control.push(await acceptance.post(sink.url, count)), run: sendAll },
  });

  const rate = side => median(accepted[side].map(({ seconds }) => count / seconds));
  const p99 = side => percentile(accepted[side].flatMap(({ latencies }) => latencies), 0.99);
  return {
    rows: [
      {
        title: 'asynchronous sends accepted, 64 clients (1)', unit: '/s', gateway: rate('gateway'), bare: rate('control'),
        ratio: rate('gateway') / rate('control'), target: atLeast(TARGETS.acceptedPerSecond, rate('gateway'), '>= 1,000/s'),
      },
      {
        title: 'latency p99 of an acceptance (1)', unit: 'ms', gateway: p99('gateway'), bare: p99('control'), ratio: p99('gateway') / p99('control'),
        target: atMost(TARGETS.p99Ms, p99('gateway'), '< 50 ms'),
      },
      { title: 'drain of the queue', unit: '/s', ...drain, target: atLeast(TARGETS.drain, drain.ratio) },
    ],
    notes: ['(1) against the same clients and a server of node:http that stores nothing', `CPU per accepted message: gateway ${median(acceptCpu).toFixed(2)} ms`, describeCpu('queued message that is sent', cpu)],
  };
}
