/** `npm run test:services`: set-up, then the tests that need Redis, PostgreSQL and promtool; they start them themselves. Arguments go to vitest. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setUp } from '../setup.mjs';
import { ensurePostgres } from './postgres-server.mjs';
import { ensurePromtool } from './promtool.mjs';
import { ensureRedisServer } from './redis-server.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Without one nothing is left out: the command fails. */
async function orEnd(program) {
  try {
    return await program;
  } catch (error) {
    console.error(`test:services: ${error.message}`);
    process.exit(1);
  }
}

const REDIS_SERVER_PATH = await orEnd(ensureRedisServer());
const POSTGRES_BIN_PATH = await orEnd(ensurePostgres());
const PROMTOOL_PATH = await orEnd(ensurePromtool());
await setUp('tests');
const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));
const { status } = spawnSync(process.execPath, [vitest, 'run', '--config', 'vitest.services.config.mts', ...process.argv.slice(2)], {
  stdio: 'inherit', cwd: root, env: { ...process.env, REDIS_SERVER_PATH, POSTGRES_BIN_PATH, PROMTOOL_PATH },
});
process.exit(status ?? 1);
