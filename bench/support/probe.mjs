/**
 * Loaded before the main module of a measured process (`node --expose-gc --import`): answers what the process uses when it is asked over the
 * pipe to the bench, and changes nothing else. `{ probe: id, usage: true, settle: true }` collects garbage first; `{ probe: id, profile: 'start' }`
 * and `'stop'` take a CPU profile of what lies between.
 */
import { isMainThread } from 'node:worker_threads';

/** Of the profile that is being taken. */
let profiler = null;

const ANSWERS = {
  usage({ settle }) {
    if (settle) for (let pass = 0; pass < 3; pass += 1) globalThis.gc();
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed, external } = process.memoryUsage();
    return { rss, heap: heapUsed + external, cpuMs: (user + system) / 1_000 };
  },
  async profile({ profile }) {
    if (profile === 'stop') return profiler.stop();
    const { startProfiler } = await import('./profiler.mjs');
    profiler = await startProfiler();
    return null;
  },
};

if (isMainThread && process.send) {
  process.on('message', async message => {
    if (typeof message !== 'object' || message === null || !('probe' in message)) return;
    const { probe } = message;
    try {
      process.send({ probe, answer: await ANSWERS[message.profile ? 'profile' : 'usage'](message) });
    } catch (error) {
      process.send({ probe, error: error.stack });
    }
  });
  // Listening must not keep a process alive that has nothing else to do.
  process.channel?.unref();
}
