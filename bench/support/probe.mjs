/**
 * Loaded before the main module of a measured process (`node --expose-gc --import`): answers what the process uses when it is asked over the
 * pipe to the bench, and changes nothing else. `{ probe: id, settle: true }` collects garbage first.
 */
import { isMainThread } from 'node:worker_threads';

if (isMainThread && process.send) {
  process.on('message', message => {
    if (typeof message !== 'object' || message === null || !('probe' in message)) return;
    if (message.settle) for (let pass = 0; pass < 3; pass += 1) globalThis.gc();
    const { user, system } = process.cpuUsage();
    process.send({ probe: message.probe, usage: { rss: process.memoryUsage.rss(), cpuMs: (user + system) / 1_000 } });
  });
  // Listening must not keep a process alive that has nothing else to do.
  process.channel?.unref();
}
