import { CommandError } from './command-error.js';
import type { GatewayAddress } from './find-gateway.js';

/** REST as the commands use it. */
export interface GatewayClient {
  readonly url: string;
  /**
   * The answer's body; null where it has none.
   * @throws CommandError for every other answer than 2xx, and for none at all
   */
  call<T = unknown>(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown, timeoutMs?: number): Promise<T>;
}

/** The slowest call of all may pass through another node and wait there. */
const TIMEOUT_MS = 60_000;

interface Problem { code?: string; detail?: string; hint?: string }

export function createGatewayClient({ url, key, by }: GatewayAddress): GatewayClient {
  const base = url.replace(/\/+$/, '');

  async function send(method: string, path: string, body: unknown, timeoutMs: number): Promise<Response> {
    try {
      return await fetch(`${base}${path}`, {
        method,
        headers: { 'x-api-key': key, accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(timeoutMs),
        redirect: 'manual',
      });
    } catch (cause) {
      throw new CommandError(`No gateway answers at ${base} (${reasonOf(cause)}). Is it running? Look at its log; for another address use --url or CHASQUI_URL.`, null, { cause });
    }
  }

  return {
    url: base,
    async call<T>(method: string, path: string, body?: unknown, timeoutMs = TIMEOUT_MS): Promise<T> {
      const response = await send(method, path, body, timeoutMs);
      const text = await response.text().catch(() => '');
      const json = parse(text);
      if (response.ok && (text === '' || json !== undefined)) return (json ?? null) as T;
      const problem = (json ?? {}) as Problem;
      if (response.ok || typeof problem.code !== 'string') throw new CommandError(`What answers at ${base} is no Chasqui gateway: ${method} ${path} got ${response.status}. Check the address (--url, CHASQUI_URL).`);
      if (problem.code === 'unauthorized') throw new CommandError(`The gateway at ${base} does not take this key (${by}). Check CHASQUI_API_KEY; a gateway that was restarted has to be asked anew.`, problem.code);
      throw new CommandError([problem.detail, problem.hint].filter(Boolean).join(' '), problem.code);
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** What the system said: fetch hides it in a cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof AggregateError) return reasonOf(cause.errors[0]);
  if (!(cause instanceof Error)) return 'no answer';
  return cause.name === 'TimeoutError' ? 'no answer in time' : cause.message;
}
