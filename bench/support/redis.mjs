import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { ensureRedisServer } from '../../scripts/services/redis-server.mjs';
import { until } from './until.mjs';

/**
 * A redis-server of its own, with its data in `dir`, as docs/deployment.md wants it: an append-only file, nothing thrown out.
 * @param {string} dir
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function startRedis(dir) {
  const program = await ensureRedisServer();
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--appendonly', 'yes', '--save', '', '--maxmemory-policy', 'noeviction', '--daemonize', 'no'];
  const child = spawn(program, args, { stdio: 'ignore' });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  await until('redis-server listens', () => {
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}.`);
    return listens(port);
  });
  return {
    url: `redis://127.0.0.1:${port}`,
    async close() {
      process.off('exit', kill);
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise(resolve => server.close(resolve));
  return port;
}

function listens(port) {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => socket.end(() => resolve(true))).once('error', () => resolve(false));
  });
}
