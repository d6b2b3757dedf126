import { isDomainError, type DomainError, type ErrorCode } from '../domain/errors.js';

/** The only place that maps error codes to HTTP. */
export const HTTP_STATUS: Record<ErrorCode, number> = {
  validation_failed: 400,
  unauthorized: 401,
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
  webhook_not_found: 404,
  delivery_not_found: 404,
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
  overloaded: 503,
  not_ready: 503,
  shutting_down: 503,
  internal_error: 500,
};

/** Short, the same for every occurrence of a code (RFC 9457, section 3.1.3). */
export const PROBLEM_TITLES: Record<ErrorCode, string> = {
  validation_failed: 'The request is not valid',
  unauthorized: 'A valid API key is needed',
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
  webhook_not_found: 'No such webhook',
  delivery_not_found: 'No such delivery',
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
