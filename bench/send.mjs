import { alternate, INSTANCE, timed } from './support/pair.mjs';
import { median } from './support/stats.mjs';

const WIDTH = 10;
/** Until the compiler has seen enough: a gateway runs for days, not for seconds. */
const WARM_UP = 300;

/**
 * Acknowledged sends: POST …/messages/text, which answers after WhatsApp's ack, against a bare client that waits for the same ack.
 * Ten contacts on either side; whoever sends one after the other sends to the first.
 * @param {{ gateway: object, bare: object }} pair
 * @param {{ rounds: number, budgetMs: number, count: number }} size
 * budgetMs: for each of the two measurements
 */
export async function benchSend({ gateway, bare }, { count, ...plan }) {
  const sides = {
    gateway: (text, lane) => postText(gateway, lane, text),
    bare: (text, lane) => bare.send(`${contact(3, lane)}@s.whatsapp.net`, text),
  };
  for (const send of Object.values(sides)) await timed(WARM_UP, WIDTH, (index, lane) => send(`warm-up ${index}`, lane));

  const cpu = { gateway: [], bare: [] };
  const measure = width => alternate(plan, {
    gateway: async round => {
      const before = await gateway.usage();
      const seconds = await timed(count, width, (index, lane) => sides.gateway(`${round}/${index}`, lane));
      cpu.gateway.push(((await gateway.usage()).cpuMs - before.cpuMs) / count);
      return count / seconds;
    },
    bare: async round => {
      const before = process.cpuUsage();
      const seconds = await timed(count, width, (index, lane) => sides.bare(`${round}/${index}`, lane));
      const { user, system } = process.cpuUsage(before);
      cpu.bare.push((user + system) / 1_000 / count);
      return count / seconds;
    },
  });
  const rows = [];
  for (const [width, title] of [[1, 'synchronous sends, one after the other'], [WIDTH, `synchronous sends, ${WIDTH} at once`]]) {
    const { gateway: ours, bare: theirs } = await measure(width);
    rows.push({ title, unit: '/s', gateway: median(ours), bare: median(theirs), ratio: median(ours.map((rate, round) => rate / theirs[round])), target: '>= 0.85' });
  }
  return { rows, notes: [`CPU per synchronous send: gateway ${median(cpu.gateway).toFixed(2)} ms, bare Baileys ${median(cpu.bare).toFixed(2)} ms`] };
}

/** Sends a text to the contact of this lane; resolves when WhatsApp has acknowledged it. */
export function postText(gateway, lane, text) {
  return gateway.rest.post(`/instances/${INSTANCE}/messages/text`, { to: contact(2, lane), text });
}

/** Numbers of contacts: a block per side, so that neither finds sessions that the other made. */
function contact(block, lane) {
  return String(15_550_000_000 + block * 1_000_000 + lane);
}
