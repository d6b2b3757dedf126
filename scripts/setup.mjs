/**
 * The set-up that every command does for itself: installs what is missing, generates, builds. Each step remembers what it was made
 * from (a digest under .setup/) and is skipped while that is unchanged.
 *
 *   node scripts/setup.mjs gateway   what the gateway, the simulator and the sandbox need
 *   node scripts/setup.mjs tests     that, and what the node pack and the tests need
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { withLock } from './lock.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const OLDEST_NODE = [20, 19];

/** Also where NODE_ENV=production, or npm's own settings, would leave out the compiler and the generator. */
const INSTALL = ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];

const PRISMA_INPUTS = ['prisma', 'scripts/prisma.mjs', 'scripts/prisma', 'server/package-lock.json'];

/** A step: made from `inputs` (files or folders), it makes `output`. */
export const STEPS = {
  serverPackages: {
    title: 'Installing the gateway\'s packages', inputs: ['server/package-lock.json'], output: 'server/node_modules',
    run: () => command('npm', INSTALL, 'server'),
  },
  prisma: {
    title: 'Generating the database client', inputs: PRISMA_INPUTS, output: 'server/src/generated',
    run: () => command('node', ['scripts/prisma.mjs', 'generate']),
  },
  server: {
    title: 'Building the gateway and the simulator', output: 'server/dist',
    // What is generated goes into the build, migrations too; its inputs stand for it.
    inputs: ['server/src', 'server/simulator', 'server/sandbox', 'server/tsconfig.json', ...PRISMA_INPUTS],
    run: () => replaceFolder('server/dist', folder => command('node', [join(root, 'server/node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json', '--outDir', folder], 'server')),
  },
  rootPackages: {
    title: 'Installing n8n\'s engine and the test tools', inputs: ['package-lock.json'], output: 'node_modules',
    run: () => command('npm', INSTALL),
  },
  nodes: {
    title: 'Building the node pack', inputs: ['nodes', 'credentials', 'icons', 'gulpfile.js', 'tsconfig.json', 'package-lock.json'], output: 'dist',
    run: () => command('npm', ['run', '--silent', 'build:nodes']),
  },
};

const GATEWAY = ['serverPackages', 'prisma', 'server'];
const NODES = ['rootPackages', 'nodes'];

/** What each target needs: rows that know nothing of each other, and are carried out at the same time. */
const TARGETS = { gateway: [GATEWAY], nodes: [NODES], tests: [GATEWAY, NODES] };

/**
 * Brings a target up to date. Commands that are started at the same time take turns: what one makes the other finds.
 * @param {keyof typeof TARGETS} target
 */
export async function setUp(target) {
  try {
    checkNode();
    if (!(target in TARGETS)) fail(`"${target}" is not one of ${Object.keys(TARGETS).join(', ')}.`);
    // Nothing is written where nothing has to be done: a checkout that is complete may be read-only.
    if (TARGETS[target].flat().every(isUpToDate)) return;
    const lock = join(root, '.setup', 'lock');
    const waiting = pid => process.stdout.write(`The process ${pid} is setting up this checkout; waiting for it. (If there is no such command, delete ${lock}.)\n`);
    await withLock(lock, waiting, async () => bringUpToDate(target));
  } catch (error) {
    if (!(error instanceof SetUpFailure)) throw error;
    process.stderr.write(`\nset-up: ${error.message}\n`);
    process.exit(1);
  }
}

/** A set-up that cannot go on: the sentence says what to do. */
class SetUpFailure extends Error {}

async function bringUpToDate(target) {
  const rows = await Promise.allSettled(TARGETS[target].map(carryOut));
  // Only when all have ended: what goes on would go on without the lock.
  for (const row of rows) if (row.status === 'rejected') throw row.reason;
}

async function carryOut(row) {
  for (const name of row) {
    if (isUpToDate(name)) continue;
    const step = STEPS[name];
    const stamp = stampOf(name);
    const started = Date.now();
    process.stdout.write(`${step.title} …\n`);
    rmSync(stamp, { force: true });
    await step.run();
    writeFileSync(stamp, digest(step.inputs));
    process.stdout.write(`${step.title}: done in ${((Date.now() - started) / 1000).toFixed(0)} s\n`);
  }
}

function isUpToDate(name) {
  const { inputs, output } = STEPS[name];
  return existsSync(join(root, output)) && existsSync(stampOf(name)) && readFileSync(stampOf(name), 'utf8') === digest(inputs);
}

function stampOf(name) {
  return join(root, '.setup', name);
}

/**
 * Makes a folder anew beside the old one and puts it in its place when it is complete, so that a failed build leaves the old one, and what
 * is running from it never sees half of the new one.
 */
async function replaceFolder(output, make) {
  const [target, fresh, old] = [join(root, output), join(root, '.setup', 'new'), join(root, '.setup', 'old')];
  for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true });
  try {
    await make(fresh);
    if (existsSync(target)) renameSync(target, old);
    renameSync(fresh, target);
  } finally {
    for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true });
  }
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    fail(`Node ${process.versions.node} is too old: this needs Node >= ${OLDEST_NODE.join('.')}. Get one from https://nodejs.org.`);
  }
}

async function command(name, args, cwd = '.') {
  const windows = process.platform === 'win32';
  const program = name === 'node' ? process.execPath : windows ? `${name}.cmd` : name;
  const child = spawn(program, args, { cwd: join(root, cwd), stdio: ['ignore', 'inherit', 'inherit'], shell: windows && name !== 'node' });
  const status = await new Promise((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', reject);
  }).catch(error => fail(`${name} could not be started: ${error.message}`));
  if (status !== 0) fail(`"${name} ${args.join(' ')}" failed in ${cwd}. Its output is above; run the command again when that is mended.`);
}

function fail(sentence) {
  throw new SetUpFailure(sentence);
}

/** SHA-256 over names and contents. */
function digest(inputs) {
  const hash = createHash('sha256').update(process.versions.modules);
  for (const input of inputs) {
    for (const file of filesOf(join(root, input))) hash.update(relative(root, file)).update('\0').update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex');
}

function filesOf(path) {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [path];
  return readdirSync(path).sort().filter(name => name !== 'generated' && name !== 'node_modules').flatMap(name => filesOf(join(path, name)));
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const target = process.argv[2] ?? 'tests';
  await setUp(target);
}
