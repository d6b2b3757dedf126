/** `npm run bench`: set-up, then every benchmark; `npm run bench -- send` one of them; `-- profile send` what it costs; `-- idle` the check of memory at rest, `-- connects` that of connecting after hangs, `-- pending` that of pairings nobody scans. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setUp } from './setup.mjs';

const FILES = { idle: 'idle.mjs', profile: 'profile.mjs', connects: 'connects.mjs', pending: 'pending.mjs' };

await setUp('gateway');
const names = process.argv.slice(2);
const [file, args] = FILES[names[0]] ? [FILES[names[0]], names.slice(1)] : ['main.mjs', names];
const { status } = spawnSync(process.execPath, [fileURLToPath(new URL(`../bench/${file}`, import.meta.url)), ...args], { stdio: 'inherit' });
process.exit(status ?? 1);
