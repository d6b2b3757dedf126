import { SandboxError } from './sandbox-error.js';

/** A little above the longest time that the gateway takes: it waits 30 s for WhatsApp's acknowledgement. */
const ANSWER_WITHIN_MS = 40_000;

/** An answer that is not 2xx. */
export class ApiError extends SandboxError {
  /** @param code the stable code of the problem, where there is one */
  constructor(message: string, readonly code: string | undefined) {
    super(message);
  }
}

/** The gateway's problem+json has a detail, the simulator's errors a message. */
interface Refusal { code?: string; detail?: string; message?: string }

export interface Api {
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body?: object): Promise<T>;
  delete(path: string): Promise<void>;
}

/**
 * JSON over HTTP, for the gateway and for the simulator's control API. Callers say what shape they expect.
 * Its functions throw ApiError with the reason that the server gave.
 */
export function createApi(baseUrl: string, headers: Record<string, string>, signal: AbortSignal): Api {
  async function call(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(new URL(path, baseUrl), {
      method,
      headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
    });
    const answer: unknown = response.status === 204 ? undefined : await response.json();
    if (response.ok) return answer;
    const { code, detail, message } = answer as Refusal;
    throw new ApiError(`${method} ${response.url} answered ${response.status}: ${detail ?? message}`, code);
  }

  return {
    get: async <T>(path: string) => await call('GET', path) as T,
    post: async <T>(path: string, body?: object) => await call('POST', path, body) as T,
    delete: async path => void await call('DELETE', path),
  };
}
