import { createServer } from 'node:net';
import type { Config } from '../../config.js';
import { fail, ok, type Finding } from './finding.js';

const TIMEOUT_MS = 3_000;

/** Whether a gateway answers at its address, or could. */
export async function lookAtPort({ host, port }: Pick<Config, 'host' | 'port'>): Promise<Finding[]> {
  if (port === 0) return [ok('port', 'any free one is taken at each start')];
  const own = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host.includes(':') ? `[${host}]` : host;
  const status = await fetch(`http://${own}:${port}/health`, { signal: AbortSignal.timeout(TIMEOUT_MS) }).then(async response => (await response.json() as { status?: unknown }).status, () => null);
  if (typeof status === 'string') return [ok('port', `a gateway answers on ${host}:${port} (${status})`)];
  const mistake = await tryToListen(host, port);
  if (mistake === null) return [ok('port', `${host}:${port} is free; no gateway runs there`)];
  return [fail('port', `${host}:${port} cannot be used: ${mistake}`, 'Set PORT to a free one, or HOST to an address of this machine.')];
}

function tryToListen(host: string, port: number): Promise<string | null> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EADDRINUSE' ? 'another program has it' : error.message));
    server.listen({ host, port }, () => server.close(() => resolve(null)));
  });
}
