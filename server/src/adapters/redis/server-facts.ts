import { Redis } from 'ioredis';

/** What a Redis server says of itself. */
export interface RedisFacts { version: string; maxmemoryPolicy: string; hasAppendOnlyFile: boolean }

/** Asks with one connection, within seconds. @throws the client's error */
export async function readRedisFacts(url: string): Promise<RedisFacts> {
  const client = new Redis(url, { lazyConnect: true, connectTimeout: 5_000, commandTimeout: 5_000, maxRetriesPerRequest: 0, retryStrategy: () => null });
  // What the system said; a command that is rejected says only that the connection is closed.
  let cause: Error | null = null;
  client.on('error', error => { cause ??= error; });
  try {
    await client.connect();
    const info = await client.info();
    const valueOf = (name: string) => new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1] ?? 'unknown';
    return { version: valueOf('redis_version'), maxmemoryPolicy: valueOf('maxmemory_policy'), hasAppendOnlyFile: valueOf('aof_enabled') === '1' };
  } catch (error) {
    throw cause ?? error;
  } finally {
    client.disconnect();
  }
}
