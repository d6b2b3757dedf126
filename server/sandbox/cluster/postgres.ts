import { execFile, spawnSync } from 'node:child_process';
import { accessSync, chownSync, constants, existsSync, readdirSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { SandboxError } from '../sandbox-error.js';
import type { Children } from '../with-children.js';
import { freePorts } from './free-ports.js';
import { keepService } from './keep-service.js';
import { withoutPassword, type Service } from './service.js';

export interface DatabaseOptions {
  given: string | null;
  /** What a database of its own is called: letters, digits, underscores. */
  name: string;
  children: Children;
  env: NodeJS.ProcessEnv;
}

interface Account { uid: number; gid: number }

const CONNECT_WITHIN_MS = 2_000;
const DEBIANS = '/usr/lib/postgresql';

/**
 * A PostgreSQL database: the one that was given; else a new one on the server of this machine (or where PGHOST, PGPORT, PGUSER and PGPASSWORD say,
 * as for PostgreSQL's own programs); else on a server that is started for it.
 * @throws SandboxError that says what is needed
 */
export async function provideDatabase({ given, name, children, env }: DatabaseOptions): Promise<Service> {
  if (given !== null) return { url: given, about: withoutPassword(given), remove: async () => undefined };
  const [host, port] = [env['PGHOST'] || '127.0.0.1', env['PGPORT'] || '5432'];
  // A host that is a path names the folder of a Unix socket; the nodes are told of addresses only.
  for (const user of host.startsWith('/') ? [] : new Set([env['PGUSER'] ?? '', userInfo().username, 'postgres'])) {
    const server = `postgresql://${encodeURIComponent(user)}@${host}:${port}`;
    if (user !== '' && await madeDatabase(server, name)) return onServer(server, name);
  }
  const server = await startPostgresServer(children, env['PATH'] ?? '');
  if (server === null) {
    throw new SandboxError('The cluster needs PostgreSQL 13 or newer: one on 127.0.0.1:5432 where you may make databases, or another with DATABASE_URL, or its programs on this machine (Debian: apt-get install -y postgresql, macOS: brew install postgresql).');
  }
  if (!await madeDatabase(server, name)) throw new SandboxError(`A PostgreSQL was started, but no database could be made in it (${server}).`);
  // It goes with its server.
  return { url: `${server}/${name}`, about: `${server}/${name}   on a server of its own, removed at the end`, remove: async () => undefined };
}

function onServer(server: string, name: string): Service {
  return {
    url: `${server}/${name}`,
    about: `${server}/${name}   removed at the end`,
    remove: () => ask(server, `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`),
  };
}

async function madeDatabase(server: string, name: string): Promise<boolean> {
  return ask(server, `CREATE DATABASE "${name}"`).then(() => true, () => false);
}

async function ask(server: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: `${server}/postgres`, connectionTimeoutMillis: CONNECT_WITHIN_MS });
  // A server that goes away while nothing is asked.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** Starts a server that ends with the children. Answers its address; null without its programs, or without a user who may run them. */
export async function startPostgresServer(children: Children, path: string): Promise<string | null> {
  const bin = findPrograms(path);
  const account = serverAccount();
  if (bin === null || account === null) return null;
  const dir = await mkdtemp(join(tmpdir(), 'chasqui-postgres-'));
  const [port = 0] = await freePorts(1);
  const server = `postgresql://postgres@127.0.0.1:${port}`;
  if (account !== 'this') chownSync(dir, account.uid, account.gid);
  const as = account === 'this' ? {} : account;
  await promisify(execFile)(join(bin, 'initdb'), ['-D', join(dir, 'data'), '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync'], { cwd: dir, ...as });
  await keepService(children, {
    name: 'postgresql', dir, command: join(bin, 'postgres'), stopSignal: 'SIGINT', ...as,
    args: ['-D', join(dir, 'data'), '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', '-c', 'max_connections=200'],
  }, () => ask(server, 'SELECT 1').then(() => true, () => false));
  return server;
}

/** The folder of `initdb` and `postgres`: one of the PATH, else Debian's newest. */
function findPrograms(path: string): string | null {
  const versions = existsSync(DEBIANS) ? readdirSync(DEBIANS).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...path.split(delimiter), ...versions.map(version => join(DEBIANS, version, 'bin'))];
  return folders.find(folder => ['initdb', 'postgres'].every(program => isExecutable(join(folder, program)))) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** PostgreSQL refuses to run as root. */
function serverAccount(): Account | 'this' | null {
  if (process.getuid?.() !== 0) return 'this';
  for (const user of ['postgres', 'nobody']) {
    const [uid, gid] = ['-u', '-g'].map(flag => spawnSync('id', [flag, user], { encoding: 'utf8' })).map(({ status, stdout }) => (status === 0 ? Number(stdout) : NaN));
    if (uid !== undefined && gid !== undefined && uid > 0 && gid > 0) return { uid, gid };
  }
  return null;
}
