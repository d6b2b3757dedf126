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
 * @property {number} cpuMs of the whole start
 * @property {number} rss resident bytes some seconds later, after garbage collection
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
      const [readyAt, connectedAt] = await Promise.all([ready, connected]);
      return { ...bare, readyAt, connectedAt };
    } catch (error) {
      await bare.stop();
      throw error;
    }
  }
  async function startGateway(env) {
    const gateway = await openGatewayOn(folders.full, env);
    try {
      return { ...gateway, connectedAt: await gateway.connected(count) };
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
    /** Resident bytes without any session. */
    base: { gateway: () => resident(openGatewayOn(folders.empty)), bare: () => resident(startBare([])) },
  };
}

/** @returns {Promise<Start>} */
async function measure(starting) {
  const started = await starting;
  const { cpuMs } = await started.usage();
  const { startedAt, readyAt, connectedAt } = started;
  return { bootSeconds: (readyAt - startedAt) / 1_000, logInSeconds: (connectedAt - readyAt) / 1_000, cpuMs, rss: await resident(started) };
}

/** Ends the process, too. */
async function resident(starting) {
  const started = await starting;
  try {
    await sleep(SETTLE_MS);
    return (await started.usage({ settle: true })).rss;
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
