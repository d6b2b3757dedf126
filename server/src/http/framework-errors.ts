import { DomainError, isDomainError, type ErrorCode } from '../domain/errors.js';

interface Known { code: ErrorCode; message: string; hint?: string }

/** What Fastify and its multipart plugin may throw before a route runs, by their own codes. */
const KNOWN: Record<string, Known> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'unsupported_media_type',
    message: 'The body has a content type that this address does not take.',
    hint: 'Send application/json, or multipart/form-data where media is uploaded.',
  },
  FST_ERR_CTP_INVALID_JSON_BODY: { code: 'validation_failed', message: 'The body is not valid JSON.' },
  FST_ERR_CTP_EMPTY_JSON_BODY: { code: 'validation_failed', message: 'The body is empty; JSON is expected.' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: { code: 'validation_failed', message: 'The body is not as long as Content-Length says.' },
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'payload_too_large', message: 'The body is larger than this address accepts.' },
  FST_ERR_BAD_URL: { code: 'validation_failed', message: 'The address is not a valid URL path.' },
  FST_ERR_MAX_PARAM_LENGTH: { code: 'validation_failed', message: 'A part of the address is too long.' },
  FST_INVALID_MULTIPART_CONTENT_TYPE: { code: 'unsupported_media_type', message: 'The body is not multipart/form-data.' },
  FST_PARTS_LIMIT: { code: 'validation_failed', message: 'The form has too many parts.' },
  FST_FIELDS_LIMIT: { code: 'validation_failed', message: 'The form has too many fields.' },
  FST_FILES_LIMIT: { code: 'validation_failed', message: 'The form has more than one file.' },
  FST_PROTO_VIOLATION: { code: 'validation_failed', message: 'The form has a field with a name that is not allowed.' },
  FST_INVALID_JSON_FIELD_ERROR: { code: 'validation_failed', message: 'A JSON field of the form is not valid JSON.' },
  FST_MP_PREMATURE_CLOSE: { code: 'validation_failed', message: 'The upload ended before the form was complete.' },
};

/** Says any failure in the domain's words. What is not known becomes `internal_error`, with its cause for the log. */
export function toDomainError(error: unknown): DomainError {
  if (isDomainError(error)) return error;
  const { code, statusCode } = shapeOf(error);
  const known = KNOWN[code];
  if (known) {
    return new DomainError(known.code, known.message, { cause: error, ...(known.hint ? { hint: known.hint } : {}) });
  }
  if (statusCode === 413) return new DomainError('payload_too_large', 'The body is larger than this address accepts.', { cause: error });
  if (statusCode >= 400 && statusCode < 500) {
    return new DomainError('validation_failed', error instanceof SyntaxError ? 'The body is not valid JSON.' : 'The request could not be read.', { cause: error });
  }
  return new DomainError('internal_error', 'Unexpected failure.', { cause: error });
}

function shapeOf(error: unknown): { code: string; statusCode: number } {
  if (typeof error !== 'object' || error === null) return { code: '', statusCode: 0 };
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  return { code: typeof code === 'string' ? code : '', statusCode: typeof statusCode === 'number' ? statusCode : 0 };
}
