import { isJidGroup, isLidUser, isPnUser, jidDecode, jidNormalizedUser, type SignalRepositoryWithLIDStore } from '@whiskeysockets/baileys';

/** Both names of one account, as far as they are known, without device numbers. */
export interface Address {
  lid: string | null;
  pn: string | null;
}

export interface AddressBook {
  /** Resolves a JID and, where the stanza gave it, its counterpart. Never throws; asks the store, not the network, for LIDs. */
  resolve(jid: string, alt?: string | null): Promise<Address>;
}

export function createAddressBook(lidMapping: SignalRepositoryWithLIDStore['lidMapping']): AddressBook {
  return {
    async resolve(jid, alt) {
      const given = [jid, alt].filter(value => typeof value === 'string' && value.length > 0).map(value => jidNormalizedUser(value ?? ''));
      const lid = given.find(value => isLidUser(value)) ?? null;
      const pn = given.find(value => isPnUser(value)) ?? null;
      if (lid && !pn) return { lid, pn: normalized(await lidMapping.getPNForLID(lid).catch(() => null)) };
      if (pn && !lid) return { lid: normalized(await lidMapping.getLIDForPN(pn).catch(() => null)), pn };
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

function normalized(jid: string | null): string | null {
  return jid === null ? null : jidNormalizedUser(jid);
}
