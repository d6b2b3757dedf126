/**
 * Every failure a caller can see. The code is part of the API and never changes its meaning;
 * `http/problem.ts` is the only place that maps codes to HTTP.
 */
export const ERROR_CODES = [
  'validation_failed',
  'unauthorized',
  'forbidden',
  'rate_limited',
  'route_not_found',
  'method_not_allowed',
  'unsupported_media_type',
  'payload_too_large',
  'instance_not_found',
  'instance_exists',
  'instance_deleted',
  'instance_not_connected',
  'already_connected',
  'qr_not_available',
  'pairing_failed',
  'message_not_found',
  'media_not_found',
  'media_unavailable',
  'media_fetch_failed',
  'media_too_large',
  'address_not_allowed',
  'webhook_not_found',
  'delivery_not_found',
  'key_not_found',
  'no_session',
  'last_admin_key',
  'backup_not_found',
  'backup_not_restorable',
  'rotation_pending',
  'recipient_invalid',
  'recipient_not_on_whatsapp',
  'quoted_message_not_found',
  'idempotency_key_reused',
  'message_not_cancellable',
  'message_failed',
  'not_a_dead_letter',
  'whatsapp_ack_timeout',
  'whatsapp_rejected',
  'whatsapp_unavailable',
  'instance_unowned',
  'owner_unreachable',
  'store_unavailable',
  'overloaded',
  'not_ready',
  'shutting_down',
  'internal_error',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export interface DomainErrorOptions {
  /** What to do next, one sentence for a person. */
  hint?: string;
  /** The offending field of the request, as a dotted path. */
  field?: string;
  /** Further members for the problem document, JSON-safe and never secret. */
  details?: Record<string, string | number | boolean | null>;
  cause?: unknown;
}

/** A failure with a stable code, a sentence for a person, and what to do next. */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly field: string | undefined;
  readonly details: Record<string, string | number | boolean | null>;

  constructor(code: ErrorCode, message: string, options: DomainErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.field = options.field;
    this.details = options.details ?? {};
  }
}

export function isDomainError(error: unknown): error is DomainError {
  return error instanceof DomainError;
}

/** Whether it only says that the store cannot be reached now. That passes; and whoever talks to the store has told the log, once for all who met it. */
export function isStoreAway(error: unknown): error is DomainError {
  return isDomainError(error) && error.code === 'store_unavailable';
}

/** Whether it says nothing about what was to be stored: the store was away, or another node owns the instance, which does the same. */
export function isPassing(error: unknown): error is DomainError {
  return isStoreAway(error) || (isDomainError(error) && error.code === 'instance_unowned');
}
