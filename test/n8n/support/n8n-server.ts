import { mkdirSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startProcessGroup } from './process-group.js';

/** A running n8n of its own: own user folder, own database, own ports. */
export interface N8nServer {
  readonly url: string;
  readonly pid: number;
  /** its own and its task broker's: to start it again where it was */
  readonly ports: N8nPorts;
  readonly logFile: string;
  /** what n8n has printed so far */
  log(): string;
  stop(): Promise<void>;
}

export type N8nPorts = readonly [n8n: number, broker: number];

export interface N8nLocation {
  /** the Node executable that n8n runs on */
  node: string;
  /** n8n's entry script */
  n8n: string;
}

/**
 * Starts n8n on free loopback ports, or on given ones, and resolves when it is ready (about 20 s).
 * @param userFolder the parent of `.n8n`; community nodes must be installed in `.n8n/nodes` before
 * @throws when n8n ends or is not ready within `readyWithinMs`; the message holds the end of its log
 */
export async function startN8n(where: N8nLocation, userFolder: string, { ports, readyWithinMs = 180_000 }: { ports?: N8nPorts; readyWithinMs?: number } = {}): Promise<N8nServer> {
  mkdirSync(userFolder, { recursive: true });
  const logFile = join(userFolder, 'n8n.log');
  const [port, brokerPort] = ports ?? await freePorts();
  const url = `http://127.0.0.1:${port}`;
  const env = environment(where, userFolder, port, brokerPort);
  const group = await startProcessGroup(where.node, [where.n8n, 'start'], { cwd: userFolder, env, logFile });
  const log = (): string => readFileSync(logFile, 'utf8');

  const deadline = Date.now() + readyWithinMs;
  while (!(await isReady(url))) {
    const ended = group.ended();
    if (ended !== undefined || Date.now() > deadline) {
      await group.stop();
      throw new Error(`n8n ${ended === undefined ? `was not ready after ${readyWithinMs} ms` : `ended with ${ended}`}:\n${log().slice(-3000)}`);
    }
    await sleep(200);
  }
  return { url, pid: group.pid, ports: [port, brokerPort], logFile, log, stop: () => group.stop() };
}

/** Nothing of the caller's environment but PATH reaches n8n, so that a run is the same everywhere. */
function environment(where: N8nLocation, userFolder: string, port: number, brokerPort: number): Record<string, string> {
  const url = `http://127.0.0.1:${port}/`;
  return {
    PATH: `${dirname(where.node)}:${process.env['PATH'] ?? ''}`,
    HOME: userFolder,
    N8N_USER_FOLDER: userFolder,
    N8N_LISTEN_ADDRESS: '127.0.0.1',
    N8N_HOST: '127.0.0.1',
    N8N_PORT: String(port),
    N8N_RUNNERS_BROKER_PORT: String(brokerPort),
    DB_TYPE: 'sqlite',
    N8N_WEBHOOK_URL: url,
    N8N_EDITOR_BASE_URL: url,
    N8N_ENCRYPTION_KEY: 'only-for-these-tests',
    N8N_SECURE_COOKIE: 'false',
    N8N_DIAGNOSTICS_ENABLED: 'false',
    N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
    N8N_TEMPLATES_ENABLED: 'false',
    N8N_PERSONALIZATION_ENABLED: 'false',
    N8N_HIRING_BANNER_ENABLED: 'false',
    N8N_DYNAMIC_BANNERS_ENABLED: 'false',
    N8N_LICENSE_AUTO_RENEW_ENABLED: 'false',
    N8N_DISABLED_MODULES: 'mcp-registry',
    N8N_COMMUNITY_PACKAGES_ENABLED: 'true',
    N8N_VERIFIED_PACKAGES_ENABLED: 'false',
  };
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/healthz/readiness`, { signal: AbortSignal.timeout(2000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

/** Different ports that were free a moment ago: n8n takes no port 0. */
async function freePorts(): Promise<N8nPorts> {
  const servers = [createServer(), createServer()] as const;
  const free = (server: Server) => new Promise<number>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
  const ports = [await free(servers[0]), await free(servers[1])] as const;
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
