import { readFile } from 'node:fs/promises';

/** Not work of this process: waiting, and the inspector, which takes the profile. */
const LEFT_OUT = new Set(['(root)', '(program)', '(idle)', 'dispatch']);

/**
 * Self time by function and by package.
 * @param {string} file as `node --cpu-prof` writes it
 * @returns {Promise<{ busyMs: number, functions: Cost[], packages: Cost[] }>} the dearest first; time in the runtime's own JavaScript and in
 * native calls counts for the package that called it
 * @typedef {{ name: string, ms: number }} Cost
 */
export async function readProfile(file) {
  const { nodes, samples, timeDeltas } = JSON.parse(await readFile(file, 'utf8'));
  const byId = new Map(nodes.map(node => [node.id, node]));
  const parents = new Map(nodes.flatMap(node => (node.children ?? []).map(child => [child, node])));
  const self = new Map();
  samples.forEach((id, index) => self.set(id, (self.get(id) ?? 0) + timeDeltas[index] / 1_000));

  const functions = new Map();
  const packages = new Map();
  let busyMs = 0;
  const add = (costs, name, ms) => costs.set(name, (costs.get(name) ?? 0) + ms);
  for (const [id, ms] of self) {
    const node = byId.get(id);
    if (node.callFrame.url === '' && LEFT_OUT.has(node.callFrame.functionName)) continue;
    busyMs += ms;
    add(functions, describe(node.callFrame), ms);
    add(packages, packageOf(node, parents), ms);
  }
  return { busyMs, functions: ranked(functions), packages: ranked(packages) };
}

function packageOf(node, parents) {
  if (node.callFrame.functionName === '(garbage collector)') return '(garbage collector)';
  for (let at = node; at; at = parents.get(at.id)) {
    const { url } = at.callFrame;
    if (url !== '' && !url.startsWith('node:')) return /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/.exec(url)?.[1] ?? shorten(url).split('/').slice(0, 3).join('/');
  }
  return '(runtime)';
}

function describe({ functionName, url, lineNumber }) {
  const where = url === '' ? '' : `  ${shorten(url)}:${lineNumber + 1}`;
  return `${functionName || '(anonymous)'}${where}`;
}

function shorten(url) {
  return url.replace(/^file:\/\//, '').replace(/^.*node_modules\//, '').replace(/^.*server\/dist\//, '');
}

function ranked(costs) {
  return [...costs].map(([name, ms]) => ({ name, ms })).sort((a, b) => b.ms - a.ms);
}
