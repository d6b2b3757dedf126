/** Samples what the threads of this process run, by the inspector: unlike `node --cpu-prof` only while it is asked to, and worker threads, too. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SAMPLE_MICROSECONDS = 500;

export async function startProfiler() {
  const session = new Session();
  session.connect();
  const workers = await attachToWorkers(session);
  const threads = [{ thread: 'main thread', post: (method, params) => session.post(method, params) }, ...workers];
  for (const { post } of threads) {
    await post('Profiler.enable');
    await post('Profiler.setSamplingInterval', { interval: SAMPLE_MICROSECONDS });
    await post('Profiler.start');
  }
  return {
    /** Answers the name of each thread, and the file with its profile. */
    async stop() {
      const profiles = await Promise.all(threads.map(async ({ thread, post }) => ({ thread, profile: (await post('Profiler.stop')).profile })));
      await session.post('NodeWorker.disable');
      session.disconnect();
      const dir = await mkdtemp(join(tmpdir(), 'chasqui-profile-'));
      return Promise.all(profiles.map(async ({ thread, profile }, index) => {
        const file = join(dir, `${index}.cpuprofile`);
        await writeFile(file, JSON.stringify(profile));
        return { thread, file };
      }));
    },
  };
}

/** The inspector hands messages for a worker through the main thread's session, as text. */
async function attachToWorkers(session) {
  const workers = [];
  const calls = new Map();
  let lastId = 0;
  session.on('NodeWorker.attachedToWorker', ({ params: { sessionId, workerInfo } }) => {
    workers.push({
      thread: `worker ${workerInfo.workerId} (${workerInfo.url.split('/').at(-1)})`,
      post: (method, params = {}) => new Promise((resolve, reject) => {
        const id = ++lastId;
        calls.set(id, { resolve, reject });
        session.post('NodeWorker.sendMessageToWorker', { sessionId, message: JSON.stringify({ id, method, params }) }).catch(reject);
      }),
    });
  });
  session.on('NodeWorker.receivedMessageFromWorker', ({ params: { message } }) => {
    const { id, result, error } = JSON.parse(message);
    const call = calls.get(id);
    calls.delete(id);
    if (error) call?.reject(new Error(error.message));
    else call?.resolve(result);
  });
  await session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
  return workers;
}
