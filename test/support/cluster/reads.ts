import { api } from '../api.js';
import { steadily } from '../steadily.js';
import type { Cluster } from './cluster.js';

export interface ReadsOptions {
  instanceIds: string[];
  /** An API key, which may be one that the database holds. */
  key: string;
  /** Milliseconds between two reads. */
  everyMs: number;
}

/** What one read was answered. */
export interface ReadOutcome {
  path: string;
  /** Epoch milliseconds at which it was asked, and how long the answer took. */
  at: number;
  tookMs: number;
  /** null: there was none. */
  status: number | null;
  retryAfter: string | null;
  body: { code?: string; status?: string; detail?: string };
}

const PATHS = ['/instances', '/instances/:id', '/instances/:id/status', '/instances/:id/messages?limit=5', '/instances/:id/webhooks', '/health', '/ready'];

/** What a workflow or a monitor looks at, over whichever node is next, at a steady pace until `stop`. */
export function startReads(cluster: Cluster, { instanceIds, key, everyMs }: ReadsOptions) {
  const outcomes: ReadOutcome[] = [];

  async function read(number: number): Promise<void> {
    const instanceId = instanceIds[number % instanceIds.length] ?? '';
    const path = (PATHS[number % PATHS.length] ?? '').replace(':id', instanceId);
    const at = Date.now();
    const note = (answer: Pick<ReadOutcome, 'status' | 'retryAfter' | 'body'>) => void outcomes.push({ path, at, tookMs: Date.now() - at, ...answer });
    try {
      const answer = await api(cluster.next().url, key).raw(path, { signal: AbortSignal.timeout(60_000) });
      note({ status: answer.status, retryAfter: answer.headers.get('retry-after'), body: await answer.json() as ReadOutcome['body'] });
    } catch (error) {
      note({ status: null, retryAfter: null, body: { detail: String(error) } });
    }
  }

  const end = steadily(everyMs, read);
  return {
    /** Of reads that were begun in that time, epoch milliseconds, and answered. */
    between: (from: number, until: number): ReadOutcome[] => outcomes.filter(({ at }) => at >= from && at < until),
    async stop(): Promise<ReadOutcome[]> {
      await end();
      return outcomes;
    },
  };
}
