/** Something that ends once, and what is then not waited for any more. */
export interface Ending {
  reached(): boolean;
  /** Idempotent. */
  reach(): void;
  /** What `work` comes to, or a rejection as soon as the end is reached; `work` goes on by itself then. */
  orEnded<T>(work: Promise<T>): Promise<T>;
}

/** Unlike a race against one long promise, it keeps nothing of work that is done. */
export function createEnding(): Ending {
  const waiting = new Set<() => void>();
  let isOver = false;

  return {
    reached: () => isOver,
    reach() {
      isOver = true;
      for (const giveUp of waiting) giveUp();
      waiting.clear();
    },
    orEnded: work => new Promise((resolve, reject) => {
      const giveUp = () => reject(new Error('The connection has ended.'));
      if (isOver) giveUp();
      else waiting.add(giveUp);
      work.then(resolve, reject).finally(() => waiting.delete(giveUp));
    }),
  };
}
