import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { NODE_MAJOR, NODE_VERSION } from './versions.mjs';

const PLATFORMS = ['linux-x64', 'linux-arm64', 'darwin-arm64', 'darwin-x64'];

/**
 * Which Node n8n will run on: the running one if it is new enough, else one from npm.
 * @returns {{version: string, package?: string}} `package` is the npm package to install, absent for the running Node
 * @throws {Error} when the running Node is too old and npm has none for this platform
 */
export function chooseNode() {
  if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR) return { version: process.versions.node };
  const platform = `${process.platform}-${process.arch}`;
  if (!PLATFORMS.includes(platform)) {
    throw new Error(`n8n needs Node ${NODE_MAJOR} or newer, and npm has none for ${platform}: run this with Node ${NODE_MAJOR}`);
  }
  return { version: NODE_VERSION, package: `node-${platform}` };
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
