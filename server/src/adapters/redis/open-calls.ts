import { DomainError } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';

/** How often it is looked whether the nodes that owe an answer are still there. */
const LOOK_MS = 1_000;

export interface OpenCalls {
  /** Resolves with the answer. @throws DomainError that of the answer, or `owner_unreachable` */
  open(id: string, nodeId: string, timeoutMs: number): Promise<unknown>;
  /** The node has the call. */
  arrived(id: string): void;
  answer(id: string, value: unknown): void;
  fail(id: string, error: DomainError): void;
  /** The node has not begun with it, and will not. */
  refuse(id: string): void;
  /** The answers of these will not come, or nobody knows. */
  lose(which: 'all' | 'those that did not arrive yet'): void;
}

export interface OpenCallsDeps {
  /** Those of the nodes that take calls at this moment; all of them where that cannot be known. */
  present: (nodeIds: string[]) => Promise<Set<string>>;
  clock: Pick<Clock, 'after'>;
}

interface OpenCall {
  nodeId: string;
  arrived: boolean;
  /** Looks in a row that did not find the node. */
  missed: number;
  end(): void;
  resolve(value: unknown): void;
  reject(error: DomainError): void;
}

/** Calls that wait for their answer: each for its time at most, and not for a node that is gone. */
export function createOpenCalls({ present, clock }: OpenCallsDeps): OpenCalls {
  const calls = new Map<string, OpenCall>();
  let cancelLook: (() => void) | null = null;

  function take(id: string): OpenCall | undefined {
    const call = calls.get(id);
    calls.delete(id);
    call?.end();
    if (calls.size === 0) {
      cancelLook?.();
      cancelLook = null;
    }
    return call;
  }

  function fail(id: string, error: DomainError): void {
    take(id)?.reject(error);
  }

  function lookLater(): void {
    cancelLook ??= clock.after(LOOK_MS, () => {
      void look().finally(() => {
        cancelLook = null;
        if (calls.size > 0) lookLater();
      });
    });
  }

  async function look(): Promise<void> {
    const waiting = [...calls].filter(([, call]) => call.arrived);
    if (waiting.length === 0) return;
    const there = await present([...new Set(waiting.map(([, { nodeId }]) => nodeId))]);
    for (const [id, call] of waiting) {
      call.missed = there.has(call.nodeId) ? 0 : call.missed + 1;
      // A node that lost its own connection for a moment is back by the second look, and answers.
      if (call.missed >= 2) fail(id, unreachable(call.nodeId, true));
    }
  }

  return {
    open(id, nodeId, timeoutMs) {
      return new Promise((resolve, reject) => {
        const end = clock.after(timeoutMs, () => fail(id, unreachable(nodeId, true)));
        calls.set(id, { nodeId, arrived: false, missed: 0, end, resolve, reject });
        lookLater();
      });
    },
    arrived(id) {
      const call = calls.get(id);
      if (call) call.arrived = true;
    },
    answer(id, value) {
      take(id)?.resolve(value);
    },
    fail,
    refuse(id) {
      const call = take(id);
      call?.reject(unreachable(call.nodeId, false));
    },
    lose(which) {
      for (const [id, { nodeId, arrived }] of [...calls]) if (which === 'all' || !arrived) fail(id, unreachable(nodeId, true));
    },
  };
}

/** @param reached whether the call may have got there */
export function unreachable(nodeId: string, reached: boolean): DomainError {
  return reached
    ? new DomainError('owner_unreachable', 'The node that has to do this did not answer; it may have done it all the same.', {
      hint: 'Look at what became of it before you try again.', details: { reached, nodeId },
    })
    : new DomainError('owner_unreachable', 'The node that has to do this cannot be reached; nothing was done.', {
      hint: 'Another node takes its work over within seconds: try again. If it stays so, see that all nodes have the same REDIS_URL and REDIS_PREFIX.', details: { reached, nodeId },
    });
}
