import { steadily } from '../steadily.js';
import type { Cluster } from './cluster.js';
import { contactOf } from './traffic.js';

export interface SynchronousSendsOptions {
  /** Instances, and the number of the phone of each. */
  phones: Map<string, string>;
  /** Milliseconds between two sends. */
  everyMs: number;
}

/** What one send was answered. */
export interface SendOutcome {
  text: string;
  contact: string;
  /** Of the node that was asked. */
  node: string;
  /** Epoch milliseconds at which it was sent, and how long the answer took. */
  at: number;
  tookMs: number;
  /** null: there was none. */
  status: number | null;
  retryAfter: string | null;
  body: { code?: string; messageId?: string; sent?: boolean | null; state?: string; detail?: string };
}

/** An answer that takes longer is none. */
const ANSWERED_WITHIN_MS = 75_000;

/**
 * Synchronous sends over whichever node is next, each once and without a key, so that what an answer says of its own message is all that anybody
 * knows of it. At a steady pace until `stop`, which waits for the answers.
 */
export function startSynchronousSends(cluster: Cluster, { phones, everyMs }: SynchronousSendsOptions) {
  const instances = [...phones];
  const outcomes: SendOutcome[] = [];

  async function send(number: number): Promise<void> {
    const [instanceId, phone] = instances[number % instances.length] as [string, string];
    const node = cluster.next();
    const text = `asked ${number}`;
    const at = Date.now();
    const facts = { text, contact: contactOf(phone), node: node.name, at };
    const note = (answer: Pick<SendOutcome, 'status' | 'retryAfter' | 'body'>) => void outcomes.push({ ...facts, tookMs: Date.now() - at, ...answer });
    try {
      const answer = await node.api.raw(`/instances/${instanceId}/messages/text`, {
        method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ to: facts.contact, text }), signal: AbortSignal.timeout(ANSWERED_WITHIN_MS),
      });
      note({ status: answer.status, retryAfter: answer.headers.get('retry-after'), body: await answer.json() as SendOutcome['body'] });
    } catch (error) {
      note({ status: null, retryAfter: null, body: { detail: String(error) } });
    }
  }

  const end = steadily(everyMs, send);
  return {
    async stop(): Promise<SendOutcome[]> {
      await end();
      return outcomes;
    },
  };
}

/** How often each answer was given: `201`, `503 store_unavailable`, … */
export function countAnswers(outcomes: readonly { status: number | null; body: { code?: string } }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, body } of outcomes) {
    const name = [status ?? 'none', body.code].filter(part => part !== undefined).join(' ');
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
