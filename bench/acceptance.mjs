import { once } from 'node:events';
import { join } from 'node:path';
import { INSTANCE } from './support/pair.mjs';
import { API_KEY, startMeasured } from './support/processes.mjs';
import { until, within } from './support/until.mjs';

const CLIENTS = new URL('clients.mjs', import.meta.url);
const WIDTH = 64;
/** The longest gap there is: what was accepted stays in the queue until the gap is taken away. */
const HOLD_MS = 3_600_000;
const ROUND_MS = 60_000;

/**
 * Asynchronous sends to ten contacts: 64 clients, in a process of their own, post them while the queue is held; then it is let go.
 * @param {import('./support/stage.mjs').Stage} stage
 */
export async function openAcceptance(stage, gateway) {
  const clients = startMeasured({ module: CLIENTS, logFile: join(stage.dir, 'clients.log') });
  stage.closing(() => clients.stop());
  await within('the clients are ready', once(clients.child, 'message'), ROUND_MS);
  const setGap = ms => gateway.rest.patch(`/instances/${INSTANCE}`, { settings: { sendIntervalMs: ms } });
  const waiting = async () => {
    const { queue } = await gateway.rest.get(`/instances/${INSTANCE}/status`);
    return queue.queued + queue.sending;
  };
  let round = 0;

  async function post(url, count) {
    const answer = once(clients.child, 'message');
    clients.child.send({ url, apiKey: API_KEY, width: WIDTH, count, round: ++round });
    const [result] = await within(`${count} messages are accepted`, answer, ROUND_MS);
    if (result.error) throw new Error(result.error);
    return result;
  }

  return {
    /** The same clients and messages, to another address. */
    post,
    /** Accepts `count` messages; answers the seconds it took and each one's latency in milliseconds. They wait in the queue afterwards. */
    async accept(count) {
      await setGap(HOLD_MS);
      return post(`${gateway.url}/instances/${INSTANCE}/messages/text?async=true`, count);
    },
    /** Lets go what waits. Answers the seconds until WhatsApp's last acknowledgement is in the database, and how many messages that were. */
    async letGo() {
      const count = await waiting();
      const { acks } = await stage.control.get('/stats');
      const started = performance.now();
      await setGap(0);
      // The simulator is asked, since that costs the gateway nothing; only the very end is the gateway's word.
      await until(`${count} messages are acknowledged`, async () => (await stage.control.get('/stats')).acks >= acks + count, { everyMs: 10 });
      await until('the queue is empty', async () => await waiting() === 0, { everyMs: 2 });
      return { count, seconds: (performance.now() - started) / 1_000 };
    },
  };
}
