/** `npm run bench`: set-up, then every benchmark; `npm run bench -- send` one of them; `npm run bench -- idle` the check of memory at rest. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setUp } from './setup.mjs';

await setUp('gateway');
const names = process.argv.slice(2);
const [file, args] = names.length === 1 && names[0] === 'idle' ? ['idle.mjs', []] : ['main.mjs', names];
const { status } = spawnSync(process.execPath, [fileURLToPath(new URL(`../bench/${file}`, import.meta.url)), ...args], { stdio: 'inherit' });
process.exit(status ?? 1);
