import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './until.js';

const MAIN = fileURLToPath(new URL('../../server/dist/sandbox/main.js', import.meta.url));

export interface SandboxProcess {
  pid: number;
  gatewayUrl: string;
  simulatorUrl: string;
  gatewayPort: number;
  simulatorPort: number;
  /** Everything printed so far, standard errors included. */
  output(): string;
  /** Waits until it serves; fails with what was printed when it ends instead. */
  serving(): Promise<void>;
  /** The exit code, or the signal, once it is gone. */
  ended: Promise<number | NodeJS.Signals | null>;
  kill(signal: NodeJS.Signals): void;
  /** The processes that it started, by what they wrote down themselves. */
  children(): number[];
}

/** The built sandbox as a process on free ports. Whoever starts it kills it; nothing outlives that. */
export async function startSandboxProcess(dataDir: string, env: Record<string, string> = {}): Promise<SandboxProcess> {
  const [gatewayPort, simulatorPort] = await freePorts(2) as [number, number];
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH: process.env['PATH'], PORT: String(gatewayPort), SIMULATOR_PORT: String(simulatorPort), DATA_DIR: dataDir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => { output += text; });
  const ended = new Promise<number | NodeJS.Signals | null>(resolve => child.once('close', (code, signal) => resolve(code ?? signal)));
  let over = false;
  void ended.then(() => { over = true; });

  return {
    pid: child.pid ?? 0,
    gatewayUrl: `http://127.0.0.1:${gatewayPort}`,
    simulatorUrl: `http://127.0.0.1:${simulatorPort}`,
    gatewayPort,
    simulatorPort,
    output: () => output,
    async serving() {
      await until('the sandbox serves', () => over || output.includes('Serving until'), 60_000).catch((error: unknown) => {
        throw new Error(`${String(error)}\n${output}`);
      });
      if (over) throw new Error(`The sandbox ended:\n${output}`);
    },
    ended,
    kill: signal => void child.kill(signal),
    children: () => ['simulator', 'gateway'].flatMap(name => pidIn(join(dataDir, 'logs', `${name}.log`))),
  };
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Ports that nobody listens on right now; all different. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map(server => once(server, 'listening')));
  const ports = servers.map(server => (server.address() as AddressInfo).port);
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))));
  return ports;
}

/** Every line of a log names the process that wrote it. */
function pidIn(log: string): number[] {
  if (!existsSync(log)) return [];
  const [, pid] = /"pid":(\d+)/.exec(readFileSync(log, 'utf8')) ?? [];
  return pid === undefined ? [] : [Number(pid)];
}
