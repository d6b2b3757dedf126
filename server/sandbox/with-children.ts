import { setTimeout as pause } from 'node:timers/promises';
import { join } from 'node:path';
import { startChild, type Child } from './child.js';
import { SandboxError } from './sandbox-error.js';
import { until } from './until.js';

const READY_WITHIN_MS = 60_000;
const TAIL_LINES = 15;
/** A connection breaks before its process is known to be gone. */
const NEWS_OF_AN_END_MS = 200;

export interface ChildrenOptions {
  /** Of the children, before what each gets for itself. */
  env: NodeJS.ProcessEnv;
  /** The folder for their logs: a file each. */
  logs: string;
  /** Ends it all. */
  signal: AbortSignal;
}

export interface ChildToStart {
  /** For people, and for its log: "gateway". */
  name: string;
  /** File URL of the module. */
  module: URL;
  args?: readonly string[];
  env: NodeJS.ProcessEnv;
  isReady: () => Promise<boolean>;
  stopWithinMs: number;
  /** Children of one stage are stopped together, the last stage first. */
  stage: string;
  /** It may end by itself once it was ready; without this, everything ends with it. */
  onEnd?: (how: string) => void;
}

export interface Children {
  /** Resolves when it is ready. */
  start(child: ChildToStart): Promise<Child>;
  /** Ends everything, as failed. */
  fail(error: SandboxError): void;
  /** Aborted when it is over: by the signal, or because a child that is needed has ended. */
  running: AbortSignal;
}

class ChildEnded extends SandboxError {
  constructor(readonly child: Child, how: string) {
    super(`The ${child.name} ended by itself, ${how}.`);
  }
}

/**
 * Does something with processes of one's own. However it goes, all of them are gone when it settles.
 * @throws SandboxError what went wrong, with the end of the log that most likely tells why; nothing once the signal is aborted
 */
export async function withChildren({ env, logs, signal }: ChildrenOptions, work: (children: Children) => Promise<void>): Promise<void> {
  const started: { child: Child; stage: string }[] = [];
  const broken = new AbortController();
  const running = AbortSignal.any([signal, broken.signal]);

  async function start({ name, module, args, env: more, isReady, stopWithinMs, stage, onEnd }: ChildToStart): Promise<Child> {
    const child = startChild({ name, module, args, env: { ...env, ...more }, logFile: join(logs, `${name.replaceAll(' ', '-')}.log`), stopWithinMs });
    started.push({ child, stage });
    let ready = false;
    void child.ended.then(how => {
      if (ready && onEnd && !running.aborted) onEnd(how);
      else if (!ready || !onEnd) broken.abort(new ChildEnded(child, how));
    });
    await until(`the ${name} is ready`, isReady, { withinMs: READY_WITHIN_MS, signal: running });
    ready = true;
    return child;
  }

  let failure: unknown;
  try {
    await work({ start, running, fail: error => broken.abort(error) });
  } catch (error) {
    await pause(NEWS_OF_AN_END_MS);
    failure = error;
  }
  if (broken.signal.aborted) failure = broken.signal.reason;
  if (signal.aborted) failure = undefined;
  // Whatever of ours still waits for an answer, and the receiver of events, end here.
  broken.abort();
  const stages = [...new Set(started.map(({ stage }) => stage))];
  for (const stage of stages.toReversed()) await Promise.all(started.filter(one => one.stage === stage).map(({ child }) => child.stop()));
  if (failure !== undefined) throw await explained(failure, started.map(({ child }) => child));
}

/** Adds the end of the log that most likely tells why. */
async function explained(failure: unknown, children: Child[]): Promise<unknown> {
  const child = failure instanceof ChildEnded ? failure.child : children.at(-1);
  if (!child || !(failure instanceof Error)) return failure;
  const why = failure instanceof SandboxError ? failure.message : failure.stack;
  return new SandboxError([why, '', `The end of ${child.logFile}:`, ...await child.tail(TAIL_LINES)].join('\n'));
}

/** Whether the address answers 2xx. */
export async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(1_000) })).ok;
  } catch {
    return false;
  }
}
