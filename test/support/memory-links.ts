import { decode, encode, errorFacts, errorFrom } from '@gateway/adapters/redis/link-codec.js';
import { DomainError, isDomainError } from '@gateway/domain/errors.js';
import type { NodeCall, NodeLink } from '@gateway/ports/node-link.js';
import type { Logger } from 'pino';

/** Links between nodes of one process, with what may go wrong on the way. */
export interface MemoryNetwork {
  link(nodeId: string): NodeLink;
  /** Every call that was tried, with the time that its answer was given. */
  calls: { to: string; verb: string; args: unknown[]; timeoutMs: number }[];
  /** The next call's answer gets lost; `begun` resolves when the verb has come to its end. */
  loseNextAnswer(): { ended: Promise<void> };
  /** Nobody reaches this node any more. */
  cutOff(nodeId: string): void;
}

export function createMemoryNetwork(logger: Pick<Logger, 'error'> = { error: () => undefined }): MemoryNetwork {
  const handlers = new Map<string, (call: NodeCall) => Promise<unknown>>();
  const waiting = new Map<string, Set<(error: DomainError) => void>>();
  const underWay = new Map<string, Set<Promise<unknown>>>();
  const told: { nodeId: string; topic: string; listener: (value: unknown) => void }[] = [];
  const closed = new Set<string>();
  const calls: MemoryNetwork['calls'] = [];
  let onLost: (() => void) | null = null;

  const unreachable = (nodeId: string, reached: boolean) => new DomainError('owner_unreachable', `No answer from ${nodeId}.`, { details: { reached } });
  const setOf = <T>(map: Map<string, Set<T>>, key: string): Set<T> => map.get(key) ?? (map.set(key, new Set()), setOf(map, key));

  /** The answer, or the failure, as it comes over a wire. */
  async function run(handle: (call: NodeCall) => Promise<unknown>, call: NodeCall): Promise<unknown> {
    try {
      return (decode(encode({ value: await handle(decode(encode(call)) as NodeCall) })) as { value: unknown }).value;
    } catch (error) {
      if (isDomainError(error)) throw errorFrom(decode(encode(errorFacts(error))) as ReturnType<typeof errorFacts>);
      logger.error({ err: error }, 'a call failed');
      throw new DomainError('internal_error', 'It failed there.');
    }
  }

  return {
    calls,
    loseNextAnswer() {
      return { ended: new Promise(resolve => { onLost = resolve; }) };
    },
    cutOff: nodeId => void handlers.delete(nodeId),
    link: nodeId => ({
      async serve(handle) {
        handlers.set(nodeId, handle);
      },
      async call(to, call, timeoutMs) {
        const { verb, args } = call;
        calls.push({ to, verb, args, timeoutMs });
        const handle = handlers.get(to);
        if (!handle || closed.has(nodeId)) throw unreachable(to, false);
        const lost = onLost;
        onLost = null;
        const answer = run(handle, call);
        setOf(underWay, to).add(answer);
        void answer.catch(() => undefined).finally(() => setOf(underWay, to).delete(answer));
        if (lost) {
          await answer.catch(() => undefined);
          lost();
          throw unreachable(to, true);
        }
        return new Promise((resolve, reject) => {
          const timer = setTimeout(() => reject(unreachable(to, true)), timeoutMs);
          setOf(waiting, nodeId).add(reject);
          void answer.then(resolve, reject).finally(() => {
            clearTimeout(timer);
            setOf(waiting, nodeId).delete(reject);
          });
        });
      },
      tell(topic, value) {
        if (closed.has(nodeId)) return;
        const text = encode({ value });
        for (const entry of told) if (entry.nodeId !== nodeId && entry.topic === topic) queueMicrotask(() => entry.listener((decode(text) as { value: unknown }).value));
      },
      onTold: (topic, listener) => void told.push({ nodeId, topic, listener }),
      async close() {
        handlers.delete(nodeId);
        await Promise.race([Promise.allSettled(setOf(underWay, nodeId)), new Promise(resolve => { setTimeout(resolve, 1_000).unref(); })]);
        closed.add(nodeId);
        for (const reject of setOf(waiting, nodeId)) reject(unreachable(nodeId, true));
      },
    }),
  };
}
