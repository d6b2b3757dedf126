import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { ConfigError, readConfig, type Config } from '../config.js';
import type { Command } from './command.js';
import { fail, look, ok, type Finding } from './doctor/finding.js';
import { lookAtDisk } from './doctor/look-at-disk.js';
import { lookAtEncryption } from './doctor/look-at-encryption.js';
import { lookAtNetwork } from './doctor/look-at-network.js';
import { lookAtNode } from './doctor/look-at-node.js';
import { lookAtPort } from './doctor/look-at-port.js';

const MARKS = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' } as const;

/** Looks at everything that a gateway stands on, with the settings that it would start with. */
export const doctor: Command = {
  name: 'doctor',
  summary: 'look whether everything is in order, and say what to do',
  usage: `doctor [--json]

Looks at configuration, Node.js, data directory, database, Redis, encryption key, WhatsApp, clock, disk and port, by the environment variables
that the gateway is started with. It changes nothing, and may be run while a gateway runs. The exit code is 1 when something fails.

  --json  the findings as JSON`,
  async run(args, { env, print }) {
    const { values } = parseArgs({ args, options: { json: { type: 'boolean' } } });
    const findings = await lookAtAll(env);
    const isWell = findings.every(({ state }) => state !== 'fail');
    if (values.json) print(JSON.stringify({ ok: isWell, findings }, null, 2));
    else for (const line of findings.flatMap(toLines)) print(line);
    return isWell ? 0 : 1;
  },
};

async function lookAtAll(env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const [config, mistake] = configOf(env);
  if (config === null) return [...lookAtNode(), fail('configuration', mistake, 'Correct it: docs/configuration.md. Nothing else was looked at.')];
  const { database, redis, dataDir, network } = config;
  const parts = await Promise.all([
    // Loaded when they are needed: no other command has to wait for a driver.
    ...(database
      ? [look('database', 'Check DATABASE_URL.', async () => (await import('./doctor/look-at-postgres.js')).lookAtPostgres(database))]
      : [look('data directory', 'Check DATA_DIR.', async () => (await import('./doctor/look-at-data-dir.js')).lookAtDataDir(dataDir))]),
    ...(redis ? [look('redis', 'Check REDIS_URL.', async () => (await import('./doctor/look-at-redis.js')).lookAtRedis(redis.url))] : []),
    look('encryption key', 'Look at the file.', () => lookAtEncryption(config.encryptionKey, {
      dataDir, shared: database !== null,
      sealedUnder: async () => database
        ? (await import('../adapters/postgres/server-facts.js')).readMasterKeys(database.url)
        : (await import('./doctor/look-at-data-dir.js')).sealedUnderIn(dataDir),
    })),
    look('network', 'Check the network.', () => lookAtNetwork(network)),
    look('disk', 'Look at it by hand.', () => lookAtDisk(database ? tmpdir() : dataDir)),
    look('port', 'Check HOST and PORT.', () => lookAtPort(config)),
  ]);
  const shared = database && !redis ? ' without REDIS_URL: one node only' : '';
  return [...lookAtNode(), ok('configuration', `${network.kind} network, ${database ? `PostgreSQL${shared}` : `data in ${dataDir}`}${redis ? ', Redis' : ''}`), ...parts.flat()];
}

function configOf(env: NodeJS.ProcessEnv): [Config, ''] | [null, string] {
  try {
    return [readConfig(env), ''];
  } catch (error) {
    if (error instanceof ConfigError) return [null, error.message];
    throw error;
  }
}

function toLines({ name, state, found, todo }: Finding): string[] {
  return [`${MARKS[state]}  ${name}: ${found}`, ...(todo === undefined ? [] : [`      ${todo}`])];
}
