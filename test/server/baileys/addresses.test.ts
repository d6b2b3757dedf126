import { createAddressBook } from '@gateway/adapters/baileys/addresses.js';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

const PN = '15550002222@s.whatsapp.net';
const LID = '900@lid';
type Mapping = Parameters<typeof createAddressBook>[0];

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

it('does not wait longer than five seconds for a name that WhatsApp has to be asked for: all that comes in waits behind it', async () => {
  const never = () => new Promise<never>(() => {});
  const book = createAddressBook({ getLIDForPN: never, getPNForLID: never } as unknown as Mapping);
  let found: unknown[] = [];
  void Promise.all([book.resolve(PN), book.resolve(LID)]).then(addresses => { found = addresses; });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(found).toEqual([{ lid: null, pn: PN }, { lid: LID, pn: null }]);
});

it('has no need to ask where both names are given, and takes a refusal for an unknown name', async () => {
  const refused = () => Promise.reject(new Error('closed'));
  const book = createAddressBook({ getLIDForPN: refused, getPNForLID: refused } as unknown as Mapping);
  expect(await book.resolve('15550002222:7@s.whatsapp.net', '900:7@lid')).toEqual({ lid: LID, pn: PN });
  expect(await book.resolve(PN, '')).toEqual({ lid: null, pn: PN });
});
