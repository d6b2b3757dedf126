import { openGateway, pairInstance } from './support/gateway.mjs';
import { alternate, INSTANCE, timed } from './support/pair.mjs';
import { atLeast } from './support/report.mjs';
import { median } from './support/stats.mjs';
import { postText } from './send.mjs';

const WARM_UP = 300;
const TARGET = 0.95;
const UNSEALED = new URL('unsealed-gateway.mjs', import.meta.url);

/**
 * What the seal costs: acknowledged sends of a gateway, and of the same one that stores sessions in plain, in turn. Each has an account and a data directory of its own.
 * @param {import('./support/stage.mjs').Stage} stage
 * @param {{ rounds: number, budgetMs: number, count: number }} size
 */
export async function benchSeal(stage, { count, ...plan }) {
  const open = async (name, number, module) => {
    const gateway = await openGateway({ dir: stage.dir, dataDir: await stage.folder(name), simulatorUrl: stage.simulator.url, module });
    stage.closing(() => gateway.stop());
    await pairInstance(gateway, stage.control, INSTANCE, number);
    return gateway;
  };
  const sides = { sealed: await open('sealed', '15551000011'), plain: await open('plain', '15551000012', UNSEALED) };
  for (const gateway of Object.values(sides)) await timed(WARM_UP, 10, (index, lane) => postText(gateway, lane, `warm-up ${index}`));

  const rows = [];
  const notes = ['(4) against the same gateway that stores sessions in plain'];
  for (const [width, how] of [[1, 'one after the other'], [10, '10 at once']]) {
    const cpu = { sealed: [], plain: [] };
    const load = (side, gateway) => async round => {
      const before = (await gateway.usage()).cpuMs;
      const seconds = await timed(count, width, (index, lane) => postText(gateway, lane, `${round}/${index}`));
      cpu[side].push(((await gateway.usage()).cpuMs - before) / count);
      return count / seconds;
    };
    const { sealed, plain } = await alternate(plan, Object.fromEntries(Object.entries(sides).map(([side, gateway]) => [side, load(side, gateway)])));
    const ratio = median(sealed.map((rate, round) => rate / plain[round]));
    rows.push({ title: `sealed sends, ${how} (4)`, unit: '/s', gateway: median(sealed), bare: median(plain), ratio, target: atLeast(TARGET, ratio) });
    const dearer = median(cpu.sealed.map((ms, round) => ms / cpu.plain[round])) - 1;
    notes.push(`CPU per send, ${how}: sealed ${median(cpu.sealed).toFixed(2)} ms, in plain ${median(cpu.plain).toFixed(2)} ms, ${(dearer * 100).toFixed(1)} % more`);
  }
  return { rows, notes };
}
