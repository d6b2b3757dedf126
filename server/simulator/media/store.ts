import { createHash, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';

export interface StoredMedia {
  /** Encrypted, as it was uploaded. */
  bytes: Buffer;
  /** The number that uploaded it or that it was sent to, so that faults can be meant for one phone. */
  number: string | undefined;
}

/** The encrypted files on the media host. The least used go when there is too much. */
export interface MediaStore {
  /** Answers the direct path. */
  put(media: StoredMedia): string;
  get(directPath: string): StoredMedia | undefined;
  /** A token for uploads of a number. */
  authFor(number: string): string;
  numberOf(auth: string): string | undefined;
}

const MAX_BYTES = 512 * 1024 * 1024;

export function createMediaStore(): MediaStore {
  const files = new LRUCache<string, StoredMedia>({ maxSize: MAX_BYTES, sizeCalculation: ({ bytes }) => bytes.length + 1 });
  const tokens = new Map<string, string>();
  const numbers = new Map<string, string>();
  return {
    put(media) {
      const hash = createHash('sha256').update(media.bytes).digest('base64url');
      const directPath = `/v/t62.7118-24/${randomBytes(12).toString('hex')}/${hash}`;
      files.set(directPath, media);
      return directPath;
    },
    get: (directPath) => files.get(directPath),
    authFor(number) {
      let token = tokens.get(number);
      if (!token) {
        token = randomBytes(24).toString('base64url');
        tokens.set(number, token);
        numbers.set(token, number);
      }
      return token;
    },
    numberOf: (auth) => numbers.get(auth),
  };
}
