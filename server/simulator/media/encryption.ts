import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { aesDecryptWithIV, aesEncrypWithIV, getMediaKeys, hmacSign, type MediaType } from '@whiskeysockets/baileys';

const MAC_LENGTH = 10;

export interface EncryptedMedia {
  bytes: Buffer;
  mediaKey: Buffer;
  fileSha256: Buffer;
  fileEncSha256: Buffer;
}

/** Encrypts a file as WhatsApp clients do: AES-CBC with keys from a random media key, then ten bytes of MAC. */
export async function encryptMedia(plaintext: Buffer, type: MediaType): Promise<EncryptedMedia> {
  const mediaKey = randomBytes(32);
  const { iv, cipherKey, macKey } = await getMediaKeys(mediaKey, type);
  if (!macKey) throw new Error('no MAC key for this media type');
  const encrypted = aesEncrypWithIV(plaintext, Buffer.from(cipherKey), Buffer.from(iv));
  const mac = hmacSign(Buffer.concat([iv, encrypted]), Buffer.from(macKey)).subarray(0, MAC_LENGTH);
  const bytes = Buffer.concat([encrypted, mac]);
  return { bytes, mediaKey, fileSha256: sha256(plaintext), fileEncSha256: sha256(bytes) };
}

/** Decrypts a downloaded file. Throws if a hash or the MAC is wrong. */
export async function decryptMedia(
  bytes: Buffer,
  type: MediaType,
  expected: { mediaKey: Uint8Array; fileSha256?: Uint8Array | null | undefined; fileEncSha256?: Uint8Array | null | undefined },
): Promise<Buffer> {
  const { iv, cipherKey, macKey } = await getMediaKeys(expected.mediaKey, type);
  if (!macKey) throw new Error('no MAC key for this media type');
  if (expected.fileEncSha256 && !sha256(bytes).equals(expected.fileEncSha256)) throw new Error('the encrypted file has another hash');
  const encrypted = bytes.subarray(0, -MAC_LENGTH);
  const mac = hmacSign(Buffer.concat([iv, encrypted]), Buffer.from(macKey)).subarray(0, MAC_LENGTH);
  if (!timingSafeEqual(mac, bytes.subarray(-MAC_LENGTH))) throw new Error('the MAC of the file is wrong');
  const plaintext = aesDecryptWithIV(encrypted, Buffer.from(cipherKey), Buffer.from(iv));
  if (expected.fileSha256 && !sha256(plaintext).equals(expected.fileSha256)) throw new Error('the file has another hash');
  return plaintext;
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
