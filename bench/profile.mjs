/**
 * What costs: a CPU profile of the gateway under a load, by thread, as milliseconds per message or log-in. Its argument is `send`, `async`, `inbound` or `login`.
 * The files stay, for a viewer such as the one in Chrome's developer tools.
 */
import { openAcceptance } from './acceptance.mjs';
import { createArrivals, listenTo, write } from './inbound.mjs';
import { postText } from './send.mjs';
import { readProfile } from './support/cpu-profile.mjs';
import { pairInstances, untilConnected } from './support/gateway.mjs';
import { openPair, timed } from './support/pair.mjs';
import { describeMachine } from './support/report.mjs';
import { openStage } from './support/stage.mjs';
import { within } from './support/until.mjs';

const LIMIT_MS = 180_000;
const WIDTH = 10;
const QUICK = process.env.BENCH_QUICK === '1';
const MESSAGES = QUICK ? 50 : 1_500;
const SESSIONS = QUICK ? 5 : 40;
const LOG_INS_AT_ONCE = 5;
const TOP_FUNCTIONS = 25;
const TOP_PACKAGES = 15;

/** By name, the phases of a load. The first time is a warm-up. */
const LOADS = {
  async send(stage, gateway) {
    return { 'synchronous sends, 10 at once': count => timed(count, WIDTH, (index, lane) => postText(gateway, lane, `text ${index}`)) };
  },
  async async(stage, gateway) {
    const acceptance = await openAcceptance(stage, gateway);
    return { 'asynchronous sends: acceptance, 64 clients at once': count => acceptance.accept(count), 'asynchronous sends: drain': () => acceptance.letGo() };
  },
  /** Instances that are linked connect again. */
  async login(stage, gateway) {
    await pairInstances(gateway, stage.control, SESSIONS);
    const logIn = async index => {
      await gateway.rest.post(`/instances/idle-${index}/restart`);
      await untilConnected(gateway, `idle-${index}`);
    };
    await timed(SESSIONS, LOG_INS_AT_ONCE, logIn);
    return { 'log-ins, 5 at once': count => timed(count, LOG_INS_AT_ONCE, logIn) };
  },
  async inbound(stage, gateway) {
    const arrivals = createArrivals();
    await listenTo(stage, gateway, arrivals);
    let run = 0;
    return {
      async 'incoming messages, 10 contacts at once'(count) {
        const pending = [];
        run += 1;
        await timed(count, WIDTH, (index, lane) => {
          const { arrived, written } = write(stage, 'gateway', arrivals, lane, `text ${run}/${index}`);
          pending.push(arrived);
          return written;
        });
        await Promise.all(pending);
      },
    };
  },
};

async function run(name) {
  const count = name === 'login' ? SESSIONS : MESSAGES;
  const stage = await openStage({ quickPairing: name === 'login' });
  try {
    const pair = await openPair(stage);
    const phases = Object.entries(await LOADS[name](stage, pair.gateway));
    for (const [, work] of phases) await work(count);
    for (const [title, work] of phases) {
      const before = await pair.gateway.usage({ settle: true });
      await pair.gateway.startProfile();
      const started = performance.now();
      await work(count);
      const ms = performance.now() - started;
      const files = await pair.gateway.stopProfile();
      const { cpuMs } = await pair.gateway.usage();
      process.stdout.write(`\n## ${title}: ${count} in ${(ms / 1_000).toFixed(1)} s, ${((cpuMs - before.cpuMs) / count).toFixed(2)} ms of CPU each with the profiler on\n`);
      for (const { thread, file } of files) report(thread, file, count, await readProfile(file));
    }
  } finally {
    await stage.close();
  }
}

function report(thread, file, count, { busyMs, functions, packages }) {
  const line = ({ name, ms }) => `  ${(ms / count).toFixed(3)}  ${(100 * ms / busyMs).toFixed(1).padStart(5)} %  ${name}\n`;
  process.stdout.write(`\n${thread}: busy ${(busyMs / count).toFixed(2)} ms each (${file})\n self time by function, ms each\n`);
  for (const cost of functions.slice(0, TOP_FUNCTIONS)) process.stdout.write(line(cost));
  process.stdout.write(' by package, with what it called in the runtime\n');
  for (const cost of packages.slice(0, TOP_PACKAGES)) process.stdout.write(line(cost));
}

const [name] = process.argv.slice(2);
if (!Object.hasOwn(LOADS, name)) {
  process.stderr.write(`profile takes one of ${Object.keys(LOADS).join(', ')}.\n`);
  process.exit(1);
}
try {
  process.stdout.write(`${describeMachine()}\n`);
  await within(`the profile of ${name}`, run(name), LIMIT_MS);
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}
