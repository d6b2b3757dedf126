/** `npm test`: set-up, then every test that needs only Node and npm. Arguments go to vitest. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setUp } from './setup.mjs';

await setUp('tests');
const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
const { status } = spawnSync(process.execPath, [vitest, 'run', ...process.argv.slice(2)], {
  stdio: 'inherit', cwd: fileURLToPath(new URL('..', import.meta.url)),
});
process.exit(status ?? 1);
