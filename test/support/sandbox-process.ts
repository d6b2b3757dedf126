import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, startProcess } from './processes.js';
import { until } from './until.js';

export interface SandboxProcess {
  pid: number;
  gatewayUrl: string;
  simulatorUrl: string;
  /** Everything printed so far, standard errors included. */
  output(): string;
  /** Waits until it serves; fails with what was printed when it ends instead. */
  serving(): Promise<void>;
  /** Its exit code, once it is gone; null when a signal ended it. */
  ended: Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
  /** The processes that it started last, simulator and gateway, by what they wrote down themselves. */
  children(): number[];
}

/** The built sandbox on free ports. Whoever starts it kills it; nothing outlives that. */
export async function startSandboxProcess(dataDir: string, env: Record<string, string> = {}): Promise<SandboxProcess> {
  const gatewayPort = await freePort();
  const simulatorPort = await freePort();
  const { pid, output, ended, end } = startProcess('sandbox/main.js', { PORT: String(gatewayPort), SIMULATOR_PORT: String(simulatorPort), DATA_DIR: dataDir, ...env });
  let over = false;
  void ended.then(() => { over = true; });

  return {
    pid,
    gatewayUrl: `http://127.0.0.1:${gatewayPort}`,
    simulatorUrl: `http://127.0.0.1:${simulatorPort}`,
    output,
    async serving() {
      await until('the sandbox serves', () => over || output().includes('Serving until'), 60_000).catch((error: unknown) => {
        throw new Error(`${String(error)}\n${output()}`);
      });
      if (over) throw new Error(`The sandbox ended:\n${output()}`);
    },
    ended,
    kill: signal => void end(signal),
    children: () => ['simulator', 'gateway'].flatMap(name => pidIn(join(dataDir, 'logs', `${name}.log`))),
  };
}

/** Whether there is a process with this pid. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Every line of a log names the process that wrote it. */
function pidIn(log: string): number[] {
  if (!existsSync(log)) return [];
  const [, pid] = /"pid":(\d+)/.exec(readFileSync(log, 'utf8')) ?? [];
  return pid === undefined ? [] : [Number(pid)];
}
