import { fileTypeFromFile } from 'file-type';
import mime from 'mime';

/** Says nothing about the bytes: what servers and browsers send when they do not know. */
const UNKNOWN = new Set(['application/octet-stream', 'binary/octet-stream', 'application/x-download', 'application/force-download']);

export interface MimetypeHints {
  /** What the caller said. */
  said?: string | undefined;
  /** What the bytes came with. */
  received?: string | undefined;
  fileName?: string | undefined;
}

/**
 * The MIME type of the media in a file: what the caller said, else what the bytes came with, else what the file name ends with, else what
 * the first bytes show. Parameters are dropped except `codecs`, which WhatsApp wants for voice notes.
 */
export async function findMimetype(path: string, { said, received, fileName }: MimetypeHints): Promise<string> {
  const candidates = [said, received].map(type => type === undefined ? '' : normalize(type));
  const known = candidates.find(type => type !== '' && !UNKNOWN.has(type));
  return known ?? (fileName === undefined ? null : mime.getType(fileName)) ?? (await fileTypeFromFile(path))?.mime ?? 'application/octet-stream';
}

function normalize(type: string): string {
  const [essence = '', ...parameters] = type.split(';').map(part => part.trim());
  if (!/^[\w.+-]+\/[\w.+-]+$/.test(essence)) return '';
  const codecs = parameters.find(parameter => /^codecs=["\w.,+ -]+$/i.test(parameter));
  return codecs ? `${essence.toLowerCase()}; ${codecs}` : essence.toLowerCase();
}
