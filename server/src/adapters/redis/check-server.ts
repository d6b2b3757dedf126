import type { Logger } from 'pino';
import type { RedisClients } from './redis-clients.js';

/** BullMQ's own recommendation. */
const OLDEST = { major: 6, minor: 2 };

/** Says what the queue will suffer from: an old Redis, or one that throws entries out when its memory is full. */
export async function checkServer({ commands, refused }: Pick<RedisClients, 'commands' | 'refused'>, logger: Logger): Promise<void> {
  try {
    const info = await commands.info();
    const [, version, major, minor] = /^redis_version:((\d+)\.(\d+)\S*)/m.exec(info) ?? [];
    const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
    const isOld = Number(major) < OLDEST.major || (Number(major) === OLDEST.major && Number(minor) < OLDEST.minor);
    if (isOld) logger.warn({ version }, `this Redis is older than ${OLDEST.major}.${OLDEST.minor}, which the send queue needs`);
    if (policy && policy !== 'noeviction') logger.warn({ policy }, 'this Redis may throw entries of the send queue out: set its maxmemory-policy to noeviction');
  } catch (error) {
    if (error instanceof Error) refused(error);
  }
}
