import { jidDecode } from '@whiskeysockets/baileys';
import { ControlError } from './errors.js';

/** Where a JID lives: by phone number (PN) or by LID. Groups (`g.us`) are a third server, kept apart. */
export type UserServer = 's.whatsapp.net' | 'lid';

const SPACE = 10n ** 15n;
const FACTOR = 387_420_489_000_007n;
const SHIFT = 271_828_182_845_905n;
const INVERSE = inverse(FACTOR, SPACE);

/**
 * Reduces a phone number in a usual spelling to its digits.
 * @throws ControlError 400 `invalid_number` if it has not 5 to 15 digits, or other characters than digits and punctuation
 */
export function normaliseNumber(input: string): string {
  const digits = input.replace(/[\s().+-]/g, '').replace(/^00/, '');
  if (!/^[1-9]\d{4,14}$/.test(digits)) {
    throw new ControlError(400, 'invalid_number', `"${input}" is not a phone number: 5 to 15 digits with the country code.`);
  }
  return digits;
}

/** Numbers that begin with 999 are not on WhatsApp; every other number is. */
export function isOnWhatsApp(number: string): boolean {
  return !number.startsWith('999');
}

/**
 * The LID of a phone number. A one-to-one mapping rather than a random id, so that a LID which a client kept from
 * before the simulator was started still names the same number.
 */
export function lidOf(number: string): string {
  return `1${((BigInt(number) * FACTOR + SHIFT) % SPACE).toString().padStart(15, '0')}`;
}

/** The phone number of a LID, or undefined if it is not one of this network. */
export function numberOfLid(lid: string): string | undefined {
  if (!/^1\d{15}$/.test(lid)) return undefined;
  const number = ((((BigInt(lid.slice(1)) - SHIFT) * INVERSE) % SPACE) + SPACE) % SPACE;
  return number.toString();
}

export interface UserAddress {
  number: string;
  device: number;
  server: UserServer;
}

/** Reads a user's JID (PN or LID, with or without a device); undefined for groups, servers and anything else. */
export function parseUserJid(jid: string | undefined): UserAddress | undefined {
  const decoded = jid ? jidDecode(jid) : undefined;
  if (!decoded?.user) return undefined;
  if (decoded.server === 'lid') {
    const number = numberOfLid(decoded.user);
    return number ? { number, device: decoded.device ?? 0, server: 'lid' } : undefined;
  }
  const isUser = decoded.server === 's.whatsapp.net' && /^\d+$/.test(decoded.user);
  return isUser ? { number: decoded.user, device: decoded.device ?? 0, server: 's.whatsapp.net' } : undefined;
}

/** Writes the JID of a number's device on the given server. Device 0, the phone itself, is left out as on the wire. */
export function userJid(number: string, server: UserServer, device = 0): string {
  const user = server === 'lid' ? lidOf(number) : number;
  return `${user}${device ? `:${device}` : ''}@${server}`;
}

function inverse(value: bigint, modulus: bigint): bigint {
  let [r0, r1, t0, t1] = [modulus, value, 0n, 1n];
  while (r1 !== 0n) {
    const quotient = r0 / r1;
    [r0, r1] = [r1, r0 - quotient * r1];
    [t0, t1] = [t1, t0 - quotient * t1];
  }
  return ((t0 % modulus) + modulus) % modulus;
}
