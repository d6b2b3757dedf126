import { randomBytes } from 'node:crypto';
import type { Random } from '../../ports/clock.js';

/**
 * The machine's own randomness, from the cryptographic generator throughout.
 * @param now epoch milliseconds, for the time in a UUID
 */
export function createSystemRandom(now: () => number = Date.now): Random {
  return {
    bytes: size => new Uint8Array(randomBytes(size)),
    float: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
    uuid: createUuidV7(now),
  };
}

/**
 * UUIDs of version 7 (RFC 9562, 5.7): 48 bits of milliseconds, then a 12-bit counter that starts at random in each
 * millisecond (6.2, method 1), then 62 random bits. Those of one generator rise, even when the clock goes back.
 */
function createUuidV7(now: () => number): () => string {
  let time = 0;
  let counter = 0;
  return () => {
    const bytes = randomBytes(16);
    const at = now();
    if (at > time) {
      time = at;
      // The top bit stays free, so that a millisecond holds at least 2048 ids.
      counter = bytes.readUInt16BE(6) & 0x7ff;
    } else if (++counter > 0xfff) {
      time += 1;
      counter = 0;
    }
    bytes.writeUIntBE(time, 0, 6);
    bytes.writeUInt16BE(0x7000 | counter, 6);
    bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
    const hex = bytes.toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  };
}
