import { readRedisFacts } from '../../adapters/redis/server-facts.js';
import { fail, look, ok, warn, type Finding } from './finding.js';

/** The Redis of queue and live states: whether it answers, and throws nothing out. */
export function lookAtRedis(url: string): Promise<Finding[]> {
  return look('redis', 'Check REDIS_URL, and that the server is up and lets this machine in.', async () => {
    const { version, maxmemoryPolicy, hasAppendOnlyFile } = await readRedisFacts(url);
    const [major = 0, minor = 0] = version.split('.').map(Number);
    const findings = [major < 6 || (major === 6 && minor < 2) ? fail('redis', `Redis ${version}`, 'Redis 6.2 or newer is needed.') : ok('redis', `Redis ${version} answers`)];
    if (maxmemoryPolicy !== 'noeviction') findings.push(fail('redis', `maxmemory-policy is ${maxmemoryPolicy}`, 'Set it to noeviction: else entries of the send queue are thrown out.'));
    if (!hasAppendOnlyFile) findings.push(warn('redis', 'it keeps no append-only file', 'Set appendonly to yes: else each restart of it means looking for everything anew. Nothing is lost either way.'));
    return findings;
  });
}
