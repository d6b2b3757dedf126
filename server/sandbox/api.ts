import { setTimeout as pause } from 'node:timers/promises';
import { SandboxError } from './sandbox-error.js';

/** A little above the longest time that the gateway takes: it waits 30 s for WhatsApp's acknowledgement. */
const ANSWER_WITHIN_MS = 40_000;
/** A cluster whose nodes are busy may not have an owner for an instance at once. */
const TRIES = 15;
const BETWEEN_TRIES_MS = 2_000;

/** An answer that is not 2xx. */
export class ApiError extends SandboxError {
  /** @param code the stable code of the problem, where there is one */
  constructor(message: string, readonly code: string | undefined) {
    super(message);
  }
}

/** The gateway's problem+json has a detail, the simulator's errors a message. */
interface Refusal { code?: string; detail?: string; message?: string; reached?: boolean; sent?: boolean }

export interface Api {
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body?: object): Promise<T>;
  delete(path: string): Promise<void>;
}

/**
 * JSON over HTTP, for the gateway and for the simulator's control API. Callers say what shape they expect.
 * What a cluster certainly has not done, and can do in a moment, is asked for again.
 * Its functions throw ApiError with the reason that the server gave.
 */
export function createApi(baseUrl: string, headers: Record<string, string>, signal: AbortSignal): Api {
  async function call(method: string, path: string, body?: object, tries = TRIES): Promise<unknown> {
    const response = await fetch(new URL(path, baseUrl), {
      method,
      headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
    });
    const answer: unknown = response.status === 204 ? undefined : await response.json();
    if (response.ok) return answer;
    const refusal = answer as Refusal;
    const { code, detail, message } = refusal;
    if (tries > 1 && response.status === 503 && wasNotDone(refusal)) {
      await pause(BETWEEN_TRIES_MS, undefined, { signal });
      return call(method, path, body, tries - 1);
    }
    throw new ApiError(`${method} ${response.url} answered ${response.status}: ${detail ?? message}`, code);
  }

  return {
    get: async <T>(path: string) => await call('GET', path) as T,
    post: async <T>(path: string, body?: object) => await call('POST', path, body) as T,
    delete: async path => void await call('DELETE', path),
  };
}

function wasNotDone({ code, reached, sent }: Refusal): boolean {
  return code === 'instance_unowned' || (code === 'owner_unreachable' && (reached === false || sent === false));
}
