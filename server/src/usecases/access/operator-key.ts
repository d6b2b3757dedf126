import { createHash, timingSafeEqual } from 'node:crypto';
import type { Principal } from '../../domain/access/scopes.js';
import type { Random } from '../../ports/clock.js';

const KEY_BYTES = 32;

/** Whoever may read the data directory could as well read everything in it: the commands on this machine need no other key. */
export const OPERATOR = { id: 'operator', name: 'operator on this machine', scopes: ['admin'], instances: null } as const satisfies Principal;

/** An admin key for one run of the gateway. */
export interface OperatorKey {
  /** To be handed over once; it is not kept here. */
  key: string;
  /** Compares hashes, in constant time. */
  isKey(key: string): boolean;
}

export function createOperatorKey(random: Pick<Random, 'bytes'>): OperatorKey {
  const key = `chq_operator_${Buffer.from(random.bytes(KEY_BYTES)).toString('base64url')}`;
  const hash = digest(key);
  return { key, isKey: other => timingSafeEqual(hash, digest(other)) };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
