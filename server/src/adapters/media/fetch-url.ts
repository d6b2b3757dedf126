import type { Readable } from 'node:stream';
import { request, type Dispatcher } from 'undici';
import { DomainError } from '../../domain/errors.js';

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

export interface Fetched { body: Readable; mimetype: string | undefined; length: number | null; fileName: string | undefined }

/**
 * Asks for an address and follows at most five redirects, each only where the dispatcher connects to.
 * @throws DomainError `media_fetch_failed` with a sentence for a person, `address_not_allowed`
 */
export async function fetchUrl(address: string, signal: AbortSignal, dispatcher: Dispatcher): Promise<Fetched> {
  let url = parse(address);
  for (let hop = 0; ; hop += 1) {
    assertAllowed(url);
    const answer = await request(url, { signal, dispatcher, headers: { accept: '*/*', 'user-agent': 'chasqui' } });
    const { location } = answer.headers;
    if (REDIRECTS.has(answer.statusCode) && typeof location === 'string') {
      await answer.body.dump({ limit: 64 * 1024, signal });
      if (hop === MAX_REDIRECTS) throw fetchFailed(url, `redirected more than ${MAX_REDIRECTS} times`);
      url = parse(location, url);
      continue;
    }
    if (answer.statusCode < 200 || answer.statusCode > 299) {
      answer.body.on('error', () => undefined).destroy();
      throw fetchFailed(url, `answered ${answer.statusCode}`, { httpStatus: answer.statusCode });
    }
    return describe(url, answer);
  }
}

/** Whether the address is of a form that is asked for; where it leads is the dispatcher's business. Asked before each hop. */
function assertAllowed(url: URL): void {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw fetchFailed(url, 'is neither an http nor an https address');
  if (url.username !== '' || url.password !== '') throw fetchFailed(url, 'was given with a user name or password, which are not sent');
}

function parse(address: string, base?: URL): URL {
  if (!URL.canParse(address, base?.href)) throw new DomainError('media_fetch_failed', 'The media address, or a redirect from it, is not a valid URL.', { field: 'url' });
  return new URL(address, base);
}

function describe(url: URL, answer: Dispatcher.ResponseData): Fetched {
  const type = answer.headers['content-type'];
  const length = Number(answer.headers['content-length']);
  const last = url.pathname.split('/').at(-1) ?? '';
  return {
    body: answer.body,
    mimetype: typeof type === 'string' ? type : undefined,
    length: Number.isSafeInteger(length) ? length : null,
    fileName: safeDecode(last) || undefined,
  };
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text).replace(/[/\\\u0000-\u001f]/g, '_').slice(0, 255);
  } catch {
    return '';
  }
}

/** The address is named by its host alone: the rest may hold a secret. */
export function fetchFailed(url: URL, what: string, details: Record<string, number> = {}, cause?: unknown): DomainError {
  return new DomainError('media_fetch_failed', `${url.host || 'The address'} ${what}.`, { field: 'url', details, cause });
}

const CAUSES: Record<string, string> = {
  ENOTFOUND: 'is a host name that does not exist',
  EAI_AGAIN: 'is a host name that could not be looked up',
  ECONNREFUSED: 'refused the connection',
  ECONNRESET: 'broke the connection off',
  EHOSTUNREACH: 'cannot be reached',
  ENETUNREACH: 'cannot be reached',
  UND_ERR_SOCKET: 'broke the connection off',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'sent less than it announced',
};

/** What a full or missing disk fails at: nothing that the address could help. */
const DISK_CALLS = new Set(['open', 'write', 'mkdir', 'close']);

/**
 * Says a failure of the network in words; what is not one is answered as it is.
 * @param timedOutMs the time that was over, or null
 */
export function explainFetchFailure(address: string, error: unknown, timedOutMs: number | null): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (error instanceof DomainError || DISK_CALLS.has(syscall ?? '')) return error;
  const url = URL.canParse(address) ? new URL(address) : new URL('about:blank');
  if (timedOutMs !== null) return fetchFailed(url, `was not done within ${timedOutMs / 1000} s`, {}, error);
  if (code?.endsWith('_TIMEOUT') || code === 'ETIMEDOUT') return fetchFailed(url, 'did not answer in time', {}, error);
  if (code?.includes('CERT') || code?.startsWith('ERR_TLS')) return fetchFailed(url, 'has a certificate that cannot be trusted', {}, error);
  return fetchFailed(url, CAUSES[code ?? ''] ?? 'could not be fetched', {}, error);
}
