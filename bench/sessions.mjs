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
const SETTLE_MS = 4_000;
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
      await within('the bare sessions are open', connectedMessage(bare), numbers.length === 0 ? LOGIN_MS : PAIRING_MS);
    } catch (error) {
      await bare.stop();
      throw error;
    }
    return { bare, seconds: (performance.now() - bare.startedAt) / 1_000 };
  };
  const numbers = Array.from({ length: count }, (_, index) => String(15_553_000_000 + index));

  const first = await gatewayOver(folders.full);
  await pairInstances(first, control, count).finally(() => first.stop());
  await (await bareWith(numbers)).bare.stop();

  const { gateway, bare } = await alternate(plan, {
    gateway: async () => {
      const full = await gatewayOver(folders.full);
      const seconds = await full.connected(count).then(at => (at - full.startedAt) / 1_000).catch(async error => {
        await full.stop();
        throw error;
      });
      const resident = await settled(full);
      await full.stop();
      const empty = await gatewayOver(folders.empty);
      const base = await settled(empty);
      await empty.stop();
      return { seconds, base, perSession: (resident - base) / count, boot: (empty.readyAt - empty.startedAt) / 1_000 };
    },
    bare: async () => {
      const full = await bareWith(numbers);
      const resident = await settled(full.bare);
      await full.bare.stop();
      const empty = await bareWith([]);
      const base = await settled(empty.bare);
      await empty.bare.stop();
      return { seconds: full.seconds, base, perSession: (resident - base) / count, boot: empty.seconds };
    },
  });

  const of = (side, field) => median(side.map(round => round[field]));
  const row = (title, unit, ours, theirs, ratio, target) => ({ title, unit, gateway: ours, bare: theirs, ratio, target });
  const seconds = [of(gateway, 'seconds'), of(bare, 'seconds')];
  const logIns = [gateway, bare].map(side => median(side.map(round => count / (round.seconds - round.boot))));
  const memory = [of(gateway, 'perSession'), of(bare, 'perSession')].map(bytes => bytes / MIB);
  return {
    rows: [
      row(`start of the process to ${count} CONNECTED`, 's', ...seconds, seconds[1] / seconds[0], ''),
      row(`log-ins, without the start of the process`, '/s', ...logIns, logIns[0] / logIns[1], '>= 0.8'),
      row(`memory per idle session, of ${count}`, 'MB', ...memory, memory[0] / memory[1], '<= 1.3'),
    ],
    notes: [
      `Resident without any session: gateway ${Math.round(of(gateway, 'base') / MIB)} MB, bare Baileys ${Math.round(of(bare, 'base') / MIB)} MB`,
      `Start of the process until it is ready, without any session: gateway ${of(gateway, 'boot').toFixed(1)} s, bare Baileys ${of(bare, 'boot').toFixed(1)} s`,
    ],
  };
}

async function settled(measured) {
  await sleep(SETTLE_MS);
  return (await measured.usage({ settle: true })).rss;
}

function connectedMessage({ child, log }) {
  return new Promise((resolve, reject) => {
    child.on('message', message => { if (typeof message?.connected === 'number') resolve(); });
    child.once('exit', () => void log().then(text => reject(new Error(`The bare sessions ended:\n${text}`)), reject));
  });
}
