import { join, resolve } from 'node:path';

const MIB = 1024 * 1024;
const DAY_MS = 24 * 3_600_000;

/** What the environment says, checked once. */
export interface Config {
  host: string;
  port: number;
  dataDir: string;
  /** `full`: commits survive a power cut; `normal`: only the end of the process. */
  sqliteSynchronous: 'full' | 'normal';
  apiKey: string | null;
  network: { kind: 'live'; version: 'pinned' | 'latest' | [number, number, number] } | { kind: 'sandbox'; simulatorUrl: string };
  logLevel: LogLevel;
  /** How browsers reach the gateway when that is not how it sees itself, e.g. behind a proxy. */
  publicUrl: string | null;
  /** Queue and live states on Redis; null: in this process. `prefix` comes before every key. */
  redis: { url: string; prefix: string } | null;
  limits: { jsonBodyBytes: number; mediaBytes: number };
  /** How long things are kept, in milliseconds. */
  retention: { messagesMs: number; deliveriesMs: number; journalMs: number };
  /** How receivers of events are treated. */
  webhooks: { timeoutMs: number; breaker: { failures: number; openMs: number } };
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A setting that cannot be used: the sentence names the variable and what it takes. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads the gateway's settings; the only reader of the environment.
 * @throws ConfigError
 */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const whatsapp = network(env);
  return {
    host: env['HOST'] || '127.0.0.1',
    port: integer(env, 'PORT', 3000, 0, 65_535),
    dataDir: resolve(env['DATA_DIR'] || (whatsapp.kind === 'live' ? 'data' : 'data/sandbox')),
    sqliteSynchronous: oneOf(env, 'SQLITE_SYNCHRONOUS', ['full', 'normal'] as const, 'full'),
    apiKey: env['CHASQUI_API_KEY'] || null,
    network: whatsapp,
    publicUrl: url(env, 'PUBLIC_URL'),
    redis: redis(env),
    logLevel: oneOf(env, 'LOG_LEVEL', LOG_LEVELS, 'info'),
    limits: { jsonBodyBytes: 1 * MIB, mediaBytes: integer(env, 'MEDIA_MAX_BYTES', 64 * MIB, 1, 2_000 * MIB) },
    retention: {
      messagesMs: integer(env, 'RETENTION_MESSAGES_DAYS', 30, 1, 3_650) * DAY_MS,
      deliveriesMs: integer(env, 'RETENTION_DELIVERIES_DAYS', 7, 1, 3_650) * DAY_MS,
      journalMs: integer(env, 'RETENTION_JOURNAL_DAYS', 7, 1, 3_650) * DAY_MS,
    },
    webhooks: {
      timeoutMs: integer(env, 'WEBHOOK_TIMEOUT_SECONDS', 10, 1, 60) * 1_000,
      breaker: {
        failures: integer(env, 'WEBHOOK_BREAKER_FAILURES', 20, 1, 1_000_000),
        openMs: integer(env, 'WEBHOOK_BREAKER_OPEN_SECONDS', 180, 1, 86_400) * 1_000,
      },
    },
  };
}

/** Where files of one installation live. */
export function mediaDirOf(config: Pick<Config, 'dataDir'>): string {
  return join(config.dataDir, 'tmp');
}

function network(env: NodeJS.ProcessEnv): Config['network'] {
  if (oneOf(env, 'WHATSAPP_NETWORK', ['live', 'sandbox'] as const, 'live') === 'sandbox') {
    return { kind: 'sandbox', simulatorUrl: url(env, 'SIMULATOR_URL') ?? `http://127.0.0.1:${integer(env, 'SIMULATOR_PORT', 3001, 1, 65_535)}` };
  }
  return { kind: 'live', version: version(env['WHATSAPP_VERSION']) };
}

function version(value: string | undefined): 'pinned' | 'latest' | [number, number, number] {
  if (!value || value === 'pinned') return 'pinned';
  if (value === 'latest') return 'latest';
  const parts = /^(\d+)\.(\d+)\.(\d+)$/.exec(value);
  if (!parts) throw new ConfigError(`WHATSAPP_VERSION must be "pinned", "latest" or three numbers such as 2.3000.1043857760, not "${value}".`);
  return [Number(parts[1]), Number(parts[2]), Number(parts[3])];
}

function url(env: NodeJS.ProcessEnv, name: string): string | null {
  const value = env[name];
  if (!value) return null;
  if (!/^https?:/.test(value) || !URL.canParse(value)) throw new ConfigError(`${name} must be a URL such as http://127.0.0.1:3001, not "${value}".`);
  return value;
}

function redis(env: NodeJS.ProcessEnv): Config['redis'] {
  const value = env['REDIS_URL'];
  const prefix = env['REDIS_PREFIX'] || 'chasqui';
  // Not the value itself: it may hold a password.
  if (value && !isRedisUrl(value)) throw new ConfigError('REDIS_URL must be an address such as redis://127.0.0.1:6379, redis://:password@host:6379/0 or rediss://user:password@host:6379 (with TLS); special characters in user and password percent-encoded.');
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(prefix)) throw new ConfigError(`REDIS_PREFIX must be 1 to 64 letters, digits, dots, dashes or underscores, not "${prefix}".`);
  return value ? { url: value, prefix } : null;
}

/** Nothing but protocol, user, password, host, port and database number: what else an address says would be ignored. */
function isRedisUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, pathname, search, hash, username, password } = new URL(value);
  return /^rediss?:$/.test(protocol) && hostname !== '' && /^(\/\d*)?$/.test(pathname) && search === '' && hash === '' && isEncoded(username) && isEncoded(password);
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function integer(env: NodeJS.ProcessEnv, name: string, fallback: number, min: number, max: number): number {
  const value = env[name];
  if (value === undefined || value === '') return fallback;
  const number = Number(value);
  if (!Number.isInteger(number) || number < min || number > max) throw new ConfigError(`${name} must be a whole number from ${min} to ${max}, not "${value}".`);
  return number;
}

function oneOf<T extends string>(env: NodeJS.ProcessEnv, name: string, allowed: readonly T[], fallback: T): T {
  const value = env[name] || fallback;
  const found = allowed.find(entry => entry === value);
  if (found === undefined) throw new ConfigError(`${name} must be one of ${allowed.join(', ')}, not "${value}".`);
  return found;
}
