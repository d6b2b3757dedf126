import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { DomainError, isDomainError } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import type { NodeCall, NodeLink } from '../../ports/node-link.js';
import { decode, encode, errorFacts, errorFrom, type ErrorFacts } from './link-codec.js';
import { createOpenCalls, unreachable } from './open-calls.js';
import type { RedisClients } from './redis-clients.js';
import { createSharedTime } from './shared-time.js';
import { createSubscriptions } from './subscriptions.js';

/** Calls that are remembered, so that none is taken twice. */
const REMEMBERED = 10_000;
/** What is under way for others when this node closes the link may go on for that long. */
const CLOSE_WITHIN_MS = 3_000;
/** A node that takes requests before it hears the others is unreachable for them. It starts all the same when Redis is slow, or away. */
const LISTEN_WITHIN_MS = 3_000;
/** A connection that was lost is back by then; nobody else tells the caller, who would wait for as long as he can. */
const REPLY_WITHIN_MS = 10_000;
const REPLY_PAUSE_MS = 100;
/** What a connection does that has not failed. */
const HOPEFUL: readonly string[] = ['connecting', 'connect', 'ready'];

interface Request extends NodeCall {
  id: string;
  /** Who waits for the answer. */
  from: string;
  /** Until when, in Redis' time, as far as the caller can tell. */
  until: number;
}
type Reply = { id: string } & ({ value?: unknown } | { error: ErrorFacts } | { late: true });
interface Told { from: string; topic: string; value?: unknown }

export interface RedisNodeLinkDeps {
  clients: RedisClients;
  prefix: string;
  /** This node's name, which no other has or had. */
  nodeId: string;
  clock: Clock;
  logger: Pick<Logger, 'error' | 'warn'>;
}

/**
 * Calls between nodes over Redis' publish/subscribe: nothing is kept, so a call reaches whoever listens at that moment, once, or nobody,
 * and Redis says which. A call that arrives when its caller has given up is not begun. An answer that gets lost stays lost.
 */
