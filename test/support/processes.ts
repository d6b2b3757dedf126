import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { AddressInfo } from 'node:net';
import { until } from './until.js';

const dist = (path: string) => fileURLToPath(new URL(`../../server/dist/${path}`, import.meta.url));

/** A built program of the gateway's package as a process of its own. */
export interface TestProcess {
  pid: number;
  /** All that it printed so far. */
  output(): string;
  /** Its exit code; null when a signal ended it. */
  ended: Promise<number | null>;
  /** Sends the signal and resolves with the exit code (null when the signal ended it). */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

type Program = 'src/main.js' | 'src/cli.js' | 'simulator/main.js' | 'sandbox/main.js' | 'sandbox/cluster/main.js';

export function startProcess(entry: Program, env: Record<string, string>, args: readonly string[] = []): TestProcess {
  const child: ChildProcess = spawn(process.execPath, [dist(entry), ...args], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env }, stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => { printed += chunk.toString('utf8'); });
  // Not at "exit": what it printed last may still be under way then.
  const ended = new Promise<number | null>(resolve => child.once('close', code => resolve(code)));
  return {
    pid: child.pid ?? 0,
    output: () => printed,
    ended,
    async end(signal) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return ended;
    },
  };
}

/** A port that was free a moment ago, for programs that must keep theirs over a restart. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise(resolve => server.close(resolve));
  return port;
}

/** Waits until the address answers 2xx. */
export async function untilUp(url: string, process: TestProcess, timeoutMs = 30_000): Promise<void> {
  await until(`${url} answers`, async () => (await fetch(url).catch(() => null))?.ok === true, timeoutMs).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${process.output()}`);
  });
}
