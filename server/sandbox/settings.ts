import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SandboxError } from './sandbox-error.js';

export interface SandboxSettings {
  gatewayPort: number;
  simulatorPort: number;
  apiKey: string;
  /** Absolute. Never the directory of a live installation unless somebody asks for just that. */
  dataDir: string;
}

/** server/dist/sandbox lies three levels below the checkout. */
const CHECKOUT = fileURLToPath(new URL('../../..', import.meta.url));

/**
 * What the environment says about the sandbox.
 * @param folder below data/ in the checkout, unless DATA_DIR says where
 * @throws SandboxError that names the variable
 */
export function readSettings(env: NodeJS.ProcessEnv, folder = 'sandbox'): SandboxSettings {
  const gatewayPort = port(env, 'PORT', 3000);
  const simulatorPort = port(env, 'SIMULATOR_PORT', 3001);
  if (gatewayPort === simulatorPort) throw new SandboxError(`PORT and SIMULATOR_PORT are both ${gatewayPort}; they have to differ.`);
  return {
    gatewayPort,
    simulatorPort,
    apiKey: env['CHASQUI_API_KEY'] || 'sandbox',
    dataDir: env['DATA_DIR'] ? resolve(env['DATA_DIR']) : join(CHECKOUT, 'data', folder),
  };
}

function port(env: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const number = Number(env[name] || fallback);
  if (!Number.isInteger(number) || number < 1 || number > 65_535) throw new SandboxError(`${name} must be a port, 1 to 65535, not "${env[name]}".`);
  return number;
}
