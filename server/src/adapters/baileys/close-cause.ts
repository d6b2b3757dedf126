import type { CloseCause } from '../../domain/instances/reconnect-policy.js';
import type { SocketClose } from '../../ports/whatsapp-client.js';

const CAUSE_BY_CODE: Record<number, CloseCause> = {
  401: 'logged_out',
  403: 'banned',
  405: 'client_outdated',
  408: 'timed_out',
  411: 'multidevice_mismatch',
  428: 'connection_lost',
  440: 'replaced',
  500: 'server_error',
  503: 'unavailable',
  515: 'restart_required',
};

/**
 * What a Baileys close means. 408 stands for two things that only the text tells apart, and 500 is called `badSession` there but
 * covers TLS and other errors as well: credentials are never thrown away for it.
 */
export function readClose(error: unknown): SocketClose {
  const code = statusCode(error);
  const message = error instanceof Error ? error.message : 'The connection was closed.';
  if (code === 408 && message.includes('QR refs')) return { cause: 'qr_expired', code, message };
  return { cause: (code !== null && CAUSE_BY_CODE[code]) || 'connection_lost', code, message };
}

/** Boom keeps it under `output`; Baileys does not export the class. */
function statusCode(error: unknown): number | null {
  if (typeof error !== 'object' || error === null || !('output' in error)) return null;
  const { output } = error;
  if (typeof output !== 'object' || output === null || !('statusCode' in output)) return null;
  return typeof output.statusCode === 'number' ? output.statusCode : null;
}
