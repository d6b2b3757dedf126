import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

/**
 * The environment for a nested npm: what an outer `npm run` says about its own package would mislead it.
 * @param {string} nodeDir folder of the `node` that npm and its scripts shall run on
 * @param {Record<string, string>} [extra]
 * @returns {Record<string, string>}
 */
export function npmEnvironment(nodeDir, extra = {}) {
  const kept = Object.entries(process.env).filter(
    ([key]) => !/^npm_(package|lifecycle)_|^npm_config_(local_prefix|omit|include|workspaces?)$|^INIT_CWD$|^NODE_OPTIONS$/i.test(key),
  );
  return { ...Object.fromEntries(kept), PATH: `${nodeDir}:${process.env.PATH ?? ''}`, ...extra };
}

/**
 * Runs a command to its end, its output appended to a log file.
 * @param {string} command
 * @param {string[]} args
 * @param {{cwd: string, env?: Record<string, string>, logFile: string}} options
 * @returns {Promise<void>}
 * @throws {Error} with the last lines of the log when the command cannot start or exits with another code than 0
 */
export async function run(command, args, { cwd, env, logFile }) {
  const log = openSync(logFile, 'a');
  try {
    writeSync(log, `\n$ ${[command, ...args].join(' ')}   (in ${cwd})\n`);
    const outcome = await new Promise((resolve) => {
      const child = spawn(command, args, { cwd, env: env ?? process.env, stdio: ['ignore', log, log] });
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(code === 0 ? '' : `ended with ${signal ?? `code ${code}`}`));
    });
    if (outcome === '') return;
    const tail = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-25).join('\n');
    throw new Error(`${[command, ...args].join(' ')} ${outcome}. The log (${logFile}) ends with:\n${tail}`);
  } finally {
    closeSync(log);
  }
}
