/** The process above a server program: its argument is a KeptService as JSON. Ends it in order when it is asked to end, then removes its folder. */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import type { KeptService } from './keep-service.js';

const { dir, command, args, stopSignal, uid, gid } = JSON.parse(process.argv[2] ?? '{}') as KeptService;
// Out of this process's group: a signal to the group must not stop it in its own way.
const server = spawn(command, args, { cwd: dir, stdio: ['ignore', 'inherit', 'inherit'], detached: true, ...(uid !== undefined && { uid }), ...(gid !== undefined && { gid }) });
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => server.kill(stopSignal));

function end(exitCode: number): never {
  rmSync(dir, { recursive: true, force: true });
  process.exit(exitCode);
}
server.once('error', error => {
  process.stderr.write(`${command} could not be started: ${error.message}\n`);
  end(1);
});
server.once('exit', code => end(code ?? 1));
