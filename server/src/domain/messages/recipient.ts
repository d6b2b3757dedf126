import { DomainError } from '../errors.js';

/** A recipient as the caller meant it: a number to look up, or a JID to use as it is. */
export type Recipient = { kind: 'number'; digits: string } | { kind: 'jid'; jid: string };

const JID = /^([A-Za-z0-9._:-]+@(s\.whatsapp\.net|c\.us)|\d+(:\d+)?@lid|\d[\d-]*@g\.us)$/;
const PUNCTUATION = /[\s().\-/\u00a0\u2010-\u2015\u2060\u200e\u200f\u202a-\u202e]/g;

/**
 * Reads `to` in any usual spelling: a phone number with punctuation, a leading `+` or `00`, a JID
 * (`…@s.whatsapp.net`, `…@c.us`, `…@g.us`) or a LID (`…@lid`). Only the shape is judged, 7 to 15
 * digits (ITU-T E.164), never the numbering plan: WhatsApp's own look-up decides what exists.
 * @throws DomainError `recipient_invalid`
 */
export function parseRecipient(to: string, field = 'to'): Recipient {
  const trimmed = to.trim();
  if (trimmed.includes('@')) return parseJid(trimmed, field);
  const digits = trimmed.replace(PUNCTUATION, '').replace(/^(\+|00)/, '');
  if (!/^\d{7,15}$/.test(digits)) {
    throw new DomainError('recipient_invalid', `"${to.slice(0, 64)}" is not a phone number, JID or LID.`, {
      field,
      hint: 'Give the number with its country code, 7 to 15 digits, for example +1 555 000 2222.',
    });
  }
  return { kind: 'number', digits };
}

function parseJid(jid: string, field: string): Recipient {
  if (!JID.test(jid)) {
    throw new DomainError('recipient_invalid', `"${jid.slice(0, 64)}" is not a JID that can be written to.`, {
      field,
      hint: 'Use <number>@s.whatsapp.net, <id>@lid or <id>@g.us.',
    });
  }
  const [user = '', server = ''] = jid.split('@');
  const account = user.split(':')[0] ?? user;
  if (server === 's.whatsapp.net' || server === 'c.us') {
    return parseRecipient(account, field);
  }
  return { kind: 'jid', jid: `${account}@${server}` };
}
