import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demonstrate } from '../demonstration.js';
import { requireFreePort } from '../require-free-port.js';
import { SandboxError } from '../sandbox-error.js';
import { STOP_WITHIN_MS, startSimulator, type SandboxOptions } from '../sandbox.js';
import { printNextSteps, printWelcome } from '../screen.js';
import { answers, withChildren, type Children } from '../with-children.js';
import { freePorts } from './free-ports.js';
import { provideDatabase } from './postgres.js';
import { startProxy } from './proxy.js';
import { provideRedis } from './redis.js';
import type { ClusterSettings } from './settings.js';
import type { Service } from './service.js';

const NODES = 3;

interface ClusterNode { name: string; url: string; pid: number }

/**
 * Starts a simulator and three gateways that share a PostgreSQL and a Redis, a proxy in front of them that takes turns, shows a conversation
 * through it, and serves until the signal. A node that ends, as by `kill -9`, is told and left dead: the others take over. However it goes,
 * nothing that it started or made is there when it settles.
 * @throws SandboxError when something is in the way, or when simulator or the last node ends by itself
 */
export async function runCluster({ settings, env, print, colour, signal }: Omit<SandboxOptions, 'settings'> & { settings: ClusterSettings }): Promise<void> {
  const { gatewayPort, simulatorPort, apiKey, dataDir } = settings;
  const gatewayUrl = `http://127.0.0.1:${gatewayPort}`;
  const simulatorUrl = `http://127.0.0.1:${simulatorPort}`;
  const logs = join(dataDir, 'logs');
  const name = `chasqui_cluster_${randomBytes(4).toString('hex')}`;
  const services: Service[] = [];

  await requireFreePort(gatewayPort, 'PORT', 'cluster');
  await requireFreePort(simulatorPort, 'SIMULATOR_PORT', 'cluster');
  await mkdir(logs, { recursive: true, mode: 0o700 });
  // A node that is killed leaves there what it had on its way.
  const temporary = await mkdtemp(join(tmpdir(), 'chasqui-nodes-'));
  try {
    await withChildren({ env, logs, signal }, async children => {
      const database = await provideDatabase({ given: settings.databaseUrl, name, children, env });
      services.push(database);
      const redis = await provideRedis({ given: settings.redisUrl, prefix: settings.redisPrefix, ownPrefix: name, children });
      services.push(redis);
      print(`Starting the WhatsApp simulator and ${NODES} gateways …`);
      await startSimulator(children, simulatorPort);
      const nodes = await startNodes(children, {
        DATABASE_URL: database.url, REDIS_URL: redis.url, REDIS_PREFIX: redis.prefix, CHASQUI_API_KEY: apiKey, CHASQUI_ENCRYPTION_KEY: settings.encryptionKey, WHATSAPP_NETWORK: 'sandbox', SIMULATOR_URL: simulatorUrl, DATA_DIR: undefined,
        TMPDIR: temporary, TEMP: temporary, TMP: temporary,
      }, print);
      const proxy = await startProxy({ host: '127.0.0.1', port: gatewayPort, targets: nodes.map(({ url }) => url) });
      children.running.addEventListener('abort', () => proxy.close(), { once: true });
      printWelcome('cluster', [
        ['gateway', `${gatewayUrl}   API key: ${apiKey}   its requests go to the nodes in turn`],
        ...nodes.map((node): [string, string] => [node.name, `${node.url}   pid ${node.pid}`]),
        ['API docs', `${gatewayUrl}/docs`], ['simulator', `${simulatorUrl}   its control API`],
        ['database', database.about], ['Redis', redis.about], ['logs', logs],
      ], print);
      await demonstrate({ gatewayUrl, apiKey, simulatorUrl, print, colour, signal: children.running });
      await printNextSteps({ gatewayUrl, apiKey, simulatorUrl, dataDir, print, more: [{
        title: 'End a node, and see its instances come back on the others within 20 seconds (SIGTERM: 5)',
        commands: [`kill -9 ${nodes.at(-1)?.pid ?? ''}`, `curl -sS -w '\\n' -H 'X-API-Key: ${apiKey}' ${gatewayUrl}/instances/demo/status`],
      }] });
      if (!children.running.aborted) await once(children.running, 'abort');
    });
  } finally {
    for (const service of services) await service.remove().catch((error: unknown) => print(`  ${service.about} could not be removed: ${String(error)}`));
    await rm(temporary, { recursive: true, force: true }).catch((error: unknown) => print(`  ${temporary} could not be removed: ${String(error)}`));
  }
}

/** All at once, as a cluster may. */
async function startNodes(children: Children, env: NodeJS.ProcessEnv, print: (line: string) => void): Promise<ClusterNode[]> {
  const ports = await freePorts(NODES);
  let living = NODES;
  const onEnd = (name: string, how: string): void => {
    living -= 1;
    print(`  ${name} ended, ${how}; ${living > 0 ? `${living} of ${NODES} go on.` : 'it was the last.'}`);
    if (living === 0) children.fail(new SandboxError('All nodes have ended.'));
  };
  return Promise.all(ports.map(async (port, index) => {
    const name = `node ${index + 1}`;
    const url = `http://127.0.0.1:${port}`;
    const { pid } = await children.start({
      name, module: new URL('../../src/main.js', import.meta.url), stage: 'nodes', stopWithinMs: STOP_WITHIN_MS.gateway,
      env: { ...env, HOST: '127.0.0.1', PORT: String(port) }, isReady: () => answers(`${url}/ready`), onEnd: how => onEnd(name, how),
    });
    return { name, url, pid };
  }));
}
