import ipaddr from 'ipaddr.js';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const MIB = 1024 * 1024;
const DAY_MS = 24 * 3_600_000;

/** What the environment says, checked once. */
export interface Config {
  host: string;
  port: number;
  /** Holds the database, unless that is on PostgreSQL: then nothing is kept here. */
  dataDir: string;
  /** `full`: commits survive a power cut; `normal`: only the end of the process. */
  sqliteSynchronous: 'full' | 'normal';
  /** The store that nodes share, on PostgreSQL, with so many connections for what every message needs; null: SQLite in the data directory. */
  database: { url: string; poolSize: number } | null;
  /** How long a node that says nothing more keeps its instances from the others. */
  lease: { seconds: number };
  apiKey: string | null;
  /** The master key of what is sealed, as it was written down; null: the data directory keeps one. */
  encryptionKey: string | null;
  /** How callers are told apart, and how much each may ask for. `rateLimitPerMinute`: calls of each key, null for any number. `trustProxy`: see `proxies`. */
  access: { rateLimitPerMinute: number | null; loginFailuresPerMinute: number; trustProxy: string[] };
  network: { kind: 'live'; version: 'pinned' | 'latest' | [number, number, number] } | { kind: 'sandbox'; simulatorUrl: string };
  logLevel: LogLevel;
  /** How browsers reach the gateway when that is not how it sees itself, e.g. behind a proxy. */
  publicUrl: string | null;
  /** Queue and live states on Redis; null: in this process. `prefix` comes before every key. */
  redis: { url: string; prefix: string } | null;
  limits: { jsonBodyBytes: number; mediaBytes: number };
  /** Where media are fetched from, and where events are posted to: host names, addresses and ranges, besides those that always may be called. */
  outgoing: { media: { allowed: string[] }; webhooks: { allowed: string[]; allowInternal: boolean } };
  /** How long things are kept, in milliseconds. */
  retention: { messagesMs: number; deliveriesMs: number; journalMs: number; backupsMs: number; historyMs: number; auditMs: number };
  sessions: SessionsConfig;
  /** How receivers of events are treated. */
  webhooks: { timeoutMs: number; breaker: { failures: number; openMs: number } };
  /** The collector that traces are posted to; null: nothing is traced. */
  tracing: { url: string; serviceName: string } | null;
}

