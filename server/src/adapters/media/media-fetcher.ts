import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent } from 'undici';
import { DomainError } from '../../domain/errors.js';
import type { MediaFile } from '../../domain/messages/content.js';
import type { MediaFetcher } from '../../ports/media-fetcher.js';
import type { ConnectionGuard } from '../outgoing/address-guard.js';
import { decodeBase64 } from './base64.js';
import { explainFetchFailure, fetchFailed, fetchUrl } from './fetch-url.js';
import { findMimetype } from './mimetype.js';
import { mediaTooLarge, spool } from './spool.js';

export interface MediaFetcherDeps {
  /** Belongs to the fetcher alone; made when it is needed. */
  dir: string;
  maxBytes: number;
  /** From the first look-up to the last byte. */
  timeoutMs?: number;
  /** Where media may be fetched from. */
  guard: ConnectionGuard;
}

const PREFIX = 'media-';

export interface FileMediaFetcher extends MediaFetcher {
  /** Removes what a crash left; call it before the first use. */
  clear(): Promise<void>;
  /** Ends every connection; what is under way fails. Idempotent. */
  close(): Promise<void>;
}

/** Media in files of a directory of the gateway's own, written as the bytes come. */
export function createMediaFetcher({ dir, maxBytes, timeoutMs = 30_000, guard }: MediaFetcherDeps): FileMediaFetcher {
  const dispatcher = new Agent({ connect: guard.connector() });
  let closed: Promise<void> | null = null;

  async function newPath(): Promise<string> {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    return join(dir, `${PREFIX}${randomUUID()}`);
  }

  return {
    checkUrl: url => guard.check(url),

    async fromUrl(url, { mimetype, fileName }) {
      const signal = AbortSignal.timeout(timeoutMs);
      try {
        const fetched = await fetchUrl(url, signal, dispatcher);
        if (fetched.length !== null && fetched.length > maxBytes) {
          fetched.body.on('error', () => undefined).destroy();
          throw mediaTooLarge(maxBytes);
        }
        const path = await newPath();
        const size = await spool(fetched.body, path, maxBytes, signal);
        if (size === 0) {
          await rm(path, { force: true });
          throw fetchFailed(new URL(url), 'answered without a byte');
        }
        const name = fileName ?? fetched.fileName;
        return { path, size, mimetype: await findMimetype(path, { said: mimetype, received: fetched.mimetype, fileName: name }), fileName: name ?? null };
      } catch (error) {
        throw explainFetchFailure(url, error, signal.aborted ? timeoutMs : null);
      }
    },

    async fromBase64(base64, { mimetype, fileName }) {
      const decoded = decodeBase64(base64, maxBytes);
      const path = await newPath();
      try {
        await writeFile(path, decoded.bytes, { flag: 'wx', mode: 0o600 });
      } catch (error) {
        await rm(path, { force: true });
        throw error;
      }
      const type = await findMimetype(path, { said: mimetype, received: decoded.mimetype, fileName });
      return { path, size: decoded.bytes.length, mimetype: type, fileName: fileName ?? null };
    },

    async fromStream(stream, { mimetype, fileName }) {
      const path = await newPath();
      const size = await spool(stream, path, maxBytes);
      if (size === 0) {
        await rm(path, { force: true });
        throw new DomainError('validation_failed', 'The file is empty.', { field: 'file' });
      }
      // What came with the stream says no more than a file name does where it is a generic type.
      return { path, size, mimetype: await findMimetype(path, { received: mimetype, fileName }), fileName: fileName ?? null };
    },

    async sha256(file: MediaFile) {
      const hash = createHash('sha256');
      for await (const chunk of createReadStream(file.path)) hash.update(chunk as Buffer);
      return hash.digest('hex');
    },

    async discard(file: MediaFile) {
      await rm(file.path, { force: true });
    },

    async clear() {
      const names = await readdir(dir).catch(() => [] as string[]);
      await Promise.all(names.filter(name => name.startsWith(PREFIX)).map(name => rm(join(dir, name), { force: true })));
    },

    close: () => (closed ??= dispatcher.destroy()),
  };
}
