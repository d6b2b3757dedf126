import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { npmEnvironment, run } from '../../../scripts/n8n/command.mjs';

/**
 * Packs a built node pack and installs the tarball into n8n's folder for community nodes, as a user's `npm i` does.
 * @param packDir the folder with the pack's package.json; it must have been built
 * @param userFolder n8n's N8N_USER_FOLDER
 * @returns the tarball
 */
export async function installPack(packDir: string, userFolder: string, node: string): Promise<string> {
  const tarballs = join(userFolder, 'tarball');
  const nodes = join(userFolder, '.n8n', 'nodes');
  for (const dir of [tarballs, nodes]) mkdirSync(dir, { recursive: true });
  const logFile = join(userFolder, 'npm.log');
  const env = npmEnvironment(dirname(node));

  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', tarballs], { cwd: packDir, env, logFile });
  const [name] = readdirSync(tarballs);
  if (name === undefined) throw new Error(`npm pack left no tarball in ${tarballs}`);
  const tarball = join(tarballs, name);

  writeFileSync(join(nodes, 'package.json'), '{ "name": "installed-nodes", "private": true, "dependencies": {} }\n');
  await run('npm', ['install', tarball, '--legacy-peer-deps', '--no-audit', '--no-fund'], { cwd: nodes, env, logFile });
  return tarball;
}
