import { readSettings, type SandboxSettings } from '../settings.js';

/** Known to everybody, as the sandbox's API key is: its accounts are simulated. */
const OPEN_SECRET = '5a'.repeat(32);

export interface ClusterSettings extends SandboxSettings {
  /** A database to use, and to leave as it is; null: one is made, and removed at the end. */
  databaseUrl: string | null;
  /** What the nodes seal with: a database that was given is opened with the same again. */
  encryptionKey: string;
  /** null: looked for, else started. */
  redisUrl: string | null;
  /** null: one of its own, whose keys are removed at the end. */
  redisPrefix: string | null;
}

/**
 * What the environment says about the cluster on one machine. Logs go below data/cluster in the checkout, unless DATA_DIR says where.
 * @throws SandboxError that names the variable
 */
export function readClusterSettings(env: NodeJS.ProcessEnv): ClusterSettings {
  return {
    ...readSettings(env, 'cluster'),
    databaseUrl: env['DATABASE_URL'] || null,
    encryptionKey: env['CHASQUI_ENCRYPTION_KEY'] || OPEN_SECRET,
    redisUrl: env['REDIS_URL'] || null,
    redisPrefix: env['REDIS_PREFIX'] || null,
  };
}
