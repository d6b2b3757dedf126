import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startChild, type Child } from './child.js';
import { demonstrate } from './demonstration.js';
import { requireFreePort } from './require-free-port.js';
import { SandboxError } from './sandbox-error.js';
import { printNextSteps, printWelcome } from './screen.js';
import type { SandboxSettings } from './settings.js';
import { until } from './until.js';

export interface SandboxOptions {
  settings: SandboxSettings;
  env: NodeJS.ProcessEnv;
  print: (line: string) => void;
  colour: boolean;
  /** Stops it. */
  signal: AbortSignal;
}

const READY_WITHIN_MS = 60_000;
/** Gateway and simulator together: below the 10 s in which all has to be over. */
const STOP_WITHIN_MS = { gateway: 7_000, simulator: 2_000 };
const TAIL_LINES = 15;
/** A connection breaks before its process is known to be gone. */
const NEWS_OF_AN_END_MS = 200;

class ChildEnded extends SandboxError {
  constructor(readonly child: Child, how: string) {
    super(`The ${child.name} ended by itself, ${how}.`);
  }
}

/**
 * Starts simulator and gateway as processes of their own, shows a conversation, and serves until the signal. However that
 * goes, both processes are gone when it settles.
 * @throws SandboxError when something is in the way, or when one of the two ends by itself
 */
export async function runSandbox({ settings, env, print, colour, signal }: SandboxOptions): Promise<void> {
  const { gatewayPort, simulatorPort, apiKey, dataDir } = settings;
  const gatewayUrl = `http://127.0.0.1:${gatewayPort}`;
  const simulatorUrl = `http://127.0.0.1:${simulatorPort}`;
  const logs = join(dataDir, 'logs');
  const children: Child[] = [];
  const broken = new AbortController();
  const running = AbortSignal.any([signal, broken.signal]);

  async function serve(): Promise<void> {
    await requireFreePort(gatewayPort, 'PORT');
    await requireFreePort(simulatorPort, 'SIMULATOR_PORT');
    await mkdir(logs, { recursive: true, mode: 0o700 });
    print('Starting the WhatsApp simulator and the gateway …');
    // The simulator first: a gateway that finds it comes back to its instances at once.
    await start('simulator', '../simulator/main.js', { SIMULATOR_PORT: String(simulatorPort) }, `${simulatorUrl}/health`);
    await start('gateway', '../src/main.js', {
      HOST: '127.0.0.1', PORT: String(gatewayPort), DATA_DIR: dataDir, CHASQUI_API_KEY: apiKey, WHATSAPP_NETWORK: 'sandbox', SIMULATOR_URL: simulatorUrl,
      // One machine with nothing installed, whatever else is configured here.
      DATABASE_URL: undefined, REDIS_URL: undefined,
    }, `${gatewayUrl}/ready`);
    printWelcome({ gatewayUrl, apiKey, simulatorUrl, dataDir, logs, print });
    await demonstrate({ gatewayUrl, apiKey, simulatorUrl, print, colour, signal: running });
    await printNextSteps({ gatewayUrl, apiKey, simulatorUrl, dataDir, print });
    if (!running.aborted) await once(running, 'abort');
  }

  async function start(name: keyof typeof STOP_WITHIN_MS, module: string, more: NodeJS.ProcessEnv, readyUrl: string): Promise<void> {
    const child = startChild({ name, module: new URL(module, import.meta.url), env: { ...env, ...more }, logFile: join(logs, `${name}.log`), stopWithinMs: STOP_WITHIN_MS[name] });
    children.push(child);
    void child.ended.then(how => broken.abort(new ChildEnded(child, how)));
    await until(`the ${name} is ready`, () => answers(readyUrl), { withinMs: READY_WITHIN_MS, signal: running });
  }

  let failure: unknown;
  try {
    await serve();
  } catch (error) {
    await pause(NEWS_OF_AN_END_MS);
    failure = error;
  }
  if (broken.signal.aborted) failure = broken.signal.reason;
  if (signal.aborted) failure = undefined;
  // Whatever of ours still waits for an answer, and the receiver of events, end here.
  broken.abort();
  for (const child of children.toReversed()) await child.stop();
  if (failure !== undefined) throw await explained(failure, children);
}

/** Adds the end of the log that most likely tells why. */
async function explained(failure: unknown, children: Child[]): Promise<unknown> {
  const child = failure instanceof ChildEnded ? failure.child : children.at(-1);
  if (!child || !(failure instanceof Error)) return failure;
  const why = failure instanceof SandboxError ? failure.message : failure.stack;
  return new SandboxError([why, '', `The end of ${child.logFile}:`, ...await child.tail(TAIL_LINES)].join('\n'));
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(1_000) })).ok;
  } catch {
    return false;
  }
}
