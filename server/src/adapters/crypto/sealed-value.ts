import { storableText } from '../sql/bind-values.js';
import type { SealedPlace } from '../../ports/vault.js';
import { gcmOpen, gcmSeal } from './aes-gcm.js';

/** No UTF-8, and so no JSON, begins with this byte and the next: what was stored before there was a seal is told apart. */
const MAGIC = 0xC5;
const VERSION = 1;
/** Magic, version, and the data key's id, 32 bits, big-endian. */
export const HEAD_BYTES = 6;
const TEXT_MARK = 'sealed:';

/** What every value sealed by this data key begins with. */
export function headOf(keyId: number): Uint8Array {
  const head = Buffer.from([MAGIC, VERSION, 0, 0, 0, 0]);
  head.writeUInt32BE(keyId, 2);
  return new Uint8Array(head);
}

/** The same of a sealed text. */
export function textHeadOf(keyId: number): string {
  return `${TEXT_MARK}${keyId}:`;
}

/** The id of the data key that sealed it; null when it is not sealed. */
export function sealedBy(value: Uint8Array): number | null {
  if (value.length < HEAD_BYTES || value[0] !== MAGIC || value[1] !== VERSION) return null;
  return Buffer.from(value.buffer, value.byteOffset, HEAD_BYTES).readUInt32BE(2);
}

export function isSealedText(text: string): boolean {
  return text.startsWith(TEXT_MARK);
}

export function sealValue(key: { id: number; bytes: Uint8Array }, place: SealedPlace, plain: Uint8Array): Uint8Array {
  const head = headOf(key.id);
  return gcmSeal(key.bytes, head, aadOf(head, place), plain);
}

/** null when it was changed, or belongs elsewhere. */
export function openValue(key: { id: number; bytes: Uint8Array }, place: SealedPlace, sealed: Uint8Array): Uint8Array | null {
  return gcmOpen(key.bytes, HEAD_BYTES, aadOf(headOf(key.id), place), sealed);
}

export function toSealedText(keyId: number, sealed: Uint8Array): string {
  return textHeadOf(keyId) + Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength).toString('base64');
}

/** The bytes of a sealed text; null when it is none. */
export function fromSealedText(text: string): Uint8Array | null {
  const [, base64] = /^sealed:\d+:([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  return base64 === undefined ? null : new Uint8Array(Buffer.from(base64, 'base64'));
}

/** The names are as a store gives them back: a value has to open where it was written. */
function aadOf(head: Uint8Array, place: SealedPlace): Uint8Array {
  return Buffer.concat([head, Buffer.from(JSON.stringify(place.map(storableText)), 'utf8')]);
}
