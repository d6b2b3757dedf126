import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { startGateway, type Gateway } from '@gateway/app.js';
import { readConfig } from '@gateway/config.js';
import { createSimulator, silenceLibsignal, type Simulator, type SimulatorOptions } from '@simulator/index.js';
import { api, type Api } from './api.js';
import { collectingLogger } from './logger.js';

export const API_KEY = 'test-key-of-the-stack';

/** A real gateway and a real simulator on free ports, in this process, with a data directory of their own. */
export interface Stack {
  gatewayUrl: string;
  apiKey: string;
  simulatorUrl: string;
  /** The gateway's data directory; only to be opened while the gateway is stopped. */
  dataDir: string;
  simulator: Simulator;
  api: Api;
  /** What the gateway logged at warn and above, as parsed lines. */
  complaints: Record<string, unknown>[];
  /** Makes an instance, connects it and scans its QR with this phone; resolves when it is CONNECTED. */
  pair(instanceId: string, number: string): Promise<void>;
  /** Stops the gateway and starts it again on the same data. */
  restartGateway(): Promise<void>;
  /** Stops the gateway alone. */
  stopGateway(): Promise<void>;
  /** Removes the data as well. Idempotent. */
  stop(): Promise<void>;
}

export interface StackOptions {
  simulator?: SimulatorOptions;
  env?: Record<string, string>;
  /** In the place of the one that collects complaints. */
  logger?: Logger;
}

export async function startStack(options: StackOptions = {}): Promise<Stack> {
  silenceLibsignal();
  const dataDir = await mkdtemp(join(tmpdir(), 'chasqui-stack-'));
  const simulator = createSimulator({ quickPairing: true, ...options.simulator });
  await simulator.start();
  const complaints: Record<string, unknown>[] = [];
  const logger = options.logger ?? collectingLogger(complaints);
  const start = () => startGateway({
    config: readConfig({
      PORT: '0', DATA_DIR: dataDir, CHASQUI_API_KEY: API_KEY, WHATSAPP_NETWORK: 'sandbox', SIMULATOR_URL: simulator.controlUrl, ...options.env,
    }),
    version: '0.0.0-test',
    logger,
    onFatal: error => complaints.push({ fatal: String(error) }),
  });
  let gateway: Gateway = await start();

  const stack: Stack = {
    gatewayUrl: gateway.url,
    apiKey: API_KEY,
    simulatorUrl: simulator.controlUrl,
    dataDir,
    simulator,
    api: api(gateway.url, API_KEY),
    complaints,
    async pair(instanceId, number) {
      await stack.api.post('/instances', { instanceId }, 201);
      simulator.phones.add(number);
      const { qr } = await stack.api.post('/instances/' + instanceId + '/connect', undefined, 200) as { qr: string };
      await simulator.phones.scan(number, qr);
      await stack.api.untilStatus(instanceId, 'CONNECTED');
    },
    async restartGateway() {
      await gateway.stop();
      gateway = await start();
      stack.gatewayUrl = gateway.url;
      stack.api = api(gateway.url, API_KEY);
    },
    stopGateway: () => gateway.stop(),
    async stop() {
      await gateway.stop();
      await simulator.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
  return stack;
}
