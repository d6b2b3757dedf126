/** What one look came to; `warn`: it works, and may not go on to. */
export interface Finding {
  name: string;
  state: 'ok' | 'warn' | 'fail';
  /** What was seen. */
  found: string;
  /** What to do, where there is something. */
  todo?: string;
}

export const ok = (name: string, found: string): Finding => ({ name, state: 'ok', found });
export const warn = (name: string, found: string, todo: string): Finding => ({ name, state: 'warn', found, todo });
export const fail = (name: string, found: string, todo: string): Finding => ({ name, state: 'fail', found, todo });

/** Runs a look that is not to end the others: what it throws is a finding, too. */
export async function look(name: string, todo: string, work: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await work();
  } catch (error) {
    return [fail(name, messageOf(error), todo)];
  }
}

function messageOf(error: unknown): string {
  const [cause] = error instanceof AggregateError ? error.errors as unknown[] : [error];
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}
