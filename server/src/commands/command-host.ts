import type { CommandHost } from './command.js';

/** This process as its commands see it. */
export function createCommandHost(env: NodeJS.ProcessEnv): CommandHost {
  return {
    env,
    print: line => void process.stdout.write(`${line}\n`),
    complain: line => void process.stderr.write(`${line}\n`),
  };
}
