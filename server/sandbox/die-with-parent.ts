/**
 * Loaded before the main module of a child process (`node --import`): ends the child, in order, when the process that started
 * it is gone, however that ended. The pipe between the two is closed by the operating system.
 */
import { isMainThread } from 'node:worker_threads';

// Worker threads load it, too, but have no pipe.
if (isMainThread) {
  const end = () => process.kill(process.pid, 'SIGTERM');
  process.once('disconnect', end);
  // Listening must not keep a process alive that has nothing else to do.
  process.channel?.unref();
  if (!process.connected) end();
}
