import mime from 'mime';

/** Says nothing about the bytes: what servers and browsers send when they do not know. */
const UNKNOWN = new Set(['application/octet-stream', 'binary/octet-stream', 'application/x-download', 'application/force-download']);

/**
 * The MIME type of media: what the caller said, else what the bytes came with, else what the file name ends with.
 * Parameters are dropped except `codecs`, which WhatsApp wants for voice notes.
 */
export function chooseMimetype(said: string | undefined, received: string | undefined, fileName: string | undefined): string {
  const candidates = [said, received].map(type => type === undefined ? '' : normalize(type));
  const known = candidates.find(type => type !== '' && !UNKNOWN.has(type));
  return known ?? (fileName === undefined ? null : mime.getType(fileName)) ?? 'application/octet-stream';
}

function normalize(type: string): string {
  const [essence = '', ...parameters] = type.split(';').map(part => part.trim());
  if (!/^[\w.+-]+\/[\w.+-]+$/.test(essence)) return '';
  const codecs = parameters.find(parameter => /^codecs=["\w.,+ -]+$/i.test(parameter));
  return codecs ? `${essence.toLowerCase()}; ${codecs}` : essence.toLowerCase();
}
