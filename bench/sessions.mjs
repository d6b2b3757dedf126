import { alternate } from './support/pair.mjs';
import { atLeast, atMost } from './support/report.mjs';
import { openSessions } from './support/sessions.mjs';
import { median } from './support/stats.mjs';

const TARGETS = { logIns: 0.8, memory: 1.3 };
const MIB = 1024 * 1024;

/**
 * Start-up and memory of `count` sessions that are linked already: gateway and bare Baileys, each started anew in every round, alone. What the
 * sessions take is the difference to a start without any. Both log in as many at a time as the gateway does by itself.
 * @param {import('./support/stage.mjs').Stage} stage one with quickPairing
 * @param {{ rounds: number, budgetMs: number, count: number }} size
 */
export async function benchSessions(stage, { count, ...plan }) {
  const sessions = await openSessions(stage, count);
  const base = { gateway: await sessions.base.gateway(), bare: await sessions.base.bare() };
  const start = env => sessions.start.gateway(env);
  const summarize = rounds => summary({ count, base, ...rounds });
  const bare = () => sessions.start.bare();
  const rounds = await alternate(plan, { gateway: () => start(), bare });
  return {
    ...summarize(rounds),
    /** The same with other settings of the gateway, once. */
    again: async env => summarize({ gateway: [await start(env)], bare: [await bare()] }),
  };
}

/** @param {{ count: number, base: { gateway: Memory, bare: Memory }, gateway: Start[], bare: Start[] }} measured */
function summary({ count, base, gateway, bare }) {
  const sides = { gateway, bare };
  const row = (title, unit, measure, ratio) => {
    const [ours, theirs] = ['gateway', 'bare'].map(side => median(sides[side].map(start => measure(start, side))));
    return { title, unit, gateway: ours, bare: theirs, ratio: ratio(ours, theirs) };
  };
  const logIns = row('log-ins, once the process is ready', '/s', ({ logInSeconds }) => count / logInSeconds, (ours, theirs) => ours / theirs);
  const memory = row(`memory per idle session, of ${count}`, 'MB', ({ memory: { rss } }, side) => (rss - base[side].rss) / count / MIB, (ours, theirs) => ours / theirs);
  const heap = side => (median(sides[side].map(start => start.memory.heap - base[side].heap)) / count / MIB).toFixed(2);
  const boot = side => median(sides[side].map(({ bootSeconds }) => bootSeconds)).toFixed(1);
  return {
    rows: [
      row(`start of the process to ${count} CONNECTED`, 's', ({ bootSeconds, logInSeconds }) => bootSeconds + logInSeconds, (ours, theirs) => theirs / ours),
      { ...logIns, target: atLeast(TARGETS.logIns, logIns.ratio) },
      { ...memory, target: atMost(TARGETS.memory, memory.ratio) },
    ],
    notes: [
      `Resident without any session: gateway ${Math.round(base.gateway.rss / MIB)} MB, bare Baileys ${Math.round(base.bare.rss / MIB)} MB`,
      `Live JavaScript per idle session: gateway ${heap('gateway')} MB, bare Baileys ${heap('bare')} MB`,
      `From the start of the process until it is ready: gateway ${boot('gateway')} s, bare Baileys ${boot('bare')} s`,
      `CPU per log-in: gateway ${perSession(gateway, count)} ms, bare Baileys ${perSession(bare, count)} ms`,
    ],
  };
}

function perSession(starts, count) {
  return (median(starts.map(({ logInCpuMs }) => logInCpuMs)) / count).toFixed(0);
}
