import { LRUCache } from 'lru-cache';
import { DomainError } from '../../domain/errors.js';
import { parseRecipient } from '../../domain/messages/recipient.js';
import type { LookUp, WhatsAppSocket } from '../../ports/whatsapp-client.js';

const MINUTE = 60_000;
const KNOWN_MS = 24 * 60 * MINUTE;
/** People join WhatsApp; a no is not kept for long. */
const UNKNOWN_MS = 1 * MINUTE;
/** Who is thrown out of a group hears of it sooner than of a number that is given up. */
const MEMBER_MS = 5 * MINUTE;
const REMEMBERED = 50_000;

export interface ResolvedRecipient {
  /** What the message is addressed to. */
  jid: string;
  /** What its chat is filed under. */
  chatId: string;
}

/** Answers where a `to` leads. @throws DomainError `recipient_invalid`, `recipient_not_on_whatsapp`, `whatsapp_unavailable` */
export type RecipientResolver = (socket: WhatsAppSocket, instanceId: string, to: string) => Promise<ResolvedRecipient>;

export function createRecipientResolver(): RecipientResolver {
  const lookUps = new LRUCache<string, LookUp>({ max: REMEMBERED });
  const memberships = new LRUCache<string, true>({ max: REMEMBERED, ttl: MEMBER_MS });

  async function requireMembership(socket: WhatsAppSocket, instanceId: string, jid: string): Promise<void> {
    const key = `${instanceId}/${jid}`;
    if (memberships.has(key)) return;
    if (!await socket.isMemberOf(jid)) {
      throw new DomainError('recipient_not_on_whatsapp', `${jid} is no group that this account is in.`, {
        field: 'to', hint: 'Check the group\'s id, and that the account is still a member. Nothing was sent.',
      });
    }
    memberships.set(key, true);
  }

  return async (socket, instanceId, to) => {
    const recipient = parseRecipient(to);
    if (recipient.kind === 'jid') {
      if (recipient.jid.endsWith('@g.us')) await requireMembership(socket, instanceId, recipient.jid);
      return { jid: recipient.jid, chatId: recipient.jid };
    }
    const key = `${instanceId}/${recipient.digits}`;
    const found = lookUps.get(key) ?? await socket.lookUp(recipient.digits);
    lookUps.set(key, found, { ttl: found.exists ? KNOWN_MS : UNKNOWN_MS });
    if (!found.exists) {
      throw new DomainError('recipient_not_on_whatsapp', `${recipient.digits} is not on WhatsApp.`, {
        field: 'to', hint: 'Check the number and its country code. Nothing was sent.',
      });
    }
    return { jid: found.jid, chatId: found.lid ?? found.jid };
  };
}
