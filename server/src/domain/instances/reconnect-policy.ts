/** Why a socket closed, in the domain's words. The adapter maps WhatsApp's codes to these; `deaf` is the gateway's own finding: connected, and nothing is answered. */
export const CLOSE_CAUSES = [
  'restart_required',
  'connection_lost',
  'timed_out',
  'unavailable',
  'server_error',
  'deaf',
  'qr_expired',
  'replaced',
  'logged_out',
  'banned',
  'multidevice_mismatch',
  'client_outdated',
] as const;
export type CloseCause = (typeof CLOSE_CAUSES)[number];

const SECOND = 1_000;

interface Backoff { firstMs: number; maxMs: number }

/** null: never by itself. */
const BACKOFF: Record<CloseCause, Backoff | null> = {
  restart_required: { firstMs: 1 * SECOND, maxMs: 60 * SECOND },
  connection_lost: { firstMs: 1 * SECOND, maxMs: 60 * SECOND },
  timed_out: { firstMs: 2 * SECOND, maxMs: 60 * SECOND },
  unavailable: { firstMs: 2 * SECOND, maxMs: 300 * SECOND },
  server_error: { firstMs: 2 * SECOND, maxMs: 300 * SECOND },
  deaf: { firstMs: 1 * SECOND, maxMs: 60 * SECOND },
  qr_expired: null,
  replaced: null,
  logged_out: null,
  banned: null,
  multidevice_mismatch: null,
  client_outdated: null,
};

/**
 * How long to wait before connecting again: exponential in the number of failures since the last success, capped by
 * cause. null where connecting again by itself would do harm. Jitter is the caller's.
 * @param failures 0 for the first failure
 */
export function reconnectDelayMs(cause: CloseCause, failures: number): number | null {
  const backoff = BACKOFF[cause];
  return backoff && Math.min(backoff.firstMs * 2 ** Math.min(failures, 16), backoff.maxMs);
}
