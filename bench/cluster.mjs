import { openGateway, pairInstance, untilConnected } from './support/gateway.mjs';
import { alternate, GATEWAY_PHONE, INSTANCE, timed } from './support/pair.mjs';
import { startPostgres } from './support/postgres.mjs';
import { startRedis } from './support/redis.mjs';
import { atMost } from './support/report.mjs';
import { median, percentile } from './support/stats.mjs';
import { postText } from './send.mjs';

const WIDTHS = [[1, 'one after the other'], [10, '10 at once']];
const WARM_UP = 150;
const TARGET_MS = 10;

/**
 * Acknowledged sends in a cluster of three gateway processes on one PostgreSQL and one Redis: asked of a node that has to pass them on to the instance's owner, and,
 * as the control, of the owner itself.
 * @param {import('./support/stage.mjs').Stage} stage
 * @param {{ rounds: number, budgetMs: number, count: number }} size
 * budgetMs: for each of the two measurements
 */
export async function benchCluster(stage, { count, ...plan }) {
  const { dir, simulator, control, closing } = stage;
  const [postgres, redis] = [await startPostgres(), await startRedis(dir)];
  closing(() => Promise.all([postgres.close(), redis.close()]));
  const open = async name => {
    const env = { DATABASE_URL: postgres.url, REDIS_URL: redis.url, CHASQUI_ENCRYPTION_KEY: '00'.repeat(32) };
    const node = await openGateway({ dir, dataDir: await stage.folder(name), simulatorUrl: simulator.url, env });
    closing(() => node.stop());
    return node;
  };
  // The first one has the only instance, and nobody has a reason to take it.
  const owner = await open('owner');
  await pairInstance(owner, control, INSTANCE, GATEWAY_PHONE);
  const others = [await open('second'), await open('third')];
  for (const node of others) await untilConnected(node, INSTANCE);

  /** CPU time so far of the owner, and of the other two. */
  const usage = async () => {
    const [first, ...rest] = (await Promise.all([owner, ...others].map(node => node.usage()))).map(({ cpuMs }) => cpuMs);
    return [first, rest[0] + rest[1]];
  };
  const sides = {
    owner: () => owner,
    other: index => others[index % others.length],
  };
  for (const nodeFor of Object.values(sides)) await timed(WARM_UP, 10, (index, lane) => postText(nodeFor(index), lane, `warm-up ${index}`));

  const rows = [];
  const notes = ['(3) asked of another node, which passes it on, against asked of the owner; of three processes on one PostgreSQL and one Redis. The target is for the difference'];
  for (const [width, how] of WIDTHS) {
    const cpu = { owner: [], other: [] };
    const load = (side, nodeFor) => async round => {
      const latencies = [];
      const before = await usage();
      await timed(count, width, async (index, lane) => {
        const asked = performance.now();
        await postText(nodeFor(index), lane, `${round}/${index}`);
        latencies.push(performance.now() - asked);
      });
      const after = await usage();
      cpu[side].push(after.map((ms, index) => (ms - before[index]) / count));
      return latencies;
    };
    const results = await alternate(plan, Object.fromEntries(Object.entries(sides).map(([side, nodeFor]) => [side, load(side, nodeFor)])));
    for (const share of [0.5, 0.99]) {
      const [there, here] = [percentile(results.other.flat(), share), percentile(results.owner.flat(), share)];
      const target = share === 0.5 && width === 1 ? { target: atMost(TARGET_MS, there - here, `adds < ${TARGET_MS} ms`) } : {};
      rows.push({ title: `send through another node, p${share * 100}, ${how} (3)`, unit: 'ms', gateway: there, bare: here, ratio: there / here, ...target });
      notes.push(`a send through another node, ${how}: p${share * 100} adds ${(there - here).toFixed(1)} ms`);
    }
    const [owners, passers] = [0, 1].map(place => ['owner', 'other'].map(side => median(cpu[side].map(times => times[place])).toFixed(2)));
    notes.push(`CPU per send, ${how}: asked of the owner ${owners[0]} ms (the others meanwhile ${passers[0]} ms), through another node ${owners[1]} ms at the owner and ${passers[1]} ms at those asked`);
  }
  return { rows, notes };
}
