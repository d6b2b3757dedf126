import { resolve } from 'node:path';
import { readOperatorFile } from '../../adapters/system/operator-file.js';
import { CommandError } from './command-error.js';

/** Where a running gateway is, and what opens it. */
export interface GatewayAddress {
  url: string;
  key: string;
  /** How it was found, for people. */
  by: string;
}

/** Data directories to look into when none is named: that of the live network, and that of a sandbox. */
const USUAL_DIRS = ['data', 'data/sandbox'];

/**
 * The gateway that a command is for: by `--url` or CHASQUI_URL with CHASQUI_API_KEY; or, without a key, the one that runs on this machine on a data
 * directory of its own and says itself how it is reached.
 * @throws CommandError
 */
export async function findGateway(env: NodeJS.ProcessEnv, urlOption: string | undefined): Promise<GatewayAddress> {
  const named = urlOption || env['CHASQUI_URL'] || null;
  if (named !== null && !isHttpUrl(named)) throw new CommandError(`The gateway's address must be a URL such as http://127.0.0.1:3000, not "${named}".`);
  const key = env['CHASQUI_API_KEY'];
  if (key) return { url: named ?? `http://127.0.0.1:${env['PORT'] || '3000'}`, key, by: named === null ? 'CHASQUI_API_KEY' : 'its address' };
  const own = await ownGateway(env);
  if (own && (named === null || sameAddress(named, own.url))) return own;
  if (named !== null) throw new CommandError(`There is no key for the gateway at ${named}. Set CHASQUI_API_KEY.`);
  throw new CommandError(`No gateway runs on ${dirsOf(env).map(dir => resolve(dir)).join(' or ')}. Start it, say where its data is (DATA_DIR), or set CHASQUI_URL and CHASQUI_API_KEY to those of another one; a gateway with DATABASE_URL is always reached by these.`);
}

async function ownGateway(env: NodeJS.ProcessEnv): Promise<GatewayAddress | null> {
  for (const dir of dirsOf(env)) {
    const found = await readOperatorFile(dir).catch((cause: unknown) => {
      throw new CommandError(`The file operator.json in ${resolve(dir)} cannot be read. Run this as the user that runs the gateway, or set CHASQUI_API_KEY.`, null, { cause });
    });
    if (found) return { ...found, by: resolve(dir) };
  }
  return null;
}

function dirsOf(env: NodeJS.ProcessEnv): string[] {
  return env['DATA_DIR'] ? [env['DATA_DIR']] : USUAL_DIRS;
}

function isHttpUrl(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text);
}

function sameAddress(one: string, other: string): boolean {
  const plain = (url: string) => new URL(url.replace('//localhost', '//127.0.0.1')).origin;
  return plain(one) === plain(other);
}
