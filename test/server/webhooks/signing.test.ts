import { createRequire } from 'node:module';
import { createSystemRandom } from '@gateway/adapters/system/random.js';
import { checkSecret, makeSecret, signatureHeaders } from '@gateway/domain/webhooks/signing.js';
import { describe, expect, it } from 'vitest';

type Library = { Webhook: new (secret: string) => { verify(body: string, headers: Record<string, string>): unknown } };
const { Webhook } = createRequire(new URL('../../../server/package.json', import.meta.url))('standardwebhooks') as Library;

describe('signing', () => {
  it('agrees with the example of the Standard Webhooks reference implementations', () => {
    const headers = signatureHeaders(['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], 'msg_p5jXN8AQM9LWM0D4loKWxJek', '{"test": 2432232314}', 1_614_265_330_000);
    expect(headers['webhook-timestamp']).toBe('1614265330');
    expect(headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  it('is verified by the official library, which notices any change', () => {
    const secret = makeSecret(createSystemRandom());
    const body = JSON.stringify({ text: 'Grüße, 你好 👋' });
    const headers = { ...signatureHeaders([secret], 'evt_1', body, Date.now()) };
    const library = new Webhook(secret);
    expect(library.verify(body, headers)).toEqual({ text: 'Grüße, 你好 👋' });
    expect(() => library.verify(`${body} `, headers)).toThrow(/signature/);
    expect(() => library.verify(body, { ...headers, 'webhook-id': 'evt_2' })).toThrow(/signature/);
  });

  it('makes secrets of 32 bytes, each its own', () => {
    const random = createSystemRandom();
    const secret = makeSecret(random);
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(makeSecret(random)).not.toBe(secret);
  });

  it('takes 24 to 64 bytes, with or without prefix and padding', () => {
    const base64 = Buffer.alloc(25, 7).toString('base64');
    expect(checkSecret(`whsec_${base64}`)).toBe(`whsec_${base64}`);
    expect(checkSecret(base64.replace(/=+$/, ''))).toBe(`whsec_${base64}`);
    for (const bytes of [24, 64]) expect(checkSecret(Buffer.alloc(bytes).toString('base64'))).toMatch(/^whsec_/);
  });

  it('refuses other secrets without repeating them', () => {
    for (const secret of ['', 'whsec_', Buffer.alloc(23, 9).toString('base64'), Buffer.alloc(65, 9).toString('base64'), 'whsec_not*base64*at*all*but*long*enough*']) {
      let refused: unknown;
      try { checkSecret(secret); } catch (error) { refused = error; }
      expect(refused).toMatchObject({ code: 'validation_failed', field: 'secret' });
      if (secret.length > 6) expect(String((refused as Error).message)).not.toContain(secret);
    }
  });
});
