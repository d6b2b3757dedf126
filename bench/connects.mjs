/**
 * Connects in a row, each after an earlier try that hangs in one of the ways the simulator can make it hang. Ends with 1 unless 99 % succeed, the median
 * time to the QR code is below 2 s, and that from the scan to CONNECTED below 3 s. BENCH_QUICK=1 takes a tenth.
 */
import { openGateway } from './support/gateway.mjs';
import { connectAfter, LEFTOVERS } from './support/leftovers.mjs';
import { describeMachine } from './support/report.mjs';
import { openStage } from './support/stage.mjs';
import { median } from './support/stats.mjs';
import { within } from './support/until.mjs';

const COUNT = process.env.BENCH_QUICK === '1' ? 10 : 100;
const LIMIT_MS = 900_000;

async function run() {
  const stage = await openStage({ quickPairing: true });
  try {
    process.stdout.write(`${describeMachine()}\n`);
    const gateway = await openGateway({ dir: stage.dir, dataDir: await stage.folder('connects'), simulatorUrl: stage.simulator.url });
    stage.closing(() => gateway.stop());
    const results = Object.fromEntries(Object.keys(LEFTOVERS).map(way => [way, { tries: 0, failures: [], qr: [], connected: [] }]));
    const ways = Object.entries(LEFTOVERS);
    for (let index = 0; index < COUNT; index += 1) {
      const [way, leftover] = ways[index % ways.length];
      const result = results[way];
      const instanceId = `try-${index}`;
      result.tries += 1;
      try {
        const { qrMs, connectedMs } = await connectAfter(leftover, { rest: gateway.rest, control: stage.control, instanceId, number: String(15_553_000_000 + index) });
        result.qr.push(qrMs);
        result.connected.push(connectedMs);
        await gateway.rest.post(`/instances/${instanceId}/disconnect`);
      } catch (error) {
        result.failures.push(error.message);
      }
    }
    return report(results);
  } finally {
    await stage.close();
  }
}

function report(results) {
  const all = Object.values(results);
  const line = (title, { tries, failures, qr, connected }) =>
    `${title.padEnd(20)} ${String(tries).padStart(5)} ${String(tries - failures.length).padStart(5)} ${seconds(qr)} ${seconds(connected)}\n`;
  process.stdout.write(`${'earlier try'.padEnd(20)} tries    ok   median to QR   scan to CONNECTED\n`);
  for (const [way, result] of Object.entries(results)) process.stdout.write(line(way, result));
  const total = { tries: COUNT, failures: all.flatMap(({ failures }) => failures), qr: all.flatMap(({ qr }) => qr), connected: all.flatMap(({ connected }) => connected) };
  process.stdout.write(line('all', total));
  for (const failure of total.failures.slice(0, 5)) process.stdout.write(`${failure}\n`);
  return total.failures.length <= COUNT / 100 && median(total.qr) < 2_000 && median(total.connected) < 3_000;
}

function seconds(times) {
  return `${(times.length === 0 ? NaN : median(times) / 1_000).toFixed(2)} s`.padStart(14);
}

try {
  process.exit(await within('all connects', run(), LIMIT_MS) ? 0 : 1);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}
