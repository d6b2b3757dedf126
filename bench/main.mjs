/**
 * Every figure as a ratio against bare Baileys in the same run. Arguments choose among `send`, `inbound` and `sessions`; none means all.
 * BENCH_QUICK=1 takes small counts, to see that everything runs.
 */
import { benchInbound, createArrivals } from './inbound.mjs';
import { benchSend } from './send.mjs';
import { benchSessions } from './sessions.mjs';
import { openPair } from './support/pair.mjs';
import { describeMachine, table } from './support/report.mjs';
import { openStage } from './support/stage.mjs';
import { within } from './support/until.mjs';

/** Every benchmark keeps to its time; if all of it takes this long, something hangs. */
const LIMIT_MS = 300_000;
const NAMES = ['send', 'inbound', 'sessions'];
const QUICK = process.env.BENCH_QUICK === '1';
const SIZES = QUICK
  ? {
    send: { rounds: 1, budgetMs: 1, count: 40 },
    inbound: { rounds: 1, budgetMs: 1, burst: 60, single: 20 },
    sessions: { rounds: 1, budgetMs: 1, count: 3 },
  }
  : {
    send: { rounds: 7, budgetMs: 20_000, count: 150 },
    inbound: { rounds: 7, budgetMs: 20_000, burst: 200, single: 60 },
    sessions: { rounds: 3, budgetMs: 60_000, count: 20 },
  };

/** @param {string[]} chosen */
async function run(chosen) {
  const machine = describeMachine();
  const started = performance.now();
  const results = [];
  if (chosen.includes('send') || chosen.includes('inbound')) {
    await onStage(async stage => {
      const arrivals = createArrivals();
      const pair = await openPair(stage, { onMessage: arrivals.arrived });
      if (chosen.includes('send')) results.push(await step('send', () => benchSend(pair, SIZES.send)));
      if (chosen.includes('inbound')) results.push(await step('inbound', () => benchInbound(stage, pair, arrivals, SIZES.inbound)));
    });
  }
  if (chosen.includes('sessions')) await onStage(async stage => results.push(await step('sessions', () => benchSessions(stage, SIZES.sessions))));

  const seconds = Math.round((performance.now() - started) / 1_000);
  const notes = results.flatMap(result => result.notes);
  process.stdout.write(`\n${machine}${QUICK ? ', small counts: no figures to quote' : ''}; took ${seconds} s\n\n${table(results.flatMap(result => result.rows))}\n\n${notes.map(note => `${note}\n`).join('')}`);
}

async function onStage(work) {
  const stage = await openStage();
  try {
    await work(stage);
  } finally {
    await stage.close();
  }
}

async function step(name, work) {
  process.stdout.write(`${name} …\n`);
  return work();
}

const chosen = process.argv.length > 2 ? process.argv.slice(2) : NAMES;
const unknown = chosen.filter(name => !NAMES.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`There is no benchmark ${unknown.join(', ')}; there are ${NAMES.join(', ')} and idle.\n`);
  process.exit(1);
}
try {
  await within('all benchmarks', run(chosen), LIMIT_MS);
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}
