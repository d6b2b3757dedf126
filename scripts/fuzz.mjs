/** `npm run test:fuzz`: 20,000 generated bad requests over every route. FUZZ_REQUESTS asks for another number, FUZZ_SEED for the requests of an earlier run. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const { status } = spawnSync(process.execPath, [fileURLToPath(new URL('test.mjs', import.meta.url)), 'test/fuzz', ...process.argv.slice(2)], {
  stdio: 'inherit', env: { ...process.env, FUZZ_REQUESTS: process.env.FUZZ_REQUESTS ?? '20000' },
});
process.exit(status ?? 1);
