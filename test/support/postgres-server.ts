import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPostgres } from '../../scripts/services/postgres-server.mjs';
import { freePort } from './processes.js';
import { until } from './until.js';

interface Client { connect(): Promise<void>; query(sql: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>; end(): Promise<void>; on(event: 'error', listener: () => void): void }
const { Client } = createRequire(new URL('../../server/package.json', import.meta.url))('pg') as { Client: new (options: object) => Client };

/** A PostgreSQL of a test's own, with a directory and a port of its own. Whoever asks may connect. */
export interface TestPostgres {
  /** Of the database `postgres`. */
  url: string;
  port: number;
  /** Makes an empty database and answers its URL. */
  database(name?: string): Promise<string>;
  /** One statement over a connection of its own, in `postgres` or the database of the URL; 64-bit numbers come as text. */
  query(sql: string, values?: unknown[], url?: string): Promise<Record<string, unknown>[]>;
  /** `fast` breaks connections off and ends in order; `immediate` ends as a crash would, and recovers at the next start. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
  /** All its processes at once. */
  kill(): Promise<void>;
  /** Again, on the same port, with what was on disk. */
  start(): Promise<void>;
  /** Ends it in order, breaking connections off, and starts it again. */
  restart(): Promise<void>;
  /** Leaves connections open and answers nothing, until `resume`. */
  freeze(): void;
  resume(): void;
  /** Ends it and removes its directory. */
  remove(): Promise<void>;
}

/** After a crash it first flushes all of its files, which takes its time on a busy disk. */
const START_MS = 60_000;

/** Between two questions: each is a process of the server. */
async function pause(): Promise<false> {
  await new Promise(resolve => setTimeout(resolve, 50));
  return false;
}

/** @param settings of postgresql.conf, e.g. `['max_connections=20']` */
export async function startPostgres(settings: string[] = []): Promise<TestPostgres> {
  const bin = findPostgres();
  if (!bin) throw new Error('These tests need PostgreSQL: npm run test:services finds or installs one.');
  const user = userToRunAs();
  const dir = await mkdtemp(join(tmpdir(), 'postgres-'));
  if (user.uid !== undefined && user.gid !== undefined) await chown(dir, user.uid, user.gid);
  const data = join(dir, 'data');
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'], { ...user, cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] });

  const port = await freePort();
  const urlOf = (database: string): string => `postgresql://postgres@127.0.0.1:${port}/${database}`;
  let child: ChildProcess | null = null;
  let ended: Promise<unknown> = Promise.resolve();

  async function query(sql: string, values: unknown[] = [], url = urlOf('postgres')): Promise<Record<string, unknown>[]> {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query(sql, values)).rows;
    } finally {
      await client.end();
    }
  }

  async function start(): Promise<void> {
    let printed = '';
    let gone = false;
    const all = [`listen_addresses=127.0.0.1`, `port=${port}`, 'unix_socket_directories=', 'shared_buffers=16MB', ...settings];
    const started = spawn(join(bin ?? '', 'postgres'), ['-D', data, ...all.flatMap(setting => ['-c', setting])], { ...user, cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] });
    child = started;
    for (const stream of [started.stdout, started.stderr]) stream.on('data', (chunk: Buffer) => { printed += chunk.toString('utf8'); });
    ended = new Promise<void>(resolve => {
      started.once('close', () => resolve());
      started.once('error', error => {
        printed += String(error);
        resolve();
      });
    }).then(() => { gone = true; });
    await until('PostgreSQL answers', async () => gone || query('SELECT 1').then(() => true, () => pause()), START_MS).catch(async (error: unknown) => {
      await kill();
      throw new Error(`${String(error)}\n${printed}`);
    });
    if (gone) throw new Error(`PostgreSQL ended while it started.\n${printed}`);
  }

  async function stop(mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
    child?.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
    await ended;
    child = null;
  }

  /** The server is a process for each connection and some more; the first one is stopped first, so that it makes no others. */
  function signalAll(first: NodeJS.Signals, others: NodeJS.Signals): void {
    if (!child?.pid) return;
    child.kill(first);
    for (const pid of childrenOf(child.pid)) signal(pid, others);
  }

  async function kill(): Promise<void> {
    signalAll('SIGSTOP', 'SIGKILL');
    child?.kill('SIGKILL');
    await ended;
    child = null;
  }

  await start();
  return {
    url: urlOf('postgres'),
    port,
    query,
    start,
    stop,
    kill,
    async database(name = `test_${randomBytes(6).toString('hex')}`) {
      await query(`CREATE DATABASE "${name}"`);
      return urlOf(name);
    },
    async restart() {
      await stop();
      await start();
    },
    freeze: () => signalAll('SIGSTOP', 'SIGSTOP'),
    resume: () => signalAll('SIGCONT', 'SIGCONT'),
    async remove() {
      await kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL refuses to run as root: there it gets the user of Debian's package, or nobody. */
function userToRunAs(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const idOf = (flag: string, name: string): number => Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  for (const name of ['postgres', 'nobody']) {
    try {
      return { uid: idOf('-u', name), gid: idOf('-g', name) };
    } catch {
      continue;
    }
  }
  throw new Error('PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody.');
}

function childrenOf(pid: number): number[] {
  if (process.platform === 'linux') return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n').map(line => line.trim().split(/\s+/).map(Number));
  return lines.filter(([, parent]) => parent === pid).map(([child = 0]) => child);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself meanwhile.
  }
}
