/** `npm run test:crash`: the crash tests with 100 kills each, embedded and with the queue on Redis. CRASH_KILLS asks for another number. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const CRASH_KILLS = process.env.CRASH_KILLS ?? '100';

function run(script, ...args) {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const { status } = spawnSync(process.execPath, [path, ...args], { stdio: 'inherit', env: { ...process.env, CRASH_KILLS } });
  if (status !== 0) process.exit(status ?? 1);
}

run('test.mjs', 'test/e2e/crash.test.ts');
run('services/test.mjs', 'test/services/crash.test.ts');
