import { once } from 'node:events';
import { createServer } from 'node:net';
import { SandboxError } from './sandbox-error.js';

/**
 * Makes sure that a port of the loopback address can be listened on.
 * @param variable the environment variable that chooses another
 * @param script what `npm run` was told to run
 * @throws SandboxError that names port and variable
 */
export async function requireFreePort(port: number, variable: string, script: string): Promise<void> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch (error) {
    const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    const why = taken ? 'is taken' : `cannot be used (${String(error)})`;
    throw new SandboxError(`Port ${port} ${why}: stop what listens there, or choose another one with ${variable}, such as ${variable}=${port < 65_000 ? port + 100 : port - 100} npm run ${script}.`);
  }
  server.close();
  await once(server, 'close');
}
