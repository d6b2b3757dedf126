import { packageVersion } from '../package-version.js';
import { backup } from './backup.js';
import { explain, UsageError, type Command, type CommandHost } from './command.js';
import { doctor } from './doctor.js';
import { instances } from './instances.js';
import { keys } from './keys.js';
import { migrate } from './migrate.js';
import { restore } from './restore.js';
import { rotateKey } from './rotate-key.js';
import { start } from './start.js';

const COMMANDS: readonly Command[] = [start, instances, keys, backup, restore, rotateKey, doctor, migrate];
const WRONG_USE = 2;

/**
 * Runs the command that the arguments name; `start` without one.
 * @returns the exit code: 0, 1 when the command failed, 2 when there is no such command or it does not take these arguments; null: it goes on
 */
export async function runCommandLine(args: readonly string[], host: CommandHost): Promise<number | null> {
  const [name = start.name, ...rest] = args;
  if (['help', '--help', '-h'].includes(name)) return help(rest[0], host);
  if (['--version', '-v'].includes(name)) {
    host.print(packageVersion());
    return 0;
  }
  const command = find(name);
  if (!command) return unknown(name, host);
  if (rest.includes('--help') || rest.includes('-h')) return help(name, host);
  try {
    return await command.run(rest, host);
  } catch (error) {
    if (!isWrongUse(error)) {
      host.complain(`chasqui ${name}: ${explain(error)}`);
      return 1;
    }
    host.complain(`chasqui ${name}: ${error.message}\n\n${usageOf(command)}`);
    return WRONG_USE;
  }
}

function help(name: string | undefined, host: CommandHost): number {
  if (name === undefined) {
    host.print(overview());
    return 0;
  }
  const command = find(name);
  if (!command) return unknown(name, host);
  host.print(usageOf(command));
  return 0;
}

function unknown(name: string, host: CommandHost): number {
  host.complain(`chasqui: there is no command "${name}".\n\n${overview()}`);
  return WRONG_USE;
}

function find(name: string): Command | undefined {
  return COMMANDS.find(command => command.name === name);
}

function overview(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length), 'help [command]'.length);
  const line = (name: string, summary: string) => `  ${name.padEnd(width)}  ${summary}`;
  return ['Usage: chasqui [command]', '', ...COMMANDS.map(({ name, summary }) => line(name, summary)), line('help [command]', 'how a command is used'), line('--version', 'the version')].join('\n');
}

function usageOf({ usage }: Command): string {
  return `Usage: chasqui ${usage}`;
}

/** Those of the commands, and those of `parseArgs`. */
function isWrongUse(error: unknown): error is Error {
  return error instanceof UsageError || (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'));
}
