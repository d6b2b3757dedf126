/** What the `chasqui` command line can do: one file per command in this folder. */
export interface Command {
  name: string;
  /** One line for the list of commands. */
  summary: string;
  /** How to call it and what its options mean: lines without the program's name. */
  usage: string;
  /**
   * @param args what follows the command's name
   * @returns the exit code; null: it goes on until a signal ends the process
   * @throws UsageError, and errors of `parseArgs`, when it was called in a way that it does not know
   */
  run(args: string[], host: CommandHost): Promise<number | null>;
}

/** What a command sees of its process. */
export interface CommandHost {
  env: NodeJS.ProcessEnv;
  /** A line for standard output. */
  print(line: string): void;
  /** A line for standard errors. */
  complain(line: string): void;
}

/** A command was called in a way that it does not know: the sentence says what is wrong; its usage is shown with it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** An error for a person: its sentence where it was thrown for one, or comes from the system; else where it happened, too. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === 'ConfigError' || 'code' in error ? error.message : error.stack ?? error.message;
}
