/**
 * Pairings that nobody scans: all expire, none is pending afterwards, and resident memory is where it was, give or take a tenth. Memory is measured after
 * a garbage collection, and after a first batch, so that code and pools that the first pairings load are not counted. BENCH_QUICK=1 takes a tenth.
 */
import { openGateway } from './support/gateway.mjs';
import { describeMachine } from './support/report.mjs';
import { openStage } from './support/stage.mjs';
import { sleep, until, within } from './support/until.mjs';

const BATCH = 30;
const BATCHES = process.env.BENCH_QUICK === '1' ? 1 : 10;
const TIMEOUT_SECONDS = 4;
const GROWTH_ALLOWED = 0.1;
const LIMIT_MS = 600_000;
const MIB = 1024 * 1024;

async function run() {
  const stage = await openStage({ quickPairing: true });
  try {
    process.stdout.write(`${describeMachine()}\n`);
    const env = { PAIRING_TIMEOUT_SECONDS: String(TIMEOUT_SECONDS), PENDING_SWEEP_SECONDS: '2' };
    const gateway = await openGateway({ dir: stage.dir, dataDir: await stage.folder('pending'), simulatorUrl: stage.simulator.url, env });
    stage.closing(() => gateway.stop());
    let shown = 0;

    async function batch(name) {
      const ids = Array.from({ length: BATCH }, (_, index) => `${name}-${index}`);
      for (const instanceId of ids) {
        await gateway.rest.post('/instances', { instanceId });
        const { hasQR } = await gateway.rest.post(`/instances/${instanceId}/connect`);
        if (hasQR) shown += 1;
      }
      await until(`the pairings of ${name} expired`, async () => (await gateway.rest.get('/sessions')).pendingCount === 0);
      const reasons = await Promise.all(ids.map(async id => (await gateway.rest.get(`/instances/${id}/status`)).reason));
      return reasons.filter(reason => reason === 'qr_expired').length;
    }

    async function memory() {
      // What is at rest is released a second after its end.
      await sleep(1_500);
      await gateway.rest.post('/cleanup-inactive-sessions');
      await sleep(3_000);
      return (await gateway.usage({ settle: true })).rss;
    }

    await batch('first');
    shown = 0;
    const before = await memory();
    let expired = 0;
    for (let index = 0; index < BATCHES; index += 1) expired += await batch(`batch-${index}`);
    const after = await memory();
    const { pendingCount, sessions } = await gateway.rest.get('/sessions');
    const growth = after / before - 1;
    process.stdout.write(`pairings ${BATCH * BATCHES}, QR shown ${shown}, expired ${expired}, pendingCount ${pendingCount}, sessions held ${sessions.length}\n`);
    process.stdout.write(`resident before ${(before / MIB).toFixed(1)} MB, after ${(after / MIB).toFixed(1)} MB: ${(growth * 100).toFixed(1)} %\n`);
    return expired === BATCH * BATCHES && pendingCount === 0 && growth <= GROWTH_ALLOWED;
  } finally {
    await stage.close();
  }
}

try {
  process.exit(await within('all pairings', run(), LIMIT_MS) ? 0 : 1);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}
