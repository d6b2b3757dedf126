/**
 * Connects in a row, each after an earlier try that hangs in one of the ways the simulator can make it hang. Ends with 1 unless 99 % succeed, the median
 * time to the QR code is below 2 s, and that from the scan to CONNECTED below 3 s. BENCH_QUICK=1 takes a tenth.
 */
import { openGateway } from './support/gateway.mjs';
import { describeMachine } from './support/report.mjs';
import { openStage } from './support/stage.mjs';
import { median } from './support/stats.mjs';
import { sleep, until, within } from './support/until.mjs';

const COUNT = process.env.BENCH_QUICK === '1' ? 10 : 100;
const LIMIT_MS = 900_000;
/** A try that was begun less than two seconds ago counts as on its way. */
const OLD_MS = 2_100;
const WAYS = {
  'mute server': { fault: { kind: 'mute', count: 1 }, hangs: true },
  'refused upgrade': { fault: { kind: 'refuse-upgrade', count: 1 } },
  'QR not scanned': {},
  'half-open socket': { fault: { kind: 'hold-upgrade', count: 1 }, hangs: true },
  'login refused once': { onScan: { kind: 'refuse-login', code: 503, count: 1 } },
};

async function run() {
  const stage = await openStage({ quickPairing: true });
  try {
    process.stdout.write(`${describeMachine()}\n`);
    const gateway = await openGateway({ dir: stage.dir, dataDir: await stage.folder('connects'), simulatorUrl: stage.simulator.url });
    stage.closing(() => gateway.stop());
    const results = Object.fromEntries(Object.keys(WAYS).map(way => [way, { tries: 0, failures: [], qr: [], connected: [] }]));
    const ways = Object.entries(WAYS);
    for (let index = 0; index < COUNT; index += 1) {
      const [way, { fault, hangs, onScan }] = ways[index % ways.length];
      const result = results[way];
      const path = `/instances/try-${index}`;
      result.tries += 1;
      try {
        await gateway.rest.post('/instances', { instanceId: `try-${index}` });
        if (fault) await stage.control.post('/faults', fault);
        const first = gateway.rest.post(`${path}/connect`).catch(() => null);
        await (hangs ? sleep(OLD_MS) : first);
        const started = performance.now();
        const { qr } = await gateway.rest.post(`${path}/connect`);
        if (!qr) throw new Error('no QR code');
        result.qr.push(performance.now() - started);
        const number = String(15_553_000_000 + index);
        await stage.control.post('/phones', { number });
        if (onScan) await stage.control.post('/faults', { ...onScan, phone: number });
        const scanned = performance.now();
        await stage.control.post(`/phones/${number}/scan`, { qr });
        await until('CONNECTED', async () => (await gateway.rest.get(`${path}/status`)).status === 'CONNECTED', { timeoutMs: 20_000, everyMs: 20 });
        result.connected.push(performance.now() - scanned);
        await first;
        await gateway.rest.post(`${path}/disconnect`);
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
