import { Type } from 'typebox';
import { ERROR_CODES, type ErrorCode } from '../../domain/errors.js';
import { HTTP_STATUS, PROBLEM_TITLES } from '../problem.js';
import { Words } from './common.js';

export const ProblemSchema = Type.Object({
  type: Type.String({ description: 'A URI that names the kind of problem; it does not have to lead anywhere.', examples: ['urn:chasqui:problem:instance_not_found'] }),
  title: Type.String({ description: 'The kind of problem in words; the same for every occurrence.' }),
  status: Type.Integer({ description: 'The HTTP status.' }),
  detail: Type.String({ description: 'What happened this time, for a person.' }),
  code: Words(ERROR_CODES, { description: 'Stable: programs decide by this.' }),
  field: Type.Optional(Type.String({ description: 'The offending field of the request, as a dotted path.' })),
  hint: Type.Optional(Type.String({ description: 'What to do about it.' })),
  requestId: Type.String({ description: 'Names the request in the log; also in the header x-request-id.' }),
}, {
  $id: 'Problem',
  additionalProperties: true,
  description: 'RFC 9457 problem document. Some codes add members, such as WhatsApp\'s own error code.',
});

/** Codes that any route with a key may answer. */
const ALWAYS: ErrorCode[] = ['unauthorized', 'forbidden', 'rate_limited', 'instance_unowned', 'owner_unreachable', 'store_unavailable', 'overloaded', 'not_ready', 'shutting_down', 'internal_error'];

/**
 * Response schemas for the problems a route may answer, one per HTTP status. The type is empty on purpose: a handler
 * throws problems, it does not return them.
 */
export function problems(...codes: ErrorCode[]): Record<never, never> {
  return responsesFor([...codes, ...ALWAYS]);
}

/** The same for a route that everybody may call. */
export function openProblems(...codes: ErrorCode[]): Record<never, never> {
  return responsesFor([...codes, 'internal_error']);
}

function responsesFor(codes: ErrorCode[]): Record<number, object> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) byStatus.set(HTTP_STATUS[code], [...(byStatus.get(HTTP_STATUS[code]) ?? []), code]);
  return Object.fromEntries([...byStatus].map(([status, group]) => [status, {
    description: group.map(code => `${code}: ${PROBLEM_TITLES[code]}`).join('; '),
    content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } },
  }]));
}
