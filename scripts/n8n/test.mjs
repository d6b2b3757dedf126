/** `npm run test:n8n`: set-up, then the tests in a real n8n; the first time on a machine they install n8n. Arguments go to vitest. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setUp } from '../setup.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

await setUp('tests');
const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));
const { status } = spawnSync(process.execPath, [vitest, 'run', '--config', 'vitest.n8n.config.mts', ...process.argv.slice(2)], { stdio: 'inherit', cwd: root });
process.exit(status ?? 1);
