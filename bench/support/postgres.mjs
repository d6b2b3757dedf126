import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensurePostgres } from '../../scripts/services/postgres-server.mjs';
import { freePort } from './redis.mjs';
import { until } from './until.mjs';

const pg = createRequire(new URL('../../server/package.json', import.meta.url))('pg');

/**
 * A PostgreSQL of its own with its default settings, which flush every commit to disk. Ends with this process.
 * @returns {Promise<{ url: string, close: () => Promise<void> }>} of its database `postgres`
 */
export async function startPostgres() {
  const bin = await ensurePostgres();
  // Not in the stage's folder, which is its owner's alone: PostgreSQL refuses to run as root.
  const dir = await mkdtemp(join(tmpdir(), 'chasqui-bench-postgres-'));
  const user = process.getuid() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {};
  if (user.uid !== undefined) chownSync(dir, user.uid, user.gid);
  execFileSync(join(bin, 'initdb'), ['-D', join(dir, 'data'), '-U', 'postgres', '-A', 'trust', '-E', 'UTF8'], { cwd: dir, stdio: 'ignore', ...user });
  const port = await freePort();
  const args = ['-D', join(dir, 'data'), '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='];
  const child = spawn(join(bin, 'postgres'), args, { cwd: dir, stdio: 'ignore', ...user });
  const kill = () => child.kill('SIGQUIT');
  process.once('exit', kill);
  const url = `postgresql://postgres@127.0.0.1:${port}/postgres`;
  await until('PostgreSQL answers', () => {
    if (child.exitCode !== null) throw new Error(`PostgreSQL ended with ${child.exitCode}.`);
    return answers(url);
  });
  return {
    url,
    async close() {
      process.off('exit', kill);
      const ended = once(child, 'exit');
      child.kill('SIGINT');
      await ended;
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function idOf(flag) {
  return Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
}

async function answers(url) {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end();
  }
}
