import { fail, ok, type Finding } from './finding.js';

/** As in package.json, `engines`. */
const OLDEST = [20, 19] as const;

export function lookAtNode(version: string = process.versions.node): Finding[] {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
  return [isOld ? fail('node', `Node.js ${version}`, `Install Node.js ${OLDEST.join('.')} or newer.`) : ok('node', `Node.js ${version}`)];
}
