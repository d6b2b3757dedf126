import { createHash } from 'node:crypto';
import type { Random } from '../../ports/clock.js';

const KEY_BYTES = 32;

/** A new API key, as its owner gets it, once. */
export function makeKey(random: Pick<Random, 'bytes'>): string {
  return `chq_${Buffer.from(random.bytes(KEY_BYTES)).toString('base64url')}`;
}

/** SHA-256, hex. Keys are random and long, so a fast hash keeps them safe and every request cheap. */
export function hashKey(key: string): string {
  return createHash('sha256').update(key, 'utf8').digest('hex');
}
