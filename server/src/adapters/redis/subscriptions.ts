import type { Clock } from '../../ports/clock.js';
import type { RedisClient } from './redis-clients.js';

/** A connection that says nothing is asked this often whether it is still there. */
const ASK_MS = 5_000;
/** After Redis did not take a subscription, or did not say in time that it did, as when this process was too busy to hear it. */
const RETRY_MS = 250;

/** What a process hears of channels, over one connection of its own; whatever Redis does, it hears them again when it is there. */
export interface Subscriptions {
  /** Gives `take` what is published from now on. Resolves when Redis knows of it, or at once while Redis is away. Never rejects. */
  hear(channel: string, take: (text: string) => void): Promise<void>;
  /** Hears no more of it. Never rejects. */
  leave(channel: string): Promise<void>;
  /** Whether nothing that is published now would be missed. */
  isListening(): boolean;
  /** Resolves when it listens, or after that time. Never rejects. */
  untilListening(withinMs: number): Promise<void>;
  /** Calls `listener` each time something may have been missed. */
  onLost(listener: () => void): void;
  /** Does not close the connection. Idempotent. */
  close(): void;
}

export interface SubscriptionsDeps {
  /** For this alone, with `autoResubscribe` off: what counts is when all channels are heard again. */
  connection: RedisClient;
  refused: (error: Error) => void;
  clock: Pick<Clock, 'after'>;
}

export function createSubscriptions({ connection, refused, clock }: SubscriptionsDeps): Subscriptions {
  const takers = new Map<string, (text: string) => void>();
  const listeners: (() => void)[] = [];
  const waiting = new Set<() => void>();
  let listening = false;
  let closed = false;
  /** Counts connections. */
  let epoch = 0;
  let cancelAsk = (): void => undefined;
  let cancelRetry = (): void => undefined;

  function lost(): void {
    epoch += 1;
    if (!listening) return;
    listening = false;
    for (const listener of listeners) listener();
  }

  async function subscribe(channels: string[]): Promise<boolean> {
    return connection.subscribe(...channels).then(() => true, (error: Error) => {
      refused(error);
      retryLater();
      return false;
    });
  }

  function retryLater(): void {
    cancelRetry();
    cancelRetry = clock.after(RETRY_MS, () => {
      if (!closed && !listening && connection.status === 'ready') void begin();
    });
  }

  async function begin(): Promise<void> {
    const begun = epoch;
    const channels = [...takers.keys()];
    if (channels.length > 0 && !await subscribe(channels)) return;
    // What came on meanwhile has subscribed for itself; a connection that was lost meanwhile begins anew.
    if (closed || epoch !== begun) return;
    listening = true;
    for (const resolve of [...waiting]) resolve();
  }

  function askLater(): void {
    cancelAsk = clock.after(ASK_MS, () => {
      askLater();
      if (connection.status !== 'ready') return;
      // One that does not answer is ended by its time limit.
      if (listening) connection.ping().catch(() => undefined);
      else void begin();
    });
  }

  const onReady = (): void => void begin();
  const onMessage = (channel: string, text: string): void => takers.get(channel)?.(text);
  connection.on('ready', onReady);
  connection.on('close', lost);
  connection.on('message', onMessage);
  if (connection.status === 'ready') onReady();
  askLater();

  return {
    async hear(channel, take) {
      takers.set(channel, take);
      if (connection.status === 'ready' && !await subscribe([channel])) lost();
    },
    async leave(channel) {
      takers.delete(channel);
      if (connection.status === 'ready') await connection.unsubscribe(channel).catch(() => undefined);
    },
    isListening: () => listening && !closed,
    untilListening: withinMs => new Promise(resolve => {
      if (listening || closed) return resolve();
      const done = (): void => {
        waiting.delete(done);
        cancel();
        resolve();
      };
      const cancel = clock.after(withinMs, done);
      waiting.add(done);
    }),
    onLost: listener => void listeners.push(listener),
    close() {
      closed = true;
      cancelAsk();
      cancelRetry();
      connection.off('ready', onReady).off('close', lost).off('message', onMessage);
    },
  };
}