export function createRedisNodeLink({ clients, prefix, nodeId, clock, logger }: RedisNodeLinkDeps): NodeLink {
  const { commands, refused } = clients;
  const time = createSharedTime(clients, clock);
  const subscriptions = createSubscriptions({ connection: clients.subscriber(), refused, clock });
  const calls = createOpenCalls({ present, clock });
  const seen = new LRUCache<string, true>({ max: REMEMBERED });
  const underWay = new Set<Promise<void>>();
  const toldListeners: { topic: string; listener: (value: unknown) => void }[] = [];
  let closing: Promise<void> | null = null;

  const requestsOf = (node: string): string => `${prefix}:node:${node}`;
  const repliesOf = (node: string): string => `${prefix}:reply:${node}`;
  const told = `${prefix}:told`;

  async function present(nodeIds: string[]): Promise<Set<string>> {
    const counts = await commands.pubsub('NUMSUB', ...nodeIds.map(requestsOf)).catch(() => null);
    return new Set(nodeIds.filter((_, index) => counts === null || Number(counts[index * 2 + 1]) > 0));
  }

  /** Gives `take` what was published, unless it is nothing that a node would publish. */
  function reading<T>(take: (message: T) => void): (text: string) => void {
    return text => {
      try {
        take(decode(text) as T);
      } catch (err) {
        logger.warn({ err }, 'another node said something that could not be understood');
      }
    };
  }

  function onReply(reply: Reply): void {
    if ('error' in reply) calls.fail(reply.id, errorFrom(reply.error));
    else if ('late' in reply) calls.refuse(reply.id);
    else calls.answer(reply.id, reply.value);
  }

  async function answer(handle: (call: NodeCall) => Promise<unknown>, { id, from, until, verb, args, traceparent }: Request): Promise<void> {
    // With all that is not known of the time, it errs towards not beginning.
    const now = await time.now();
    const reply: Reply = now === null || now.latest > until ? { id, late: true } : { id, ...await outcomeOf(handle, traceparent === undefined ? { verb, args } : { verb, args, traceparent }) };
    await publishReply(repliesOf(from), encode(reply));
  }

  /** After a restart of Redis the ears may be back before the voice is. An answer that gets there twice is one. */
  async function publishReply(channel: string, text: string): Promise<void> {
    const begun = clock.elapsed();
    for (;;) {
      try {
        await commands.publish(channel, text);
        return;
      } catch (error) {
        if (clock.elapsed() - begun > REPLY_WITHIN_MS || closing) return refused(error as Error);
        await new Promise<void>(resolve => { clock.after(REPLY_PAUSE_MS, resolve); });
      }
    }
  }

  async function outcomeOf(handle: (call: NodeCall) => Promise<unknown>, call: NodeCall): Promise<{ value: unknown } | { error: ErrorFacts }> {
    try {
      return { value: await handle(call) };
    } catch (error) {
      if (isDomainError(error)) return { error: errorFacts(error) };
      logger.error({ err: error, verb: call.verb }, 'a call from another node failed unexpectedly');
      return { error: errorFacts(new DomainError('internal_error', 'The node that had to do this met an unexpected failure; its log tells more.')) };
    }
  }

  function onTold({ from, topic, value }: Told): void {
    if (from === nodeId) return;
    for (const entry of toldListeners) if (entry.topic === topic) entry.listener(value);
  }

  function publish(id: string, node: string, text: string): void {
    commands.publish(requestsOf(node), text).then(receivers => {
      if (receivers === 0) calls.refuse(id);
      else calls.arrived(id);
    }, (error: Error) => {
      refused(error);
      // Redis is slow: it may still pass the call on, and the answer.
      if (error.message === 'Command timed out') return;
      calls.fail(id, unreachable(node, !wasRefused(error)));
    });
  }

  subscriptions.onLost(() => calls.lose('all'));
  commands.on('close', () => calls.lose('those that did not arrive yet'));
  void subscriptions.hear(repliesOf(nodeId), reading(onReply));
  void subscriptions.hear(told, reading(onTold));

  return {
    async serve(handle) {
      await subscriptions.hear(requestsOf(nodeId), reading<Request>(request => {
        if (closing || seen.has(request.id)) return;
        seen.set(request.id, true);
        const done = answer(handle, request).finally(() => underWay.delete(done));
        underWay.add(done);
      }));
      if (HOPEFUL.includes(commands.status)) await subscriptions.untilListening(LISTEN_WITHIN_MS);
    },
    async call(node, { verb, args, traceparent }, timeoutMs) {
      const canAsk = (): boolean => !closing && clients.isReady() && subscriptions.isListening();
      // Without ears for the answer there is no point in asking.
      if (!canAsk()) throw unreachable(node, false);
      const now = await time.now();
      if (!now || !canAsk()) throw unreachable(node, false);
      const id = randomUUID();
      const text = encode({ id, from: nodeId, until: now.earliest + timeoutMs, verb, args, traceparent } satisfies { [Key in keyof Request]: Request[Key] | undefined });
      const answered = calls.open(id, node, timeoutMs);
      publish(id, node, text);
      return answered;
    },
    tell(topic, value) {
      if (!closing && clients.isReady()) commands.publish(told, encode({ from: nodeId, topic, value } satisfies Told)).catch(refused);
    },
    onTold: (topic, listener) => void toldListeners.push({ topic, listener }),
    close() {
      closing ??= (async () => {
        await subscriptions.leave(requestsOf(nodeId));
        await Promise.race([Promise.all(underWay), new Promise<void>(resolve => { clock.after(CLOSE_WITHIN_MS, resolve); })]);
        calls.lose('all');
        subscriptions.close();
        time.close();
      })();
      return closing;
    },
  };
}

/** Whether it is certain that nothing of the command was done. */
function wasRefused(error: Error): boolean {
  return error.name === 'ReplyError' || error.message.startsWith("Stream isn't writeable");
}
