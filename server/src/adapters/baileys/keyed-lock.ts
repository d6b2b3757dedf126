import { Mutex } from 'async-mutex';
import type { KeyedLock } from '../../ports/keyed-lock.js';

export function createKeyedLock(): KeyedLock {
  const locks = new Map<string, { mutex: Mutex; users: number }>();

  async function withOne<T>(name: string, work: () => Promise<T>): Promise<T> {
    const lock = locks.get(name) ?? { mutex: new Mutex(), users: 0 };
    locks.set(name, lock);
    lock.users += 1;
    try {
      return await lock.mutex.runExclusive(work);
    } finally {
      lock.users -= 1;
      if (lock.users === 0) locks.delete(name);
    }
  }

  async function withAll<T>(names: string[], work: () => Promise<T>): Promise<T> {
    const [first, ...rest] = names;
    return first === undefined ? work() : withOne(first, () => withAll(rest, work));
  }

  return { run: (names, work) => withAll([...new Set(names)].sort(), work) };
}
