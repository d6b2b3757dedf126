import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './processes.js';
import { until } from './until.js';

/** A redis-server of a test's own, with a directory and a port of its own. */
export interface TestRedis {
  url: string;
  port: number;
  /** In order, as a restart of the machine would: what it holds is on disk. */
  stop(): Promise<void>;
  kill(): Promise<void>;
  /** Again, on the same port, with what was on disk. */
  start(): Promise<void>;
  /** Ends it in order and starts it again. */
  restart(): Promise<void>;
  /** Leaves connections open and answers nothing, until `resume`. */
  freeze(): void;
  resume(): void;
  /** Empties it. */
  flush(): Promise<void>;
  /** Sends a command without spaces in its arguments; answers the reply as it comes over the wire. */
  command(...words: string[]): Promise<string>;
  /** Ends it and removes its directory. */
  remove(): Promise<void>;
}

/** `npm run test:services` says which program; started by hand, the one of the PATH. */
const PROGRAM = process.env['REDIS_SERVER_PATH'] || 'redis-server';

/** @param options as on the command line, e.g. `['--requirepass', 'secret']` */
export async function startRedis(options: string[] = []): Promise<TestRedis> {
  const dir = await mkdtemp(join(tmpdir(), 'redis-'));
  const port = await freePort();
  const password = options[options.indexOf('--requirepass') + 1] ?? '';
  let child: ChildProcess | null = null;
  let ended: Promise<unknown> = Promise.resolve();

  async function command(...words: string[]): Promise<string> {
    const login = options.includes('--requirepass') ? `AUTH ${password}\r\n` : '';
    const reply = await ask(port, `${login}${words.join(' ')}\r\n`);
    return login ? reply.replace(/^\+OK\r\n/, '') : reply;
  }

  async function start(): Promise<void> {
    let printed = '';
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--appendonly', 'yes', '--appendfsync', 'always', '--save', '', '--daemonize', 'no', ...options];
    const started = spawn(PROGRAM, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    child = started;
    for (const stream of [started.stdout, started.stderr]) stream.on('data', (chunk: Buffer) => { printed += chunk.toString('utf8'); });
    ended = new Promise(resolve => {
      started.once('close', resolve);
      started.once('error', error => {
        printed += String(error);
        resolve(null);
      });
    });
    await until('redis-server answers', async () => (await command('PING').catch(() => '')).startsWith('+PONG')).catch(async (error: unknown) => {
      await end('SIGKILL');
      throw new Error(`${String(error)}\n${printed}`);
    });
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    child?.kill(signal);
    await ended;
    child = null;
  }

  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    start,
    command,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    async restart() {
      await end('SIGTERM');
      await start();
    },
    freeze: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    async flush() {
      await command('FLUSHALL');
    },
    async remove() {
      await end('SIGKILL');
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** One command over a connection of its own; the reply of a connection that is quiet again. */
function ask(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let reply = '';
    socket.once('error', reject);
    socket.on('data', chunk => { reply += chunk.toString('utf8'); });
    socket.once('close', () => resolve(reply.replace(/\+OK\r\n$/, '')));
    socket.once('connect', () => socket.write(`${text}QUIT\r\n`));
  });
}
