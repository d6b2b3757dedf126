/**
 * A process of bare Baileys sessions, over the file store that Baileys ships (it keeps no key in memory). Told by its arguments: the
 * address of the simulator's control API, a folder, how many connect at a time, and the numbers of the accounts. Those that are not linked yet
 * are linked first. Tells its parent `{ said: 'ready' }` when it begins and `{ said: 'connected' }` when all are open, then stays until it is ended.
 */
import { join } from 'node:path';
import { useMultiFileAuthState } from '../server/node_modules/@whiskeysockets/baileys/lib/index.js';
import { createBareClient, scanWith, trustSimulator } from './support/bare-client.mjs';
import { timed } from './support/pair.mjs';
import { createRest } from './support/rest.mjs';

const [controlUrl, folder, width, ...numbers] = process.argv.slice(2);
const control = createRest(controlUrl);
const webSocketUrl = await trustSimulator(control);
const stay = setInterval(() => {}, 60_000);
process.send({ said: 'ready' });

await timed(numbers.length, Number(width), async index => {
  const number = numbers[index];
  const { state, saveCreds } = await useMultiFileAuthState(join(folder, number));
  await createBareClient({ webSocketUrl, auth: state, saveCreds, onQr: scanWith(control, number) }).open();
});
process.send({ said: 'connected' });

process.once('SIGTERM', () => {
  clearInterval(stay);
  process.exit();
});
