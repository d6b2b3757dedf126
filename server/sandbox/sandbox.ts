import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { demonstrate } from './demonstration.js';
import { requireFreePort } from './require-free-port.js';
import { printNextSteps, printWelcome } from './screen.js';
import type { SandboxSettings } from './settings.js';
import { answers, withChildren, type Children } from './with-children.js';

export interface SandboxOptions {
  settings: SandboxSettings;
  env: NodeJS.ProcessEnv;
  print: (line: string) => void;
  colour: boolean;
  /** Stops it. */
  signal: AbortSignal;
}

/** Gateway and simulator together: below the 10 s in which all has to be over. */
export const STOP_WITHIN_MS = { gateway: 7_000, simulator: 2_000 };

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

  await requireFreePort(gatewayPort, 'PORT', 'sandbox');
  await requireFreePort(simulatorPort, 'SIMULATOR_PORT', 'sandbox');
  await mkdir(logs, { recursive: true, mode: 0o700 });
  await withChildren({ env, logs, signal }, async children => {
    print('Starting the WhatsApp simulator and the gateway …');
    // The simulator first: a gateway that finds it comes back to its instances at once.
    await startSimulator(children, simulatorPort);
    await children.start({
      name: 'gateway', module: new URL('../src/main.js', import.meta.url), stage: 'gateway', stopWithinMs: STOP_WITHIN_MS.gateway,
      isReady: () => answers(`${gatewayUrl}/ready`),
      env: {
        HOST: '127.0.0.1', PORT: String(gatewayPort), DATA_DIR: dataDir, CHASQUI_API_KEY: apiKey, WHATSAPP_NETWORK: 'sandbox', SIMULATOR_URL: simulatorUrl,
        // One machine with nothing installed, whatever else is configured here.
        DATABASE_URL: undefined, REDIS_URL: undefined,
      },
    });
    printWelcome('sandbox', [
      ['gateway', `${gatewayUrl}   API key: ${apiKey}`], ['API docs', `${gatewayUrl}/docs`], ['simulator', `${simulatorUrl}   its control API`], ['data', dataDir], ['logs', logs],
    ], print);
    await demonstrate({ gatewayUrl, apiKey, simulatorUrl, print, colour, signal: children.running });
    await printNextSteps({ gatewayUrl, apiKey, simulatorUrl, dataDir, print });
    if (!children.running.aborted) await once(children.running, 'abort');
  });
}

/** The simulator as a child of its own. */
export async function startSimulator(children: Children, port: number): Promise<void> {
  await children.start({
    name: 'simulator', module: new URL('../simulator/main.js', import.meta.url), stage: 'simulator', stopWithinMs: STOP_WITHIN_MS.simulator,
    isReady: () => answers(`http://127.0.0.1:${port}/health`), env: { SIMULATOR_PORT: String(port) },
  });
}
