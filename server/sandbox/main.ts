import { runSandbox } from './sandbox.js';
import { SandboxError } from './sandbox-error.js';
import { readSettings } from './settings.js';

/** `npm run sandbox`: signals, colours, and how the process ends. */
const print = (line: string) => void process.stdout.write(`${line}\n`);
const stop = new AbortController();
// Ctrl-C may come twice, from the terminal and from npm: there is no second meaning to it, since stopping has a limit of its own.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    if (!stop.signal.aborted) print('\nStopping …');
    stop.abort();
  });
}

try {
  await runSandbox({
    settings: readSettings(process.env),
    env: process.env,
    print,
    colour: process.stdout.isTTY && !process.env['NO_COLOR'],
    signal: stop.signal,
  });
  process.exit(0);
} catch (error) {
  // What the file system says is a sentence, too.
  const sentence = error instanceof SandboxError || (error instanceof Error && 'code' in error) ? error.message : String(error instanceof Error ? error.stack : error);
  process.stderr.write(`\nsandbox: ${sentence}\n`);
  process.exit(1);
}
