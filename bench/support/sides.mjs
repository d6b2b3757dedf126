import { alternate } from './pair.mjs';
import { median } from './stats.mjs';

/**
 * Does a load on both sides in turn. Rates are medians over the rounds; the ratio is the median of the rounds' ratios, so that what disturbs the
 * machine for a while disturbs both.
 * @param {{ gateway: { usage: () => Promise<{ cpuMs: number }> } }} pair
 * @param {{ rounds: number, budgetMs: number }} plan
 * @param {number} count messages in a round
 * @param {{ gateway: Load, bare: Load }} loads
 * @typedef {{ prepare?: () => Promise<unknown>, run: (round: number) => Promise<number> }} Load prepare: not measured; run: answers the seconds it took
 * @returns {Promise<{ gateway: number, bare: number, ratio: number, cpu: { gateway: number, bare: number } }>} messages per second, and
 * milliseconds of CPU per message: the gateway's process, and this one, where the bare client runs
 */
export async function compareRates({ gateway }, plan, count, loads) {
  const cpu = { gateway: [], bare: [] };
  const { gateway: ours, bare: theirs } = await alternate(plan, {
    gateway: async round => {
      await loads.gateway.prepare?.();
      const before = await gateway.usage();
      const seconds = await loads.gateway.run(round);
      cpu.gateway.push(((await gateway.usage()).cpuMs - before.cpuMs) / count);
      return count / seconds;
    },
    bare: async round => {
      await loads.bare.prepare?.();
      const before = process.cpuUsage();
      const seconds = await loads.bare.run(round);
      const { user, system } = process.cpuUsage(before);
      cpu.bare.push((user + system) / 1_000 / count);
      return count / seconds;
    },
  });
  return {
    gateway: median(ours), bare: median(theirs), ratio: median(ours.map((rate, round) => rate / theirs[round])),
    cpu: { gateway: median(cpu.gateway), bare: median(cpu.bare) },
  };
}

/** For the notes. */
export function describeCpu(what, { gateway, bare }) {
  return `CPU per ${what}: gateway ${gateway.toFixed(2)} ms, bare Baileys ${bare.toFixed(2)} ms`;
}
