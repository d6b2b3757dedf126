import { createSystemRandom } from '@gateway/adapters/system/random.js';
import { describe, expect, it } from 'vitest';

describe('system random', () => {
  it('makes UUIDs of version 7 that hold the time', () => {
    const id = createSystemRandom(() => 0x017f22e279b0).uuid();
    // The time of the example in RFC 9562, appendix A.6.
    expect(id).toMatch(/^017f22e2-79b0-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('makes rising UUIDs, also within a millisecond and when the clock goes back', () => {
    let now = 1_700_000_000_000;
    const random = createSystemRandom(() => now);
    const ids = Array.from({ length: 20_000 }, (_, index) => {
      if (index === 10_000) now -= 5_000;
      return random.uuid();
    });
    expect(ids).toEqual([...ids].sort());
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('makes floats in [0, 1) and as many bytes as asked', () => {
    const random = createSystemRandom();
    const floats = Array.from({ length: 2_000 }, () => random.float());
    expect(Math.min(...floats)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...floats)).toBeLessThan(1);
    expect(new Set(floats).size).toBeGreaterThan(1_990);
    expect(random.bytes(32)).toHaveLength(32);
    expect(random.bytes(32)).not.toEqual(random.bytes(32));
  });
});
