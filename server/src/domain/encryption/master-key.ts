export const MASTER_KEY_BYTES = 32;
/** How to make one, for messages to people. */
export const HOW_TO_MAKE_A_KEY = 'openssl rand -base64 32';

/**
 * Reads a master key as people write it down: 32 bytes in base64, of either alphabet and with or without padding, or in hex.
 * @returns null when it is neither
 */
export function parseMasterKey(text: string): Uint8Array | null {
  const trimmed = text.trim();
  if (/^[0-9a-fA-F]{64}$/.test(trimmed)) return new Uint8Array(Buffer.from(trimmed, 'hex'));
  // 43 characters hold 258 bits: the last one has two that say nothing.
  if (/^[A-Za-z0-9+/]{43}=?$/.test(trimmed)) return new Uint8Array(Buffer.from(trimmed, 'base64'));
  if (/^[A-Za-z0-9_-]{43}=?$/.test(trimmed)) return new Uint8Array(Buffer.from(trimmed, 'base64url'));
  return null;
}
