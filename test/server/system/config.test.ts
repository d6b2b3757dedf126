import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from '@gateway/config.js';

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
