import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './until.mjs';

const DIST = new URL('../../server/dist/', import.meta.url);
const PRELOADED = [new URL('sandbox/die-with-parent.js', DIST), new URL('probe.mjs', import.meta.url)];
const STOP_WITHIN_MS = 12_000;
export const API_KEY = 'bench';

/**
 * A process under measurement. It does not outlive this one.
 * @typedef {object} Measured
 * @property {import('node:child_process').ChildProcess} child
 * @property {number} startedAt performance.now() at its start
 * @property {(options?: { settle?: boolean }) => Promise<{ rss: number, heap: number, cpuMs: number }>} usage resident bytes, those of live JavaScript and its buffers, and CPU time so far of all threads; `settle` collects garbage first
 * @property {() => Promise<unknown>} startProfile begins to sample what every thread runs
 * @property {() => Promise<{ thread: string, file: string }[]>} stopProfile ends it: a file for each thread, in the format of `node --cpu-prof`
 * @property {() => Promise<string>} log everything it printed
 * @property {() => Promise<void>} stop SIGTERM, and SIGKILL when it takes too long; idempotent
 */

/**
 * @param {{ module: URL, logFile: string, args?: string[], env?: Record<string, string> }} options
 * @returns {Measured}
 */
export function startMeasured({ module, logFile, args = [], env = {} }) {
  const log = openSync(logFile, 'w', 0o600);
  const preload = PRELOADED.flatMap(file => ['--import', file.href]);
  const startedAt = performance.now();
  const child = spawn(process.execPath, ['--expose-gc', ...preload, fileURLToPath(module), ...args], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env }, stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  let over = false;
  const ended = new Promise(resolve => child.once('exit', () => { over = true; resolve(); }));
  let asked = 0;

  /** @throws Error what the probe failed with, or that the process ended */
  function ask(question) {
    const probe = ++asked;
    return new Promise((resolve, reject) => {
      const settle = (end, value) => {
        child.off('message', onMessage).off('exit', onExit);
        end(value);
      };
      const onMessage = message => {
        if (message?.probe !== probe) return;
        if (message.error) settle(reject, new Error(message.error));
        else settle(resolve, message.answer);
      };
      const onExit = () => settle(reject, new Error(`${module.pathname} ended`));
      child.on('message', onMessage).on('exit', onExit);
      child.send({ probe, ...question });
    });
  }

  return {
    child,
    startedAt,
    log: () => readFile(logFile, 'utf8'),
    usage: (options = {}) => ask({ usage: true, ...options }),
    startProfile: () => ask({ profile: 'start' }),
    stopProfile: () => ask({ profile: 'stop' }),
    async stop() {
      if (over) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** The built simulator, or with `quickPairing` the one for many sessions. Resolves when it serves, with the address of its control API. */
export async function startSimulator(dir, { quickPairing = false } = {}) {
  const module = quickPairing ? new URL('../simulator.mjs', import.meta.url) : new URL('simulator/main.js', DIST);
  const simulator = startMeasured({ module, logFile: join(dir, 'simulator.log'), env: { SIMULATOR_PORT: '0' } });
  return { ...simulator, url: await untilLogged(simulator, 'controlUrl') };
}

/**
 * The built gateway, with its default settings but for `env`, on a free port, over `dataDir`. Resolves when it serves, with its address and the time until then.
 * @param {{ dir: string, dataDir: string, simulatorUrl: string, env?: Record<string, string>, module?: URL }} options module: another main program
 */
export async function startGateway({ dir, dataDir, simulatorUrl, env = {}, module = new URL('src/main.js', DIST) }) {
  const gateway = startMeasured({
    module,
    logFile: join(dir, `gateway-${Date.now()}.log`),
    env: { PORT: '0', DATA_DIR: dataDir, CHASQUI_API_KEY: API_KEY, WHATSAPP_NETWORK: 'sandbox', SIMULATOR_URL: simulatorUrl, ...env },
  });
  return { ...gateway, url: await untilLogged(gateway, 'url'), readyAt: performance.now() };
}

/** Waits for a log line that has this field, and answers its value. */
async function untilLogged(measured, field) {
  const pattern = new RegExp(`"${field}":"([^"]+)"`);
  const found = await until(`"${field}" in the log`, async () => {
    if (measured.child.exitCode !== null) throw new Error(`The process ended:\n${await measured.log()}`);
    return pattern.exec(await measured.log());
  });
  return found[1];
}
