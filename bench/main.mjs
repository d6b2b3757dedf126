/**
 * Every figure as a ratio against a control in the same run. Arguments choose among `send`, `async`, `inbound`, `sessions`, `seal`, `forward`, which needs a
 * redis-server, and `cluster`, which needs PostgreSQL as well; none means all.
 * Where a target is missed, the same is measured once more with the weaker durability. BENCH_QUICK=1 takes small counts, to see that everything runs.
 */
import { ensurePostgres } from '../scripts/services/postgres-server.mjs';
import { ensureRedisServer } from '../scripts/services/redis-server.mjs';
import { benchAsync } from './async.mjs';
import { benchCluster } from './cluster.mjs';
import { benchForward } from './forward.mjs';
import { benchInbound, createArrivals } from './inbound.mjs';
import { benchSeal } from './seal.mjs';
import { benchSend } from './send.mjs';
import { benchSessions } from './sessions.mjs';
import { openPair } from './support/pair.mjs';
import { describeMachine, missedRows, table } from './support/report.mjs';
import { openStage } from './support/stage.mjs';
import { within } from './support/until.mjs';

/** Every benchmark keeps to its time; if all of it takes this long, something hangs. */
const LIMIT_MS = 540_000;
const NAMES = ['send', 'async', 'inbound', 'sessions', 'seal', 'forward', 'cluster'];
const WEAKER = { SQLITE_SYNCHRONOUS: 'normal' };
const QUICK = process.env.BENCH_QUICK === '1';
const SIZES = QUICK
  ? {
    send: { rounds: 1, budgetMs: 1, count: 40 },
    async: { rounds: 1, budgetMs: 1, count: 100 },
    inbound: { rounds: 1, budgetMs: 1, burst: 60, single: 20 },
    sessions: { rounds: 1, budgetMs: 1, count: 3 },
    seal: { rounds: 1, budgetMs: 1, count: 40 },
    forward: { rounds: 1, budgetMs: 1, count: 50 },
    cluster: { rounds: 1, budgetMs: 1, count: 40 },
  }
  : {
    send: { rounds: 7, budgetMs: 12_000, count: 150 },
    async: { rounds: 4, budgetMs: 20_000, count: 1_500 },
    inbound: { rounds: 7, budgetMs: 12_000, burst: 200, single: 60 },
    sessions: { rounds: 3, budgetMs: 50_000, count: 100 },
    seal: { rounds: 11, budgetMs: 15_000, count: 100 },
    forward: { rounds: 7, budgetMs: 10_000, count: 400 },
    cluster: { rounds: 7, budgetMs: 12_000, count: 150 },
  };
const ON_A_STAGE = { seal: benchSeal, forward: benchForward, cluster: benchCluster };
const NEEDED = { forward: [ensureRedisServer], cluster: [ensureRedisServer, ensurePostgres] };
const WEAKER_ROUNDS = 3;
const WEAKER_BUDGET_MS = QUICK ? 1 : 6_000;

const PAIRED = {
  send: (stage, pair, arrivals, size) => benchSend(pair, size),
  async: (stage, pair, arrivals, size) => benchAsync(stage, pair, size),
  inbound: (stage, pair, arrivals, size) => benchInbound(stage, pair, arrivals, size),
};

/** One gateway and one bare client, for all benchmarks that take one account. Answers results by name. */
async function runPaired(names, sizeOf, env = {}) {
  const results = new Map();
  if (names.length === 0) return results;
  await onStage({}, async stage => {
    const arrivals = createArrivals();
    const pair = await openPair(stage, { onMessage: arrivals.arrived, env });
    for (const name of names) {
      say(`${name}${env === WEAKER ? ', weaker setting' : ''} …`);
      results.set(name, await PAIRED[name](stage, pair, arrivals, sizeOf(name)));
    }
  });
  return results;
}

/** @param {string[]} chosen */
async function run(chosen) {
  const machine = describeMachine();
  const started = performance.now();
  const results = await runPaired(chosen.filter(name => name in PAIRED), name => SIZES[name]);
  const missed = [...results].filter(([, result]) => missedRows(result).length > 0).map(([name]) => name);
  const weaker = await runPaired(missed, name => ({ ...SIZES[name], rounds: WEAKER_ROUNDS, budgetMs: WEAKER_BUDGET_MS }), WEAKER);
  if (chosen.includes('sessions')) {
    await onStage({ quickPairing: true }, async stage => {
      say('sessions …');
      const result = await benchSessions(stage, SIZES.sessions);
      results.set('sessions', result);
      if (missedRows(result).length > 0) weaker.set('sessions', await result.again(WEAKER));
    });
  }
  for (const [name, bench] of Object.entries(ON_A_STAGE)) {
    if (!chosen.includes(name)) continue;
    await onStage({}, async stage => {
      say(`${name} …`);
      results.set(name, await bench(stage, SIZES[name]));
    });
  }

  const seconds = Math.round((performance.now() - started) / 1_000);
  const all = [...results.values()];
  say(`\n${machine}${QUICK ? ', small counts: no figures to quote' : ''}; took ${seconds} s\n\n${table(all.flatMap(({ rows }) => rows))}\n`);
  for (const note of all.flatMap(({ notes }) => notes)) say(note);
  const titles = all.flatMap(missedRows).map(({ title }) => title);
  if (titles.length === 0) return;
  const rows = [...weaker.values()].flatMap(result => result.rows).filter(({ title }) => titles.includes(title));
  say(`\nMissed targets with SQLITE_SYNCHRONOUS=normal (a power cut may take back the last seconds), fewer rounds:\n\n${table(rows)}\n`);
  say('What limits each: docs/performance.md. What differs little between the two tables is limited by CPU, and not by the flush to disk.');
}

async function onStage(options, work) {
  const stage = await openStage(options);
  try {
    await work(stage);
  } finally {
    await stage.close();
  }
}

/** What needs servers that are not there is left out, unless it was asked for. */
async function withWhatTheyNeed(names) {
  const left = [];
  for (const name of names) {
    try {
      for (const ensure of NEEDED[name] ?? []) await ensure(say);
      left.push(name);
    } catch (error) {
      if (names !== NAMES) throw error;
      say(`${name} is left out. ${error.message}`);
    }
  }
  return left;
}

function say(line) {
  process.stdout.write(`${line}\n`);
}

const chosen = process.argv.length > 2 ? process.argv.slice(2) : NAMES;
const unknown = chosen.filter(name => !NAMES.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`There is no benchmark ${unknown.join(', ')}; there are ${NAMES.join(', ')}, profile and idle.\n`);
  process.exit(1);
}
try {
  await within('all benchmarks', run(await withWhatTheyNeed(chosen)), LIMIT_MS);
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}
