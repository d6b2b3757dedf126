import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { NODE_MAJOR, NODE_VERSION } from './versions.mjs';

const PLATFORMS = ['linux-x64', 'linux-arm64', 'darwin-arm64', 'darwin-x64'];

/**
 * Which Node n8n can run on, best first: the running one if it is new enough, and one from npm.
 * @returns {[Node, ...Node[]]}
 * @throws {Error} when the running Node is too old and npm has none for this platform
 * @typedef {{version: string, package?: string}} Node `package` is the npm package that holds it, absent for the running Node
 */
export function chooseNode() {
  const platform = `${process.platform}-${process.arch}`;
  const running = Number(process.versions.node.split('.')[0]) >= NODE_MAJOR ? [{ version: process.versions.node }] : [];
  const packaged = PLATFORMS.includes(platform) ? [{ version: NODE_VERSION, package: `node-${platform}` }] : [];
  const [first, ...others] = [...running, ...packaged];
  if (first) return [first, ...others];
  throw new Error(`n8n needs Node ${NODE_MAJOR} or newer, and npm has none for ${platform}: run this with Node ${NODE_MAJOR}`);
}

/**
 * @param {{package?: string}} node as chosen
 * @param {string} dir the folder it was installed into
 * @returns {{bin: string, headers?: string}} the executable, and the folder with `include/node` for native builds
 */
export function locateNode(node, dir) {
  const home = node.package ? join(dir, 'node_modules', node.package) : dirname(dirname(process.execPath));
  const bin = node.package ? join(home, 'bin', 'node') : process.execPath;
  return existsSync(join(home, 'include', 'node', 'node.h')) ? { bin, headers: home } : { bin };
}
