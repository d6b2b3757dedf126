/**
 * Begins the work again and again at a steady pace, whether the last one has ended or not. Answers how to end it: that resolves when all has ended.
 * @param work gets the number of the turn, from 0; it does not reject
 */
export function steadily(everyMs: number, work: (number: number) => Promise<void>): () => Promise<void> {
  const underWay = new Set<Promise<void>>();
  let stopped = false;
  const pacing = (async () => {
    for (let number = 0; !stopped; number += 1) {
      const turn = work(number).finally(() => underWay.delete(turn));
      underWay.add(turn);
      await new Promise(resolve => setTimeout(resolve, everyMs));
    }
  })();
  return async () => {
    stopped = true;
    await pacing;
    await Promise.all(underWay);
  };
}
