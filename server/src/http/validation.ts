import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { DomainError } from '../domain/errors.js';
import { describeSchemaErrors, type SchemaError } from './validation-messages.js';

type Check = (value: unknown) => DomainError | null;

/** Compiles a schema into a check that answers what is wrong, in words for a person. Nothing is coerced or removed. */
export function compileCheck(schema: TSchema, part = 'body'): Check {
  const compiled = Compile(schema);
  return value => {
    if (compiled.Check(value)) return null;
    // Fastify gives null for none.
    if (value === undefined || value === null) return new DomainError('validation_failed', `The ${part} is missing.`, { hint: 'Send JSON, with Content-Type: application/json.' });
    const { field, detail, hint } = describeSchemaErrors(compiled.Errors(value) as SchemaError[], schema, part);
    return new DomainError('validation_failed', detail, { ...(field ? { field } : {}), ...(hint ? { hint } : {}) });
  };
}

/**
 * Fastify's validator. Bodies are taken as they are; a query string, which only knows text, has numbers and booleans
 * read by its schema. A multipart body is a stream at this point: its route checks the fields once they have been read.
 */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = context => {
  const contentType = (context as { contentType?: string }).contentType;
  if (contentType === 'multipart/form-data') return () => ({ value: undefined });
  const part = context.httpPart === 'querystring' ? 'query' : context.httpPart ?? 'body';
  const check = compileCheck(context.schema, part);
  const read = part === 'query' ? queryReader(context.schema) : (value: unknown) => value;
  return (value: unknown) => {
    const candidate = read(value);
    const error = check(candidate);
    return error ? { error } : { value: candidate };
  };
};

const BOOLEANS: Record<string, boolean> = { true: true, false: false, 1: true, 0: false };

/** Reads integers and booleans of a query string; what does not look like one stays text and fails the check. */
function queryReader(schema: TSchema): (value: unknown) => unknown {
  const { properties = {} } = schema as { properties?: Record<string, { type?: string }> };
  return value => Object.fromEntries(Object.entries(value as Record<string, unknown>).map(([name, text]) => {
    const type = properties[name]?.type;
    if (typeof text !== 'string') return [name, text];
    if (type === 'integer' && /^-?\d{1,15}$/.test(text)) return [name, Number(text)];
    if (type === 'boolean' && Object.hasOwn(BOOLEANS, text)) return [name, BOOLEANS[text]];
    return [name, text];
  }));
}
