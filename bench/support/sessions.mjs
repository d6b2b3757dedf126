import { join } from 'node:path';
import { openGateway, pairInstances } from './gateway.mjs';
import { startMeasured } from './processes.mjs';
import { sleep, within } from './until.mjs';

const BARE = new URL('../bare-sessions.mjs', import.meta.url);
/** As many as the gateway connects at the same time after a start. */
const AT_ONCE = 5;
const LIMIT_MS = 120_000;
/** After the last log-in: what it set off is over then. */
const SETTLE_MS = 3_000;
const FIRST_NUMBER = 15_553_000_000;

/**
 * A start of a process with linked sessions, until all are connected.
 * @typedef {object} Start
 * @property {number} bootSeconds until the process began to connect
 * @property {number} logInSeconds from then until all were connected
 * @property {number} logInCpuMs milliseconds of CPU between the two
 * @property {Memory} memory some seconds later, after garbage collection
 * @typedef {{ rss: number, heap: number }} Memory bytes: resident, and of live JavaScript with its buffers
 */

/**
 * Links `count` sessions on either side, and logs each in twice: until then a client uploads pre-keys at its log-in.
 * @param {import('./stage.mjs').Stage} stage one with quickPairing
 */
export async function openSessions({ dir, control, simulator, folder }, count) {
  const folders = { full: await folder('sessions'), empty: await folder('no-sessions'), bare: await folder('bare') };
  const numbers = Array.from({ length: count }, (_, index) => String(FIRST_NUMBER + index));
  const openGatewayOn = (dataDir, env) => openGateway({ dir, dataDir, simulatorUrl: simulator.url, env });

  async function startBare(wanted) {
    const bare = startMeasured({ module: BARE, logFile: join(dir, `bare-${Date.now()}.log`), args: [simulator.url, folders.bare, String(AT_ONCE), ...wanted] });
    try {
      const ready = within('the bare process is ready', said(bare, 'ready'), LIMIT_MS);
      const connected = within('the bare sessions are open', said(bare, 'connected'), LIMIT_MS);
      const [readyAt, bootCpuMs, connectedAt] = await Promise.all([ready, ready.then(() => cpuOf(bare)), connected]);
      return { ...bare, readyAt, bootCpuMs, connectedAt };
    } catch (error) {
      await bare.stop();
      throw error;
    }
  }
  async function startGateway(env) {
    const gateway = await openGatewayOn(folders.full, env);
    try {
      const [bootCpuMs, connectedAt] = await Promise.all([cpuOf(gateway), gateway.connected(count)]);
      return { ...gateway, bootCpuMs, connectedAt };
    } catch (error) {
      await gateway.stop();
      throw error;
    }
  }

  const first = await openGatewayOn(folders.full);
  await pairInstances(first, control, count).finally(() => first.stop());
  await (await startBare(numbers)).stop();
  await measure(startGateway());
  await measure(startBare(numbers));

  return {
    start: { gateway: env => measure(startGateway(env)), bare: () => measure(startBare(numbers)) },
    /** Memory without any session. */
    base: { gateway: () => memoryOf(openGatewayOn(folders.empty)), bare: () => memoryOf(startBare([])) },
  };
}

/** @returns {Promise<Start>} */
async function measure(starting) {
  const started = await starting;
  const { startedAt, readyAt, connectedAt, bootCpuMs } = started;
  const logInCpuMs = await cpuOf(started) - bootCpuMs;
  return { bootSeconds: (readyAt - startedAt) / 1_000, logInSeconds: (connectedAt - readyAt) / 1_000, logInCpuMs, memory: await memoryOf(started) };
}

async function cpuOf(measured) {
  return (await measured.usage()).cpuMs;
}

/** Ends the process, too. */
async function memoryOf(starting) {
  const started = await starting;
  try {
    await sleep(SETTLE_MS);
    const { rss, heap } = await started.usage({ settle: true });
    return { rss, heap };
  } finally {
    await started.stop();
  }
}

/** Resolves with performance.now() when the process says this. */
function said({ child, log }, word) {
  return new Promise((resolve, reject) => {
    child.on('message', message => { if (message?.said === word) resolve(performance.now()); });
    child.once('exit', () => void log().then(text => reject(new Error(`The bare sessions ended:\n${text}`)), reject));
  });
}
