/**
 * `npm run lint`: set-up, then every check that reads the code without running it. All of them run, so that one call shows everything; the
 * exit code is 1 when one of them found something.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setUp } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
// The gateway's TypeScript checks the tests too: it is the fast one. The pack is built with the one that n8n's linter takes.
const TSC = 'server/node_modules/typescript/bin/tsc';
const LINTED = ['server', 'test', 'scripts', 'bench'].filter(folder => existsSync(join(root, folder)));

const CHECKS = [
  ['ESLint', 'node_modules/eslint/bin/eslint.js', '--config', 'eslint.repo.config.mjs', '--max-warnings', '0', ...LINTED],
  ['Types of the gateway, the simulator and the sandbox', TSC, '-p', 'server/tsconfig.json', '--noEmit'],
  ['Types of the tests', TSC, '-p', 'test/tsconfig.json'],
  ['Types of the tests in n8n', TSC, '-p', 'test/n8n/tsconfig.json'],
  ['n8n\'s strict lint of the node pack', 'scripts/lint-nodes.mjs'],
  ['Nothing that belongs to one machine', 'scripts/lint/out-of-place.mjs'],
];

/** Runs one check with Node; answers whether it passed, once it has said all that it has to say, in one piece. */
async function passes([title, ...args]) {
  const started = performance.now();
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => { said += text; });
  const status = await new Promise(resolve => {
    child.once('close', resolve);
    child.once('error', error => {
      said += `${error.message}\n`;
      resolve(null);
    });
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`\n${title} …\n${said}  ${status === 0 ? 'passed' : 'FAILED'} in ${seconds} s`);
  return status === 0;
}

await setUp('tests');
// Each uses one core, and the first one as long as all others together.
const [waiting, failed] = [[...CHECKS], []];
await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, async () => {
  for (let check = waiting.shift(); check; check = waiting.shift()) if (!await passes(check)) failed.push(check[0]);
}));
console.log(failed.length === 0 ? '\nlint: everything passed' : `\nlint: failed: ${failed.join('; ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
