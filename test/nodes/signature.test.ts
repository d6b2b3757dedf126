import { createRequire } from 'node:module';
import { signatureHeaders } from '@gateway/domain/webhooks/signing.js';
import { describe, expect, test } from 'vitest';

const { makeSecret, verifySignature } = createRequire(import.meta.url)('../../dist/nodes/ChasquiTrigger/signature.js') as
  typeof import('../../nodes/ChasquiTrigger/signature.js');

describe('signatures', () => {
  test('a secret is whsec_ and the base64 of 32 random bytes', () => {
    expect(makeSecret(size => Buffer.alloc(size, 7))).toBe(`whsec_${Buffer.alloc(32, 7).toString('base64')}`);
    expect(makeSecret()).not.toBe(makeSecret());
  });

  test('what the gateway signs is genuine here, and not with one second more than five minutes between the clocks', () => {
    const secret = makeSecret();
    const now = 1_700_000_000_000;
    const body = '{"text":"ñandú 👋"}';
    const headers = signatureHeaders([secret], 'evt_1', body, now);
    const request = {
      id: headers['webhook-id'], timestamp: headers['webhook-timestamp'], signatures: headers['webhook-signature'], rawBody: Buffer.from(body),
    };
    expect(verifySignature(request, [secret], now)).toEqual({ genuine: true });
    expect(verifySignature(request, [makeSecret(), secret], now - 300_000)).toEqual({ genuine: true });
    expect(verifySignature(request, [secret], now + 300_000)).toEqual({ genuine: true });
    expect(verifySignature(request, [secret], now + 301_000).genuine).toBe(false);
    expect(verifySignature(request, [secret], now - 301_000).genuine).toBe(false);
    expect(verifySignature(request, [makeSecret()], now).genuine).toBe(false);
    expect(verifySignature(request, [], now).genuine).toBe(false);
    expect(verifySignature({ ...request, id: 'evt_2' }, [secret], now).genuine).toBe(false);
  });
});
