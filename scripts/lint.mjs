/**
 * `npm run lint`: set-up, then every check that reads the code without running it. All of them run, so that one call shows everything; the
 * exit code is 1 when one of them found something.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setUp } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
// The gateway's TypeScript checks the tests too: it is the fast one. The pack is built with the one that n8n's linter takes.
const TSC = 'server/node_modules/typescript/bin/tsc';
const LINTED = ['server', 'test', 'scripts', 'bench'].filter(folder => existsSync(join(root, folder)));

const CHECKS = [
  ['Types of the gateway, the simulator and the sandbox', TSC, '-p', 'server/tsconfig.json', '--noEmit'],
  ['Types of the tests', TSC, '-p', 'test/tsconfig.json'],
  ['Types of the tests in n8n', TSC, '-p', 'test/n8n/tsconfig.json'],
  ['ESLint', 'node_modules/eslint/bin/eslint.js', '--config', 'eslint.repo.config.mjs', '--max-warnings', '0', ...LINTED],
  ['n8n\'s strict lint of the node pack', 'scripts/lint-nodes.mjs'],
  ['Nothing that belongs to one machine', 'scripts/lint/out-of-place.mjs'],
];

/** Runs one check with Node and says how it ended. */
function passes([title, ...args]) {
  const started = performance.now();
  console.log(`\n${title} …`);
  const { status, error } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (error) console.error(error.message);
  console.log(`  ${status === 0 ? 'passed' : 'FAILED'} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return status === 0;
}

await setUp('tests');
const failed = CHECKS.filter(check => !passes(check)).map(([title]) => title);
console.log(failed.length === 0 ? '\nlint: everything passed' : `\nlint: failed: ${failed.join('; ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
