import { isJidGroup, isLidUser, isPnUser, jidDecode, jidNormalizedUser, type SignalRepositoryWithLIDStore } from '@whiskeysockets/baileys';
import { atMost } from './time-limit.js';

/** What comes in is read one after the other, so nothing may wait long for a name. */
const LOOKUP_TIMEOUT_MS = 5_000;

/** Both names of one account, as far as they are known, without device numbers. */
export interface Address {
  lid: string | null;
  pn: string | null;
}

export interface AddressBook {
  /** Resolves a JID and, where the stanza gave it, its counterpart. Never throws; a LID that the store does not have may be asked for at WhatsApp, for 5 s. */
  resolve(jid: string, alt?: string | null): Promise<Address>;
}

export function createAddressBook(lidMapping: SignalRepositoryWithLIDStore['lidMapping']): AddressBook {
  return {
    async resolve(jid, alt) {
      const given = [jid, alt].filter(value => typeof value === 'string' && value.length > 0).map(value => jidNormalizedUser(value ?? ''));
      const lid = given.find(value => isLidUser(value)) ?? null;
      const pn = given.find(value => isPnUser(value)) ?? null;
      if (lid && !pn) return { lid, pn: await known(lidMapping.getPNForLID(lid)) };
      if (pn && !lid) return { lid: await known(lidMapping.getLIDForPN(pn)), pn };
      return { lid, pn };
    },
  };
}

/** The one name a chat is filed under: the group, else the LID where known, else the phone-number JID. */
export function canonicalChat(jid: string, address: Address): string {
  return isJidGroup(jid) ? jid : address.lid ?? address.pn ?? jidNormalizedUser(jid);
}

export function phoneOf(pn: string | null): string | undefined {
  return pn === null ? undefined : jidDecode(pn)?.user;
}

async function known(lookUp: Promise<string | null>): Promise<string | null> {
  const jid = await atMost(LOOKUP_TIMEOUT_MS, lookUp.catch(() => null));
  return jid === null ? null : jidNormalizedUser(jid);
}
