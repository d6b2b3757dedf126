import { Agent, request } from 'undici';
import type { Dispatcher } from 'undici';
import type { Clock } from '../../ports/clock.js';
import type { WebhookRequest, WebhookResponse, WebhookSender } from '../../ports/webhook-sender.js';
import type { ConnectionGuard } from '../outgoing/address-guard.js';
import { failureSentence } from './failure-sentence.js';

/** Enough for a receiver's usual answer, so that its connection can serve again; a longer one costs the connection. */
const MAX_ANSWER_BYTES = 64 * 1024;

export interface UndiciSenderDeps {
  clock: Clock;
  /** Where receivers may be. */
  guard: Pick<ConnectionGuard, 'connector'>;
  /** PEM certificates to trust instead of Node's own list. */
  ca?: string | undefined;
}

/**
 * Posts by undici, one pool of kept-alive connections per origin. How many requests run at once is the dispatcher's
 * business: a limit here would let one receiver wait for another of the same origin.
 */
export function createUndiciSender({ clock, guard, ca }: UndiciSenderDeps): WebhookSender {
  const agent = new Agent({ pipelining: 1, connect: guard.connector(ca === undefined ? {} : { ca }) });
  let closed: Promise<void> | null = null;

  async function post({ url, headers, body, timeoutMs, signal }: WebhookRequest): Promise<WebhookResponse> {
    const abort = new AbortController();
    const giveUp = () => abort.abort();
    let timedOut = false;
    const cancelTimer = clock.after(timeoutMs, () => { timedOut = true; abort.abort(); });
    signal?.addEventListener('abort', giveUp);
    if (signal?.aborted) abort.abort();
    try {
      const response = await request(url, { dispatcher: agent, method: 'POST', headers, body, signal: abort.signal });
      // The status decides; what happens to the rest of the answer does not matter any more.
      await response.body.dump({ limit: MAX_ANSWER_BYTES, signal: abort.signal }).catch(() => undefined);
      return answered(response);
    } catch (error) {
      const sentence = timedOut ? `The receiver did not answer within ${timeoutMs / 1000} s.` : failureSentence(error);
      return { status: null, retryAfter: null, error: sentence };
    } finally {
      cancelTimer();
      signal?.removeEventListener('abort', giveUp);
    }
  }

  return {
    post,
    close: () => (closed ??= agent.destroy()),
  };
}

function answered({ statusCode, headers }: Dispatcher.ResponseData): WebhookResponse {
  const retryAfter = headers['retry-after'];
  return {
    status: statusCode,
    retryAfter: (Array.isArray(retryAfter) ? retryAfter[0] : retryAfter) ?? null,
    error: statusCode >= 300 && statusCode < 400
      ? `The receiver answered with a redirect (${statusCode}), which is not followed. Give the webhook the final URL.`
      : null,
  };
}
