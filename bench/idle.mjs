/**
 * 20 instances, connected and left alone for a minute: resident memory stays flat and nothing goes wrong. Ends with 1 if the log has an error, a session
 * was lost, or memory grew by more than 15 % from the 10th to the 60th second.
 */
import { openGateway, pairInstances } from './support/gateway.mjs';
import { describeMachine } from './support/report.mjs';
import { openStage } from './support/stage.mjs';
import { sleep } from './support/until.mjs';

const COUNT = 20;
const SECONDS = 60;
const STEP = 10;
const GROWTH_ALLOWED = 0.15;
/** pino's number for `error`. */
const ERROR_LEVEL = 50;
const MIB = 1024 * 1024;

async function check() {
  const stage = await openStage();
  try {
    process.stdout.write(`${describeMachine()}\nlinking ${COUNT} instances …\n`);
    const gateway = await openGateway({ dir: stage.dir, dataDir: await stage.folder('idle'), simulatorUrl: stage.simulator.url });
    stage.closing(() => gateway.stop());
    await pairInstances(gateway, stage.control, COUNT);

    const samples = await watch(gateway);
    const { activeSessions } = await gateway.rest.get('/health');
    const lines = (await gateway.log()).split('\n').filter(line => line.startsWith('{')).map(line => JSON.parse(line));
    const errors = lines.filter(({ level }) => level >= ERROR_LEVEL);
    const growth = samples.get(SECONDS) / samples.get(STEP) - 1;
    process.stdout.write(`resident memory grew by ${(growth * 100).toFixed(1)} % from ${STEP} s to ${SECONDS} s; ${activeSessions} of ${COUNT} CONNECTED; ${errors.length} errors in ${lines.length} log lines\n`);
    for (const error of errors.slice(0, 10)) process.stdout.write(`${JSON.stringify(error)}\n`);
    return errors.length === 0 && activeSessions === COUNT && growth <= GROWTH_ALLOWED;
  } finally {
    await stage.close();
  }
}

/** Resident bytes by second. Garbage is collected before the first sample and at no other. */
async function watch(gateway) {
  const samples = new Map();
  const started = performance.now();
  for (let second = 0; second <= SECONDS; second += STEP) {
    await sleep(Math.max(0, started + second * 1_000 - performance.now()));
    const { rss } = await gateway.usage({ settle: second === 0 });
    samples.set(second, rss);
    process.stdout.write(`${String(second).padStart(3)} s  ${(rss / MIB).toFixed(1)} MB\n`);
  }
  return samples;
}

try {
  process.exit(await check() ? 0 : 1);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}
