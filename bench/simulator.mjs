/**
 * The simulator for many sessions: as `npm run simulator`, but a new client uploads 5 pre-keys instead of 812, which is most of what linking it
 * costs. It changes nothing for what is measured afterwards: from the third log-in on a client has enough on the server, and uploads none.
 */
import { createSimulator, silenceLibsignal } from '../server/dist/simulator/index.js';

silenceLibsignal();
const simulator = createSimulator({ quickPairing: true });
await simulator.start();
process.stdout.write(`${JSON.stringify({ controlUrl: simulator.controlUrl })}\n`);

process.once('SIGTERM', async () => {
  await simulator.stop();
  process.exit();
});
