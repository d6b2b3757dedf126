import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError, mediaDirOf, readConfig } from '@gateway/config.js';

describe('SQLITE_SYNCHRONOUS', () => {
  it('is full unless it is said to be normal', () => {
    expect(readConfig({}).sqliteSynchronous).toBe('full');
    expect(readConfig({ SQLITE_SYNCHRONOUS: 'normal' }).sqliteSynchronous).toBe('normal');
    expect(() => readConfig({ SQLITE_SYNCHRONOUS: 'off' })).toThrow(/^SQLITE_SYNCHRONOUS must be one of full, normal/);
  });
});

describe('REDIS_URL and REDIS_PREFIX', () => {
  it('are not needed', () => {
    expect(readConfig({}).redis).toBeNull();
    expect(readConfig({ REDIS_URL: '', REDIS_PREFIX: 'shop' }).redis).toBeNull();
  });

  it.each(['redis://127.0.0.1', 'redis://localhost:6380/2', 'rediss://user:p%40ss@redis.example.com:6379/', 'redis://:secret@[::1]:6379'])('take %s', url => {
    expect(readConfig({ REDIS_URL: url }).redis).toEqual({ url, prefix: 'chasqui' });
    expect(readConfig({ REDIS_URL: url, REDIS_PREFIX: 'shop-1' }).redis).toEqual({ url, prefix: 'shop-1' });
  });

  it.each(['127.0.0.1:6379', 'http://127.0.0.1:6379', 'redis://', 'redis:///1', 'redis://host/queue', 'redis://host/1/2', 'redis://host?db=1', 'redis://:50%@host', 'redis://host:99999'])('refuse %s', url => {
    expect(() => readConfig({ REDIS_URL: url })).toThrow(ConfigError);
  });

  it('do not show a password', () => {
    expect(() => readConfig({ REDIS_URL: 'redis://:topsecret@host/queue' })).toThrow(/^REDIS_URL must be(?!.*topsecret)/s);
  });

  it.each(['a:b', 'two words', 'x'.repeat(65)])('refuse the prefix "%s"', prefix => {
    expect(() => readConfig({ REDIS_URL: 'redis://host', REDIS_PREFIX: prefix })).toThrow(/^REDIS_PREFIX must be/);
  });
});

describe('DATABASE_URL and DATABASE_POOL_SIZE', () => {
  it('are not needed', () => {
    expect(readConfig({}).database).toBeNull();
    expect(readConfig({ DATABASE_URL: '', DATABASE_POOL_SIZE: '3' }).database).toBeNull();
  });

  it.each([
    'postgres://127.0.0.1/chasqui', 'postgresql://user@localhost:5433/chasqui', 'postgresql://user:p%40ss@db.example.com:5432/my-db?sslmode=verify-full',
    'postgresql://[::1]/chasqui?application_name=a', 'postgresql:///chasqui?host=/var/run/postgresql',
  ])('take %s', url => {
    expect(readConfig({ DATABASE_URL: url }).database).toEqual({ url, poolSize: 10 });
    expect(readConfig({ DATABASE_URL: url, DATABASE_POOL_SIZE: '3' }).database).toEqual({ url, poolSize: 3 });
  });

  it.each([
    '127.0.0.1:5432', 'mysql://host/chasqui', 'postgresql:chasqui', 'postgresql://', 'postgresql:///chasqui', 'postgresql://host', 'postgresql://host/', 'postgresql://host/a/b',
    'postgresql://host:99999/a', 'postgresql://:50%@host/a', 'postgresql://host/a#b', 'postgresql://host/a?schema=other', 'file:./chasqui.db',
  ])('refuse %s', url => {
    expect(() => readConfig({ DATABASE_URL: url })).toThrow(ConfigError);
  });

  it.each(['postgresql://user:topsecret@host', 'postgresql://user:top#topsecret@host/a', 'postgresql://user:top?topsecret@host/a', 'postgresql://user:topsecret%@host/a', 'mysql://user:topsecret@host/a'])('do not show the password of %s', url => {
    expect(() => readConfig({ DATABASE_URL: url })).toThrow(/^DATABASE_URL must be(?!.*topsecret)/s);
  });

  it.each(['0', '1.5', 'many'])('refuse a pool of %s', size => {
    expect(() => readConfig({ DATABASE_URL: 'postgresql://host/a', DATABASE_POOL_SIZE: size })).toThrow(/^DATABASE_POOL_SIZE must be a whole number from 1 to 1000/);
  });
});