/** How sessions are looked after, in milliseconds. */
export interface SessionsConfig {
  /** A pairing that nobody finished by then is given up. */
  pairingTimeoutMs: number;
  pendingSweepMs: number;
  inactiveSweepMs: number;
  /** A connection that answered nothing for that long is probed. */
  deafProbeMs: number;
  /** More losses than that within that time: the first pause. */
  flapping: { losses: number; withinMs: number; pauseMs: number };
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
    database: database(env),
    lease: { seconds: integer(env, 'LEASE_SECONDS', 15, 5, 120) },
    apiKey: env['CHASQUI_API_KEY'] || null,
    encryptionKey: env['CHASQUI_ENCRYPTION_KEY'] || null,
    access: {
      rateLimitPerMinute: integer(env, 'RATE_LIMIT_PER_MINUTE', 0, 0, 10_000_000) || null,
      loginFailuresPerMinute: integer(env, 'LOGIN_FAILURES_PER_MINUTE', 10, 0, 1_000_000),
      trustProxy: proxies(env),
    },
    network: whatsapp,
    publicUrl: url(env, 'PUBLIC_URL'),
    redis: redis(env),
    logLevel: oneOf(env, 'LOG_LEVEL', LOG_LEVELS, 'info'),
    limits: { jsonBodyBytes: 1 * MIB, mediaBytes: integer(env, 'MEDIA_MAX_BYTES', 64 * MIB, 1, 2_000 * MIB) },
    outgoing: {
      // What the sandbox is tried with is on this machine.
      media: { allowed: hostList(env, 'MEDIA_ALLOWED_HOSTS') ?? (whatsapp.kind === 'sandbox' ? ['127.0.0.0/8', '::1'] : []) },
      webhooks: {
        allowed: hostList(env, 'WEBHOOK_ALLOWED_HOSTS') ?? [],
        allowInternal: oneOf(env, 'WEBHOOK_PRIVATE_ADDRESSES', ['allow', 'deny'] as const, 'allow') === 'allow',
      },
    },
    retention: {
      messagesMs: integer(env, 'RETENTION_MESSAGES_DAYS', 30, 1, 3_650) * DAY_MS,
      deliveriesMs: integer(env, 'RETENTION_DELIVERIES_DAYS', 7, 1, 3_650) * DAY_MS,
      journalMs: integer(env, 'RETENTION_JOURNAL_DAYS', 7, 1, 3_650) * DAY_MS,
      auditMs: integer(env, 'RETENTION_AUDIT_DAYS', 90, 1, 3_650) * DAY_MS,
      backupsMs: integer(env, 'RETENTION_BACKUPS_DAYS', 7, 1, 3_650) * DAY_MS,
      historyMs: integer(env, 'RETENTION_HISTORY_DAYS', 90, 1, 3_650) * DAY_MS,
    },
    sessions: sessions(env),
    webhooks: {
      timeoutMs: integer(env, 'WEBHOOK_TIMEOUT_SECONDS', 10, 1, 60) * 1_000,
      breaker: {
        failures: integer(env, 'WEBHOOK_BREAKER_FAILURES', 20, 1, 1_000_000),
        openMs: integer(env, 'WEBHOOK_BREAKER_OPEN_SECONDS', 180, 1, 86_400) * 1_000,
      },
    },
    tracing: tracing(env),
  };
}

/**
 * Where media on their way are spooled: a folder of this gateway alone, made when it is needed. With a database that nodes share, which may run on one
 * machine, each call answers another one in the system's folder for temporary files; whoever asked removes it.
 */
export function mediaDirOf(config: Pick<Config, 'dataDir' | 'database'>): string {
  return config.database ? join(tmpdir(), `chasqui-${randomUUID()}`) : join(config.dataDir, 'tmp');
}

