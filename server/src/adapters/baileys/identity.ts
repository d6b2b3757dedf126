import { createHash } from 'node:crypto';
import { jidDecode, signedKeyPair, type AuthenticationCreds } from '@whiskeysockets/baileys';
import type { Random } from '../../ports/clock.js';

/** Pre-keys are numbered by three bytes; what is left above is room for all that will be made. */
const LAST_FIRST_PRE_KEY = 0xf0_00_00;

/** The account that credentials log in to, digits only; null before they are paired. */
export function phoneNumberOf({ me }: Pick<AuthenticationCreds, 'me'>): string | null {
  return jidDecode(me?.id)?.user ?? null;
}

/** Which linked device credentials are. Its number may come again; the identity key is made by each pairing. */
export function deviceOf({ signedIdentityKey }: Pick<AuthenticationCreds, 'signedIdentityKey'>): string {
  return createHash('sha256').update(signedIdentityKey.public).digest('hex').slice(0, 32);
}

/**
 * Old credentials for a session that begins anew: the identity, and none of the keys that contacts may have used since. Baileys finds no pre-key of the
 * last number in its store, and so makes new ones at the next login, which it uploads together with the signed pre-key (rc14, `uploadPreKeys`). Their
 * numbers begin somewhere else: one that a contact still holds must not be taken for a new one.
 */
export function withNewPreKeys(creds: AuthenticationCreds, random: Pick<Random, 'float'>): AuthenticationCreds {
  const first = 1_000 + Math.floor(random.float() * (LAST_FIRST_PRE_KEY - 1_000));
  return {
    ...creds,
    nextPreKeyId: first,
    firstUnuploadedPreKeyId: first,
    signedPreKey: signedKeyPair(creds.signedIdentityKey, creds.signedPreKey.keyId + 1),
  };
}
