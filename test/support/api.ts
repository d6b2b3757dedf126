import { until } from './until.js';

/** A small REST client for tests. Every call says which status it expects; another one fails with the answer in the message. */
export interface Api {
  get(path: string, status?: number, headers?: Record<string, string>): Promise<unknown>;
  post(path: string, body: unknown, status: number, headers?: Record<string, string>): Promise<unknown>;
  patch(path: string, body: unknown, status?: number): Promise<unknown>;
  remove(path: string, status?: number): Promise<unknown>;
  /** The raw answer, for whatever is not JSON. */
  raw(path: string, init?: RequestInit): Promise<Response>;
  untilStatus(instanceId: string, status: string, timeoutMs?: number): Promise<void>;
}

export function api(baseUrl: string, key: string): Api {
  const raw: Api['raw'] = (path, init = {}) => fetch(baseUrl + path, { ...init, headers: { 'x-api-key': key, ...init.headers } });

  async function call(method: string, path: string, body: unknown, status: number, headers: Record<string, string> = {}): Promise<unknown> {
    const response = await raw(path, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (response.status !== status) throw new Error(`${method} ${path} answered ${response.status}, not ${status}: ${text}`);
    return text === '' ? null : JSON.parse(text) as unknown;
  }

  return {
    get: (path, status = 200, headers) => call('GET', path, undefined, status, headers),
    post: (path, body, status, headers) => call('POST', path, body, status, headers),
    patch: (path, body, status = 200) => call('PATCH', path, body, status),
    remove: (path, status = 200) => call('DELETE', path, undefined, status),
    raw,
    async untilStatus(instanceId, status, timeoutMs = 15_000) {
      let seen: unknown = null;
      await until(`${instanceId} is ${status}`, async () => {
        const now = await call('GET', `/instances/${instanceId}/status`, undefined, 200) as { status: string };
        seen = now;
        return now.status === status;
      }, timeoutMs).catch(() => {
        throw new Error(`instance ${instanceId} did not become ${status}: ${JSON.stringify(seen)}`);
      });
    },
  };
}