function sessions(env: NodeJS.ProcessEnv): SessionsConfig {
  return {
    pairingTimeoutMs: integer(env, 'PAIRING_TIMEOUT_SECONDS', 120, 2, 3_600) * 1_000,
    pendingSweepMs: integer(env, 'PENDING_SWEEP_SECONDS', 30, 1, 3_600) * 1_000,
    inactiveSweepMs: integer(env, 'INACTIVE_SWEEP_MINUTES', 30, 1, 10_080) * 60_000,
    deafProbeMs: integer(env, 'DEAF_PROBE_SECONDS', 30, 1, 3_600) * 1_000,
    flapping: {
      losses: integer(env, 'FLAPPING_LOSSES', 8, 1, 10_000),
      withinMs: integer(env, 'FLAPPING_WINDOW_MINUTES', 15, 1, 1_440) * 60_000,
      pauseMs: integer(env, 'FLAPPING_PAUSE_MINUTES', 10, 1, 1_440) * 60_000,
    },
  };
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

/** The variables and their meaning: https://opentelemetry.io/docs/specs/otel/protocol/exporter/#endpoint-urls-for-otlphttp */
function tracing(env: NodeJS.ProcessEnv): Config['tracing'] {
  const endpoint = collector(env, 'OTEL_EXPORTER_OTLP_ENDPOINT');
  const traces = collector(env, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') ?? (endpoint === null ? null : `${endpoint.replace(/\/+$/, '')}/v1/traces`);
  return traces === null ? null : { url: traces, serviceName: env['OTEL_SERVICE_NAME'] || 'chasqui' };
}

function collector(env: NodeJS.ProcessEnv, name: string): string | null {
  const value = env[name];
  if (!value) return null;
  // Not the value itself: it may hold a key.
  if (!/^https?:/.test(value) || !URL.canParse(value)) throw new ConfigError(`${name} must be the URL of a collector, such as http://127.0.0.1:4318.`);
  return value;
}

function database(env: NodeJS.ProcessEnv): Config['database'] {
  const value = env['DATABASE_URL'];
  const poolSize = integer(env, 'DATABASE_POOL_SIZE', 10, 1, 1_000);
  return value ? { url: databaseUrl(value, 'DATABASE_URL'), poolSize } : null;
}

/**
 * Checks the address of a PostgreSQL database.
 * @param name what to call it when it cannot be used
 * @throws ConfigError, without the value: it may hold a password
 */
export function databaseUrl(value: string, name: string): string {
  const mistake = mistakeInDatabaseUrl(value);
  if (mistake === null) return value;
  throw new ConfigError(`${name} must be an address such as postgresql://user:password@host:5432/database, with ?sslmode=verify-full for TLS; special characters in user and password percent-encoded. ${mistake}`);
}

/** Others would be taken for settings of the driver's, or ignored. */
const DATABASE_PARAMETERS = new Set(['application_name', 'host', 'sslcert', 'sslkey', 'sslmode', 'sslnegotiation', 'sslrootcert', 'uselibpqcompat']);

function mistakeInDatabaseUrl(value: string): string | null {
  if (!/^postgres(ql)?:\/\//.test(value)) return 'It does not begin with postgresql://.';
  if (!URL.canParse(value)) return 'It is no URL.';
  const { hostname, pathname, searchParams, hash, username, password } = new URL(value);
  if (hostname === '' && !searchParams.has('host')) return 'It names no host.';
  if (!/^\/[^/]+$/.test(pathname)) return 'It names no database.';
  if (![username, password, pathname].every(isEncoded) || hash !== '') return 'Some special character is not encoded.';
  const unknown = [...searchParams.keys()].find(key => !DATABASE_PARAMETERS.has(key));
  // The key of a parameter may be a piece of a password with a question mark in it.
  return unknown === undefined ? null : `After the question mark it takes ${[...DATABASE_PARAMETERS].join(', ')}.`;
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

const HOST_NAME = /^(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9])?)*$/;

/** Host names, addresses and ranges, in lower case; null where the variable is not set. */
function hostList(env: NodeJS.ProcessEnv, name: string): string[] | null {
  const value = env[name];
  if (value === undefined) return null;
  const entries = value.split(',').map(entry => entry.trim().toLowerCase()).filter(entry => entry !== '');
  const wrong = entries.find(entry => !(/^[\d.]+$|:|\//.test(entry) ? ipaddr.IPv4.isValidFourPartDecimal(entry) || ipaddr.IPv6.isValid(entry) || ipaddr.isValidCIDR(entry) : HOST_NAME.test(entry)));
  if (wrong === undefined) return entries;
  throw new ConfigError(`${name} must be a list, separated by commas, of host names (files.lan, *.lan), addresses and ranges (10.0.0.0/8), without protocol and port; "${wrong}" is none.`);
}

/** Addresses and networks of proxies: what they say in X-Forwarded-* is believed. */
function proxies(env: NodeJS.ProcessEnv): string[] {
  const entries = (env['TRUST_PROXY'] ?? '').split(',').map(entry => entry.trim()).filter(entry => entry !== '');
  const wrong = entries.find(entry => !['loopback', 'linklocal', 'uniquelocal'].includes(entry) && !ipaddr.IPv4.isValidFourPartDecimal(entry) && !ipaddr.IPv6.isValid(entry) && !ipaddr.isValidCIDR(entry));
  if (wrong === undefined) return entries;
  throw new ConfigError(`TRUST_PROXY must be addresses or networks of proxies, such as 127.0.0.1,10.0.0.0/8, or loopback, linklocal, uniquelocal, not "${wrong}".`);
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
