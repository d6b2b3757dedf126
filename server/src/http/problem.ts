import { isDomainError, type DomainError, type ErrorCode } from '../domain/errors.js';

/** The only place that maps error codes to HTTP. */
export const HTTP_STATUS: Record<ErrorCode, number> = {
  validation_failed: 400,
  unauthorized: 401,
  forbidden: 403,
  rate_limited: 429,
  route_not_found: 404,
  method_not_allowed: 405,
  unsupported_media_type: 415,
  payload_too_large: 413,
  instance_not_found: 404,
  instance_exists: 409,
  instance_deleted: 409,
  instance_not_connected: 409,
  already_connected: 409,
  qr_not_available: 409,
  pairing_failed: 502,
  message_not_found: 404,
  media_not_found: 404,
  media_unavailable: 502,
  media_fetch_failed: 422,
  media_too_large: 413,
  address_not_allowed: 422,
  webhook_not_found: 404,
  delivery_not_found: 404,
  key_not_found: 404,
  no_session: 409,
  last_admin_key: 409,
  backup_not_found: 404,
  backup_not_restorable: 409,
  rotation_pending: 409,
  recipient_invalid: 400,
  recipient_not_on_whatsapp: 422,
  quoted_message_not_found: 422,
  idempotency_key_reused: 422,
  message_not_cancellable: 409,
  message_failed: 502,
  not_a_dead_letter: 409,
  whatsapp_ack_timeout: 504,
  whatsapp_rejected: 502,
  whatsapp_unavailable: 503,
  instance_unowned: 503,
  owner_unreachable: 503,
  store_unavailable: 503,
  overloaded: 503,
  not_ready: 503,
  shutting_down: 503,
  internal_error: 500,
};

/** When to try again, in seconds, where it is not the usual time after a 503. */
const RETRY_AFTER_S: Partial<Record<ErrorCode, number>> = {
  // A node that leaves in order has its instances taken over within five.
  instance_unowned: 2,
};
const USUAL_RETRY_AFTER_S = 5;

/** What Retry-After says for a failure; null where it says nothing. */
export function retryAfterOf({ code, details }: DomainError): number | null {
  if (code === 'rate_limited') return typeof details.retryAfterSeconds === 'number' ? details.retryAfterSeconds : null;
  return HTTP_STATUS[code] === 503 ? RETRY_AFTER_S[code] ?? USUAL_RETRY_AFTER_S : null;
}

/** Short, the same for every occurrence of a code (RFC 9457, section 3.1.3). */
export const PROBLEM_TITLES: Record<ErrorCode, string> = {
  validation_failed: 'The request is not valid',
  unauthorized: 'A valid API key is needed',
  forbidden: 'The API key does not permit this',
  rate_limited: 'Too many requests',
  route_not_found: 'There is nothing at this address',
  method_not_allowed: 'This address does not take that method',
  unsupported_media_type: 'The content type is not supported',
  payload_too_large: 'The request body is too large',
  instance_not_found: 'No such instance',
  instance_exists: 'The instance id is taken',
  instance_deleted: 'The instance is deleted',
  instance_not_connected: 'The instance is not connected',
  already_connected: 'The instance is connected already',
  qr_not_available: 'There is no QR code',
  pairing_failed: 'Pairing failed',
  message_not_found: 'No such message',
  media_not_found: 'The message has no media',
  media_unavailable: 'The media cannot be had from WhatsApp',
  media_fetch_failed: 'The media could not be fetched',
  media_too_large: 'The media is too large',
  address_not_allowed: 'The gateway must not call this address',
  webhook_not_found: 'No such webhook',
  delivery_not_found: 'No such delivery',
  key_not_found: 'No such API key',
  no_session: 'There is no session',
  last_admin_key: 'The last admin key is needed',
  backup_not_found: 'No such backup',
  backup_not_restorable: 'The backup cannot be restored',
  rotation_pending: 'A change of the master key is under way',
  recipient_invalid: 'The recipient is not valid',
  recipient_not_on_whatsapp: 'The recipient is not on WhatsApp',
  quoted_message_not_found: 'The quoted message is not known',
  idempotency_key_reused: 'The idempotency key belongs to another request',
  message_not_cancellable: 'The message can no longer be cancelled',
  message_failed: 'The message failed',
  not_a_dead_letter: 'The message is not a dead letter',
  whatsapp_ack_timeout: 'WhatsApp did not acknowledge in time',
  whatsapp_rejected: 'WhatsApp refused',
  whatsapp_unavailable: 'WhatsApp cannot be reached',
  instance_unowned: 'No node owns the instance at the moment',
  owner_unreachable: 'The node that owns the instance cannot be reached',
  store_unavailable: 'The database cannot be reached',
  overloaded: 'The gateway is overloaded',
  not_ready: 'The gateway is starting',
  shutting_down: 'The gateway is shutting down',
  internal_error: 'Something went wrong inside the gateway',
};

/** The body of an `application/problem+json` answer (RFC 9457), with further members from the error's details. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ErrorCode;
  field?: string;
  hint?: string;
  requestId: string;
  [detail: string]: string | number | boolean | null | undefined;
}

/** Makes the document for a failure. What an unexpected failure says stays in the log. */
export function toProblem(error: DomainError, requestId: string): Problem {
  const { code } = error;
  const hidden = code === 'internal_error';
  return {
    ...(hidden ? {} : error.details),
    type: `urn:chasqui:problem:${code}`,
    title: PROBLEM_TITLES[code],
    status: HTTP_STATUS[code],
    detail: hidden ? 'The gateway met an unexpected failure; its log tells more under this request id.' : error.message,
    code,
    ...(error.field === undefined ? {} : { field: error.field }),
    ...(error.hint === undefined || hidden ? {} : { hint: error.hint }),
    requestId,
  };
}

/** The HTTP status for any failure. */
export function statusOf(error: unknown): number {
  return isDomainError(error) ? HTTP_STATUS[error.code] : 500;
}
