import { DomainError } from '../../domain/errors.js';

/**
 * The result of `work`, or null when it takes longer than `ms`; `work` goes on by itself then.
 * @throws what `work` throws in time
 */
export async function atMost<T>(ms: number, work: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<null>(resolve => {
    timer = setTimeout(() => resolve(null), ms);
  });
  return Promise.race([work, timeout]).finally(() => clearTimeout(timer));
}

export type Bounded = <T>(work: Promise<T>, ms: number, sentence: string) => Promise<T>;

/** `bounded` for the calls into one connection, which end with it: what Baileys had asked is never answered then. */
export function createCalls(): { bounded: Bounded; end(): void } {
  const underWay = new Set<() => void>();
  let over = false;
  return {
    async bounded<T>(work: Promise<T>, ms: number, sentence: string): Promise<T> {
      let giveUp = () => {};
      const ended = new Promise<never>((_, reject) => {
        giveUp = () => reject(new DomainError('whatsapp_unavailable', 'The connection to WhatsApp was closed during the call.', { hint: 'Try again.' }));
      });
      underWay.add(giveUp);
      if (over) giveUp();
      return bounded(Promise.race([work, ended]), ms, sentence).finally(() => underWay.delete(giveUp));
    },
    end() {
      over = true;
      for (const giveUp of underWay) giveUp();
    },
  };
}

/**
 * Every call into Baileys has a time limit of its own: `end()` leaves queries pending for up to a minute. What Baileys rejects with is not
 * always an Error.
 * @param sentence what a person is told when the time is over
 * @throws DomainError `whatsapp_unavailable`
 */
export async function bounded<T>(work: Promise<T>, ms: number, sentence: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DomainError('whatsapp_unavailable', sentence, { hint: 'Try again.' })), ms);
  });
  try {
    return await Promise.race([work, timeout]);
  } catch (cause) {
    if (cause instanceof DomainError) throw cause;
    throw new DomainError('whatsapp_unavailable', 'The connection to WhatsApp failed during the call.', { hint: 'Try again.', cause });
  } finally {
    clearTimeout(timer);
  }
}
