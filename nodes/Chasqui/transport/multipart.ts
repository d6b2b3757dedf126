import { randomUUID } from 'crypto';

export interface FilePart {
  bytes: Buffer;
  fileName: string;
  mimetype: string;
}

export interface MultipartBody {
  body: Buffer;
  headers: Record<string, string>;
}

/**
 * A `multipart/form-data` body (RFC 7578): the text fields first, so that the gateway knows them when the bytes arrive, then
 * the file as field `file`. Written here because a community node has no runtime dependency, and because n8n sends
 * bytes with a content-type of their own as they are, in every version.
 */
export function multipartBody(fields: Record<string, string>, file: FilePart): MultipartBody {
  const boundary = `chasqui-${randomUUID()}`;
  const text = Object.entries(fields)
    .map(([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
    .join('');
  const head = `${text}--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${quoted(file.fileName)}"\r\nContent-Type: ${oneLine(file.mimetype)}\r\n\r\n`;
  const body = Buffer.concat([Buffer.from(head, 'utf8'), file.bytes, Buffer.from(`\r\n--${boundary}--\r\n`, 'utf8')]);
  return { body, headers: { 'content-type': `multipart/form-data; boundary=${boundary}`, 'content-length': String(body.length) } };
}

/** As browsers write it (HTML, "multipart/form-data encoding algorithm"): quotes and line breaks are percent-encoded. */
function quoted(name: string): string {
  return name.replace(/\r/g, '%0D').replace(/\n/g, '%0A').replace(/"/g, '%22');
}

function oneLine(value: string): string {
  return value.replace(/[\r\n]+/g, ' ');
}
