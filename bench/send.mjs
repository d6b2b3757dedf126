import { INSTANCE, timed } from './support/pair.mjs';
import { atLeast } from './support/report.mjs';
import { compareRates, describeCpu } from './support/sides.mjs';

const WIDTH = 10;
/** Until the compiler has seen enough: a gateway runs for days, not for seconds. */
const WARM_UP = 300;
const TARGET = 0.85;

/**
 * Acknowledged sends: POST …/messages/text, which answers after WhatsApp's ack, against a bare client that waits for the same ack.
 * Ten contacts on either side; whoever sends one after the other sends to the first.
 * @param {{ gateway: object, bare: object }} pair
 * @param {{ rounds: number, budgetMs: number, count: number }} size
 * budgetMs: for each of the two measurements
 */
export async function benchSend(pair, { count, ...plan }) {
  const { gateway, bare } = pair;
  const sides = {
    gateway: (text, lane) => postText(gateway, lane, text),
    bare: (text, lane) => bare.send(`${contact(3, lane)}@s.whatsapp.net`, text),
  };
  for (const send of Object.values(sides)) await timed(WARM_UP, WIDTH, (index, lane) => send(`warm-up ${index}`, lane));

  const rows = [];
  const notes = [];
  for (const [width, how] of [[1, 'one after the other'], [WIDTH, `${WIDTH} at once`]]) {
    const load = send => ({ run: round => timed(count, width, (index, lane) => send(`${round}/${index}`, lane)) });
    const { cpu, ...rates } = await compareRates(pair, plan, count, { gateway: load(sides.gateway), bare: load(sides.bare) });
    rows.push({ title: `synchronous sends, ${how}`, unit: '/s', ...rates, target: atLeast(TARGET, rates.ratio) });
    notes.push(describeCpu(`synchronous send, ${how}`, cpu));
  }
  return { rows, notes };
}

/** Sends a text to the contact of this lane; resolves when WhatsApp has acknowledged it. */
export function postText(gateway, lane, text) {
  return gateway.rest.post(`/instances/${INSTANCE}/messages/text`, { to: contact(2, lane), text });
}

/** Numbers of contacts: a block per side, so that neither finds sessions that the other made. */
function contact(block, lane) {
  return String(15_550_000_000 + block * 1_000_000 + lane);
}
