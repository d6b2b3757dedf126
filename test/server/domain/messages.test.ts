import { describe, expect, it } from 'vitest';
import { isDomainError } from '@gateway/domain/errors.js';
import { makeMessageId } from '@gateway/domain/messages/message-id.js';
import { mayAdvance, MESSAGE_STATES, statesBefore } from '@gateway/domain/messages/message.js';
import { parseRecipient } from '@gateway/domain/messages/recipient.js';

describe('recipient', () => {
  it.each([
    '15550002222', '+15550002222', '0015550002222', '+1 (555) 000-2222', ' 1.555.000.2222 ', '1\u00a0555\u2011000\u20112222', '15550002222@s.whatsapp.net',
    '15550002222@c.us', '15550002222:7@s.whatsapp.net', '\u202a+1 555 000 2222\u202c',
  ])('reads %j as the same number', to => {
    expect(parseRecipient(to)).toEqual({ kind: 'number', digits: '15550002222' });
  });

  it.each([['123456789@lid', '123456789@lid'], ['123456789:3@lid', '123456789@lid'], ['120363041234567890@g.us', '120363041234567890@g.us'], ['15550002222-1400000000@g.us', '15550002222-1400000000@g.us']])('takes the JID %s', (to, jid) => {
    expect(parseRecipient(to)).toEqual({ kind: 'jid', jid });
  });

  it.each(['', 'abc', '123456', '1234567890123456', '+', '1555000222a', 'x@example.com', '@s.whatsapp.net', 'status@broadcast', '12@s.whatsapp.net', ':5@lid', 'abc@lid', 'a@g.us', '-@g.us'])('refuses %j, naming the field', to => {
    let thrown: unknown;
    try {
      parseRecipient(to);
    } catch (error) {
      thrown = error;
    }
    expect(isDomainError(thrown) && thrown.code).toBe('recipient_invalid');
    expect(isDomainError(thrown) && thrown.field).toBe('to');
  });
});

describe('message states', () => {
  it('only go forward', () => {
    const way = ['queued', 'sending', 'sent', 'delivered', 'read', 'played'] as const;
    way.forEach((from, at) => way.forEach((to, target) => expect(mayAdvance(from, to), `${from} to ${to}`).toBe(target > at)));
  });

  it('can fail or be cancelled only before WhatsApp acknowledged them', () => {
    for (const end of ['failed', 'cancelled'] as const) expect(statesBefore(end)).toEqual(['queued', 'sending']);
  });

  it('let a late acknowledgement correct a failure, but nothing undo a cancel', () => {
    expect(MESSAGE_STATES.filter(to => mayAdvance('failed', to))).toEqual(['sent', 'delivered', 'read', 'played']);
    expect(MESSAGE_STATES.filter(to => mayAdvance('cancelled', to))).toEqual([]);
  });

  it('have ids in WhatsApp\'s own shape', () => {
    expect(makeMessageId(new Uint8Array([0, 1, 2, 3, 4, 5, 6, 7, 255]))).toBe('3EB0000102030405060 7FF'.replace(' ', ''));
  });
});
