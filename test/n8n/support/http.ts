/** An answer that is no success. */
export class HttpError extends Error {
  constructor(readonly status: number, readonly body: string, what: string) {
    super(`${what} answered ${status}: ${body.slice(0, 1000)}`);
  }
}

/**
 * One HTTP call with a JSON body and a JSON answer.
 * @throws HttpError on any status outside 2xx
 */
export async function requestJson<T>(method: string, url: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
  const response = await fetch(url, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new HttpError(response.status, text, `${method} ${url}`);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}
