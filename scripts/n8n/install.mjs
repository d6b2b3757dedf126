/**
 * Installs a real n8n, with the Node it needs, once per machine: `node scripts/n8n/install.mjs`.
 * It lands in `${CHASQUI_CACHE_DIR:-${XDG_CACHE_HOME:-~/.cache}/chasqui}/n8n-<version>-node<version>`, outside the checkout (with `-host`
 * at the end if it was compiled for the machine's own Node).
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { npmEnvironment, run } from './command.mjs';
import { isAlive, withLock } from '../lock.mjs';
import { chooseNode, locateNode } from './node-runtime.mjs';
import { ensureToolchain } from './toolchain.mjs';
import { N8N_VERSION, NATIVE_PACKAGES, OVERRIDES } from './versions.mjs';

/** @returns {string} the folder that holds what is installed once per machine */
export function cacheRoot() {
  return process.env.CHASQUI_CACHE_DIR || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'chasqui');
}

/** @param {string} dir @param {{package?: string}} node */
function describe(dir, node) {
  return { dir, node: locateNode(node, join(dir, 'node')).bin, n8n: join(dir, 'n8n', 'node_modules', 'n8n', 'bin', 'n8n') };
}

/**
 * Makes sure that n8n is installed, and says where.
 * @param {(line: string) => void} [say] progress, one line at a time
 * @returns {Promise<{dir: string, node: string, n8n: string}>} the folder, the Node executable and n8n's entry script
 * @throws {Error} that says what to do, with the end of npm's output; nothing half-installed is left in the cache
 */
export async function ensureN8n(say = console.log) {
  const candidates = chooseNode().map(node => ({ node, target: join(cacheRoot(), `n8n-${N8N_VERSION}-node${node.version}${node.package ? '' : '-host'}`) }));
  const [{ node, target }] = candidates;
  const ready = candidates.find(candidate => existsSync(candidate.target));
  if (ready) return describe(ready.target, ready.node);
  const waiting = (pid) => say(`Another process (${pid}) is installing n8n; waiting for it.`);
  return withLock(`${target}.lock`, waiting, async () => {
    if (!existsSync(target)) await install(target, node, say);
    return describe(target, node);
  });
}

/** Installs beside the target and renames at the end, so that the target is whole or absent. */
async function install(target, node, say) {
  await ensureToolchain(say);
  removeLeftovers(target);
  const dir = `${target}.tmp-${process.pid}`;
  const logFile = `${target}.log`;
  rmSync(logFile, { force: true });
  const step = async (what, work) => {
    const start = Date.now();
    say(what);
    const result = await work();
    say(`  done in ${Math.round((Date.now() - start) / 1000)} s`);
    return result;
  };
  say(`Installing n8n ${N8N_VERSION} into ${target}: once per machine, about 9 minutes on two cores, 2.4 GB. Log: ${logFile}`);
  try {
    await installInto(dir, node, step, logFile);
    renameSync(dir, target);
  } catch (error) {
    rmSync(dir, { recursive: true, force: true });
    if (existsSync(target)) return;
    throw new Error(`n8n could not be installed. Run this again (npm's cache makes it faster); if it fails again, read the log.\n${error.message}`, { cause: error });
  }
}

async function installInto(dir, node, step, logFile) {
  const nodeDir = join(dir, 'node');
  const n8nDir = join(dir, 'n8n');
  for (const folder of [nodeDir, n8nDir]) mkdirSync(folder, { recursive: true });
  writePackage(nodeDir, node.package ? { dependencies: { [node.package]: node.version } } : {});
  writePackage(n8nDir, { dependencies: { n8n: N8N_VERSION }, overrides: OVERRIDES });
  if (node.package) {
    await step(`1/3 Node ${node.version} (npm package ${node.package}), about 15 s`, () =>
      run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: nodeDir, env: npmEnvironment(dirname(process.execPath)), logFile }));
  }
  const { bin, headers } = locateNode(node, nodeDir);
  const env = npmEnvironment(dirname(bin), headers ? { npm_config_nodedir: headers } : {});
  const options = { cwd: n8nDir, env, logFile };
  await step('2/3 n8n and its 2,100 packages, about 340 s', () =>
    run('npm', ['install', '--legacy-peer-deps', '--ignore-scripts', '--omit=dev', '--no-audit', '--no-fund'], options));
  await step(`3/3 compiling ${NATIVE_PACKAGES.join(' and ')}, about 170 s`, () => run('npm', ['rebuild', ...NATIVE_PACKAGES], options));
  await run(bin, [join(n8nDir, 'node_modules', 'n8n', 'bin', 'n8n'), '--version'], { ...options, env: { ...env, N8N_USER_FOLDER: join(dir, 'home') } });
  rmSync(join(dir, 'home'), { recursive: true, force: true });
}

function writePackage(dir, fields) {
  writeFileSync(join(dir, 'package.json'), `${JSON.stringify({ name: `chasqui-${basename(dir)}`, private: true, ...fields }, null, 2)}\n`);
}

/** What an installer that was killed left behind. */
function removeLeftovers(target) {
  for (const name of readdirSync(dirname(target))) {
    const pid = name.startsWith(`${basename(target)}.tmp-`) ? Number(name.split('-').pop()) : 0;
    if (pid > 0 && !isAlive(pid)) rmSync(join(dirname(target), name), { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const { dir } = await ensureN8n();
    console.log(`n8n ${N8N_VERSION} is in ${dir}`);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
