import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DomainError } from '../../domain/errors.js';

/**
 * Writes a stream to a new file, readable by this user alone.
 * @returns its size in bytes
 * @throws DomainError `media_too_large` as soon as there are more than `maxBytes`; nothing is left behind by any failure
 */
export async function spool(source: NodeJS.ReadableStream, path: string, maxBytes: number, signal?: AbortSignal): Promise<number> {
  let size = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      if (size > maxBytes) done(mediaTooLarge(maxBytes));
      else done(null, chunk);
    },
  });
  try {
    await pipeline(source, count, createWriteStream(path, { flags: 'wx', mode: 0o600 }), signal ? { signal } : {});
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
  return size;
}

export function mediaTooLarge(maxBytes: number): DomainError {
  return new DomainError('media_too_large', `The media has more than ${maxBytes} bytes.`, { details: { maxBytes } });
}