describe('the collector of traces', () => {
  const tracing = (env: Record<string, string>) => readConfig(env).tracing;

  it.each([
    [{}, null],
    [{ OTEL_SERVICE_NAME: 'shop' }, null],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, null],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, { url: 'http://collector:4318/v1/traces', serviceName: 'chasqui' }],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector/otlp/', OTEL_SERVICE_NAME: 'shop' }, { url: 'https://collector/otlp/v1/traces', serviceName: 'shop' }],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://other', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector/in' }, { url: 'http://collector/in', serviceName: 'chasqui' }],
  ])('takes %o', (env, expected) => {
    expect(tracing(env)).toEqual(expected);
  });

  it.each(['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'])('refuses a %s that is no URL, and does not repeat it', name => {
    expect(() => tracing({ [name]: 'secret@collector' })).toThrow(new RegExp(`^${name} must be the URL(?!.*secret)`));
  });
});

describe('LEASE_SECONDS', () => {
  it('are 15 unless said otherwise, within what failover and renewal can live with', () => {
    expect(readConfig({}).lease).toEqual({ seconds: 15 });
    expect(readConfig({ LEASE_SECONDS: '30' }).lease).toEqual({ seconds: 30 });
    for (const seconds of ['4', '121', '7.5']) expect(() => readConfig({ LEASE_SECONDS: seconds })).toThrow(/^LEASE_SECONDS must be a whole number from 5 to 120/);
  });
});

describe('outgoing requests', () => {
  it('go to the internet, events to private networks, too; on the sandbox media may be on this machine', () => {
    expect(readConfig({}).outgoing).toEqual({ media: { allowed: [] }, webhooks: { allowed: [], allowInternal: true } });
    expect(readConfig({ WHATSAPP_NETWORK: 'sandbox' }).outgoing.media.allowed).toEqual(['127.0.0.0/8', '::1']);
    expect(readConfig({ WHATSAPP_NETWORK: 'sandbox', MEDIA_ALLOWED_HOSTS: '' }).outgoing.media.allowed).toEqual([]);
    expect(readConfig({ WEBHOOK_PRIVATE_ADDRESSES: 'deny', WEBHOOK_ALLOWED_HOSTS: 'n8n' }).outgoing.webhooks).toEqual({ allowed: ['n8n'], allowInternal: false });
    expect(() => readConfig({ WEBHOOK_PRIVATE_ADDRESSES: 'no' })).toThrow(/^WEBHOOK_PRIVATE_ADDRESSES must be one of allow, deny/);
  });

  it('take lists of names, addresses and ranges', () => {
    const list = ' Files.LAN, *.intra.example ,10.0.0.0/8,192.168.1.7,::1,fd00::/8,my_service-1,, xn--bcher-kva.example';
    expect(readConfig({ MEDIA_ALLOWED_HOSTS: list }).outgoing.media.allowed).toEqual(['files.lan', '*.intra.example', '10.0.0.0/8', '192.168.1.7', '::1', 'fd00::/8', 'my_service-1', 'xn--bcher-kva.example']);
  });

  it.each(['http://files.lan', 'files.lan:8080', '10.0.0.0/33', '10.0.0', '127.1', '10.0.0.300', '*', '*.', 'a.*.b', '[::1]', 'a b', 'files.lan/x', 'bücher.example', '10.0.0.0/8/8'])('refuse %s', entry => {
    expect(() => readConfig({ MEDIA_ALLOWED_HOSTS: `ok.example,${entry}` })).toThrow(/^MEDIA_ALLOWED_HOSTS must be a list/);
  });
});

describe('media on their way', () => {
  it('are in the data directory, or, where nodes share a database, in a new folder of one node alone', () => {
    expect(mediaDirOf(readConfig({ DATA_DIR: '/srv/chasqui' }))).toBe('/srv/chasqui/tmp');
    const config = readConfig({ DATA_DIR: '/srv/chasqui', DATABASE_URL: 'postgresql://host/a' });
    const dirs = [mediaDirOf(config), mediaDirOf(config)];
    expect(new Set(dirs).size).toBe(2);
    for (const dir of dirs) {
      expect(dirname(dir)).toBe(tmpdir());
      expect(existsSync(dir)).toBe(false);
    }
  });
});

describe('TRUST_PROXY', () => {
  it('names nobody unless it is set', () => {
    for (const env of [{}, { TRUST_PROXY: '' }, { TRUST_PROXY: ' , ' }]) expect(readConfig(env).access.trustProxy).toEqual([]);
  });

  it('takes addresses, networks and words', () => {
    expect(readConfig({ TRUST_PROXY: '127.0.0.1, 10.0.0.0/8,::1,fd00::/8 ,loopback,linklocal,uniquelocal' }).access.trustProxy)
      .toEqual(['127.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8', 'loopback', 'linklocal', 'uniquelocal']);
  });

  // Each of the first ones would mean everybody, or somebody else, elsewhere.
  it.each(['true', '1', '*', 'all', '10.0.0.0/33', '10.0.0.0/8;127.0.0.1', 'proxy.example', '127.1', '127.0.0.1,true'])('refuses "%s"', value => {
    expect(() => readConfig({ TRUST_PROXY: value })).toThrow(/^TRUST_PROXY must be addresses or networks/);
  });
});
