import type { FastifyRequest } from 'fastify';
import type { MultipartFile } from '@fastify/multipart';
import { DomainError } from '../domain/errors.js';
import type { MediaFile } from '../domain/messages/content.js';
import type { MediaFetcher } from '../ports/media-fetcher.js';

export interface MediaForm { fields: Record<string, string>; file: MediaFile }

/**
 * Reads a form with one file and text fields in any order, and gives it to `use`. The file goes to disk as it comes,
 * since fields may follow it, and is removed in any case: also when the form is wrong or the caller goes away.
 * @throws DomainError `validation_failed`, `media_too_large`, or what `use` throws
 */
export async function withMediaForm<T>(request: FastifyRequest, media: MediaFetcher, use: (form: MediaForm) => Promise<T>): Promise<T> {
  let file: MediaFile | null = null;
  const fields: Record<string, string> = Object.create(null) as Record<string, string>;
  try {
    try {
      for await (const part of request.parts()) {
        if (part.type === 'file') file = await readFile(part, media);
        else addField(fields, part.fieldname, part.value, part.valueTruncated);
      }
    } catch (error) {
      throw isBrokenForm(error) ? new DomainError('validation_failed', 'The form is not valid, or it broke off.', { cause: error }) : error;
    }
    if (!file) throw new DomainError('validation_failed', 'The form has no file.', { field: 'file', hint: 'Add the media as a part named file, with a file name.' });
    return await use({ fields: { ...fields }, file });
  } catch (error) {
    // The rest of the body is read and thrown away, so that the caller gets to reading the answer.
    request.raw.unpipe();
    request.raw.resume();
    throw error;
  } finally {
    if (file) await media.discard(file);
  }
}

async function readFile(part: MultipartFile, media: MediaFetcher): Promise<MediaFile> {
  if (part.fieldname !== 'file') {
    throw new DomainError('validation_failed', `The media must be in the part named file, not ${part.fieldname.slice(0, 64)}.`, { field: 'file' });
  }
  return media.fromStream(part.file, { mimetype: part.mimetype, fileName: part.filename || undefined });
}

function addField(fields: Record<string, string>, name: string, value: unknown, truncated: boolean): void {
  const field = name.slice(0, 64);
  if (truncated) throw new DomainError('validation_failed', `${field} is too long.`, { field });
  if (typeof value !== 'string') throw new DomainError('validation_failed', `${field} must be plain text.`, { field });
  if (fields[name] !== undefined) throw new DomainError('validation_failed', `${field} was given twice.`, { field });
  fields[name] = value;
}

/** The form parser throws bare errors without a code; a caller that goes away ends the stream of the file too early. */
function isBrokenForm(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  return code === undefined ? error.name === 'Error' : code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET';
}
