import { join } from 'node:path';
import { openGateway, pairInstance } from './support/gateway.mjs';
import { alternate } from './support/pair.mjs';
import { startMeasured } from './support/processes.mjs';
import { median } from './support/stats.mjs';
import { sleep, within } from './support/until.mjs';

const BARE = new URL('bare-sessions.mjs', import.meta.url);
const PAIRING_MS = 120_000;
const LOGIN_MS = 60_000;
/** After the last log-in: what it set off is over then. */
const SETTLE_MS = 3_000;
const MIB = 1024 * 1024;

/** Links `count` instances to a gateway, a few at a time. */
export async function pairInstances(gateway, control, count) {
  const waiting = Array.from({ length: count }, (_, index) => index);
  await Promise.all(Array.from({ length: 4 }, async () => {
    for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) {
      await pairInstance(gateway, control, `idle-${index}`, String(15_552_000_000 + index));
    }
  }));
}

/**
 * Start-up and memory of `count` sessions that are linked already: gateway and bare Baileys, each started anew in every round, alone, and
 * once more without any session to know what the sessions take.
 * @param {import('./support/stage.mjs').Stage} stage
 * @param {{ rounds: number, budgetMs: number, count: number }} size
 */
export async function benchSessions(stage, { count, ...plan }) {
  const { dir, control, simulator } = stage;
  const folders = { full: await stage.folder('sessions'), empty: await stage.folder('no-sessions'), bare: await stage.folder('bare') };
  const gatewayOver = dataDir => openGateway({ dir, dataDir, simulatorUrl: simulator.url });
  const bareWith = async numbers => {
    const bare = startMeasured({ module: BARE, logFile: join(dir, `bare-${Date.now()}.log`), args: [simulator.url, folders.bare, ...numbers] });
    try {
      const ready = within('the bare process is ready', said(bare, 'ready'), LOGIN_MS);
      const connected = within('the bare sessions are open', said(bare, 'connected'), PAIRING_MS);
      const [readyAt, connectedAt] = await Promise.all([ready, connected]);
      return { ...bare, readyAt, connectedAt };
    } catch (error) {
      await bare.stop();
      throw error;
    }
  };
  const numbers = Array.from({ length: count }, (_, index) => String(15_553_000_000 + index));

  const first = await gatewayOver(folders.full);
  await pairInstances(first, control, count).finally(() => first.stop());
  await (await bareWith(numbers)).stop();

  /** One process with the sessions, then one without; what differs is theirs. */
  const measure = async (full, connectedAt, openEmpty) => {
    const resident = await settled(full);
    await full.stop();
    const empty = await openEmpty();
    const base = await settled(empty);
    await empty.stop();
    return {
      seconds: (connectedAt - full.startedAt) / 1_000, boot: (full.readyAt - full.startedAt) / 1_000, logInsPerSecond: count / ((connectedAt - full.readyAt) / 1_000),
      base, perSession: (resident - base) / count,
    };
  };
  const { gateway, bare } = await alternate(plan, {
    gateway: async () => {
      const full = await gatewayOver(folders.full);
      const connectedAt = await full.connected(count).catch(async error => {
        await full.stop();
        throw error;
      });
      return measure(full, connectedAt, () => gatewayOver(folders.empty));
    },
    bare: async () => {
      const full = await bareWith(numbers);
      return measure(full, full.connectedAt, () => bareWith([]));
    },
  });

  const of = (side, field) => median(side.map(round => round[field]));
  const row = (title, unit, field, scale, ratio, target) => {
    const [ours, theirs] = [of(gateway, field) / scale, of(bare, field) / scale];
    return { title, unit, gateway: ours, bare: theirs, ratio: ratio(ours, theirs), target };
  };
  return {
    rows: [
      row(`start of the process to ${count} CONNECTED`, 's', 'seconds', 1, (ours, theirs) => theirs / ours, ''),
      row(`log-ins, once the process is ready`, '/s', 'logInsPerSecond', 1, (ours, theirs) => ours / theirs, '>= 0.8'),
      row(`memory per idle session, of ${count}`, 'MB', 'perSession', MIB, (ours, theirs) => ours / theirs, '<= 1.3'),
    ],
    notes: [
      `Resident without any session: gateway ${Math.round(of(gateway, 'base') / MIB)} MB, bare Baileys ${Math.round(of(bare, 'base') / MIB)} MB`,
      `From the start of the process until it is ready: gateway ${of(gateway, 'boot').toFixed(1)} s, bare Baileys ${of(bare, 'boot').toFixed(1)} s`,
    ],
  };
}

async function settled(measured) {
  await sleep(SETTLE_MS);
  return (await measured.usage({ settle: true })).rss;
}

/** Resolves with performance.now() when the process says this. */
function said({ child, log }, word) {
  return new Promise((resolve, reject) => {
    child.on('message', message => { if (message?.said === word) resolve(performance.now()); });
    child.once('exit', () => void log().then(text => reject(new Error(`The bare sessions ended:\n${text}`)), reject));
  });
}
