import { createSimulator, silenceLibsignal, type Simulator } from '@simulator/index.js';
import { api, type Api } from '../api.js';
import { startPostgres, type TestPostgres } from '../postgres-server.js';
import { freePort, startProcess, untilUp, type TestProcess } from '../processes.js';
import { startRedis, type TestRedis } from '../redis-server.js';
import { until } from '../until.js';

/** One gateway process of a cluster. It keeps its port when it is started again. */
export interface TestNode {
  name: string;
  url: string;
  api: Api;
  process: TestProcess;
  isUp(): boolean;
  /** Ends the process with this signal; resolves when it is gone. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null>;
  pause(): void;
  resume(): void;
  start(): Promise<void>;
  /** What it logged at warn and above, over all its lives. */
  complaints(): Record<string, unknown>[];
  /** All that it printed, over all its lives. */
  output(): string;
  /** What it called itself in each of its lives. */
  ids(): string[];
}

/** Real gateway processes on a PostgreSQL and a Redis of their own, with one simulator. */
export interface Cluster {
  postgres: TestPostgres;
  redis: TestRedis;
  simulator: Simulator;
  databaseUrl: string;
  nodes: TestNode[];
  /** The next node that is up, in turn, as behind a plain round-robin. */
  next(): TestNode;
  addNode(): Promise<TestNode>;
  /** Makes an instance, connects it and scans its QR with this phone; resolves when it is CONNECTED. */
  pair(instanceId: string, number: string, settings?: Record<string, unknown>): Promise<void>;
  /** Rows of the cluster's database. */
  query(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  /** The node that owns each instance, by its place in `nodes`, and the epoch; only of leases that last. */
  owners(): Promise<Map<string, { node: string; epoch: number }>>;
  stop(): Promise<void>;
}

export const CLUSTER_KEY = 'key-of-the-cluster-tests';
/** Any 32 bytes. */
export const CLUSTER_ENCRYPTION_KEY = 'c7'.repeat(32);

export interface ClusterOptions {
  nodes?: number;
  /** Further settings of each node. */
  env?: Record<string, string>;
  /** One that runs already, and is stopped by whoever started it. */
  simulator?: Simulator;
  /** Called with the empty database before the nodes start. */
  prepare?: (databaseUrl: string) => Promise<void>;
}

export async function startCluster({ nodes: count = 3, env = {}, simulator: given, prepare }: ClusterOptions = {}): Promise<Cluster> {
  silenceLibsignal();
  const simulator = given ?? createSimulator({ quickPairing: true });
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis(), given ? null : simulator.start()]);
  const databaseUrl = await postgres.database();
  const nodes: TestNode[] = [];
  let turn = 0;

  async function addNode(): Promise<TestNode> {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const name = `node ${nodes.length + 1}`;
    let printedBefore = '';
    const spawn = () => startProcess('src/main.js', {
      PORT: String(port), DATABASE_URL: databaseUrl, REDIS_URL: redis.url, CHASQUI_API_KEY: CLUSTER_KEY, CHASQUI_ENCRYPTION_KEY: CLUSTER_ENCRYPTION_KEY, WHATSAPP_NETWORK: 'sandbox',
      SIMULATOR_URL: simulator.controlUrl, LOG_LEVEL: 'info', ...env,
    });
    const lines = () => node.output().split('\n').flatMap(readLine);
    let up = true;
    const node: TestNode = {
      name, url,
      api: api(url, CLUSTER_KEY),
      process: spawn(),
      isUp: () => up,
      async end(signal) {
        up = false;
        return node.process.end(signal);
      },
      pause() {
        up = false;
        process.kill(node.process.pid, 'SIGSTOP');
      },
      resume() {
        process.kill(node.process.pid, 'SIGCONT');
        up = true;
      },
      async start() {
        printedBefore += node.process.output();
        node.process = spawn();
        await untilUp(`${url}/ready`, node.process);
        up = true;
      },
      output: () => printedBefore + node.process.output(),
      complaints: () => lines().filter(({ level }) => typeof level === 'number' && level >= 40),
      ids: () => lines().flatMap(({ nodeId }) => typeof nodeId === 'string' ? nodeId : []),
    };
    nodes.push(node);
    await untilUp(`${url}/ready`, node.process);
    return node;
  }

  const cluster: Cluster = {
    postgres, redis, simulator, databaseUrl, nodes, addNode,
    next() {
      const up = nodes.filter(node => node.isUp());
      const node = up[turn++ % up.length];
      if (!node) throw new Error('No node is up.');
      return node;
    },
    async pair(instanceId, number, settings = {}) {
      await cluster.next().api.post('/instances', { instanceId, settings }, 201);
      simulator.phones.add(number);
      let qr = '';
      await until(`${instanceId} shows a QR`, async () => {
        const answer = await cluster.next().api.raw(`/instances/${instanceId}/connect`, { method: 'POST' });
        qr = answer.status === 200 ? (await answer.json() as { qr?: string }).qr ?? '' : '';
        return qr !== '';
      });
      await simulator.phones.scan(number, qr);
      await cluster.next().api.untilStatus(instanceId, 'CONNECTED');
    },
    query: (sql, values) => postgres.query(sql, values, databaseUrl),
    async owners() {
      const rows = await cluster.query(`SELECT "instanceId", owner, epoch FROM "Lease" WHERE owner IS NOT NULL AND "expiresAt" > extract(epoch from clock_timestamp()) * 1000`);
      return new Map(rows.map(row => [String(row['instanceId']), { node: String(row['owner']), epoch: Number(row['epoch']) }]));
    },
    async stop() {
      // A stopped process takes no other signal.
      for (const node of nodes) if (!node.isUp() && isThere(node.process.pid)) process.kill(node.process.pid, 'SIGCONT');
      await Promise.all(nodes.map(node => node.end('SIGKILL')));
      await Promise.all([given ? null : simulator.stop(), postgres.remove(), redis.remove()]);
    },
  };
  try {
    await prepare?.(databaseUrl);
    // At once: together they must migrate the empty database once.
    await Promise.all(Array.from({ length: count }, addNode));
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  return cluster;
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function readLine(line: string): Record<string, unknown>[] {
  try {
    return [JSON.parse(line) as Record<string, unknown>];
  } catch {
    return [];
  }
}
