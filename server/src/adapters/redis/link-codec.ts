import { DomainError, ERROR_CODES, type ErrorCode } from '../../domain/errors.js';

const BYTES = '$bytes';
const ENTRIES = '$entries';

/**
 * Writes a value as JSON in which bytes (`Uint8Array`) come out again as bytes. As in all JSON, what is undefined is left out of an object.
 */
export function encode(value: unknown): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, key, seen: unknown) {
    // A Buffer has turned itself into something else by now.
    const original = this[key];
    if (original instanceof Uint8Array) return { [BYTES]: Buffer.from(original.buffer, original.byteOffset, original.byteLength).toString('base64') };
    // Somebody's own field of that name is none of ours.
    if (isObject(original) && (BYTES in original || ENTRIES in original)) return { [ENTRIES]: Object.entries(original) };
    return seen;
  });
}

/** @throws SyntaxError */
export function decode(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown) => {
    if (!isObject(value)) return value;
    const { [BYTES]: bytes, [ENTRIES]: entries } = value;
    if (typeof bytes === 'string') return new Uint8Array(Buffer.from(bytes, 'base64'));
    return Array.isArray(entries) ? Object.fromEntries(entries as [string, unknown][]) : value;
  });
}

/** A DomainError as it crosses the link. */
export interface ErrorFacts {
  code: ErrorCode;
  message: string;
  hint?: string | undefined;
  field?: string | undefined;
  details: Record<string, string | number | boolean | null>;
}

export function errorFacts({ code, message, hint, field, details }: DomainError): ErrorFacts {
  return { code, message, hint, field, details };
}

/** The error again. A code that only a newer node knows says nothing here. */
export function errorFrom({ code, message, hint, field, details }: ErrorFacts): DomainError {
  return new DomainError(ERROR_CODES.includes(code) ? code : 'internal_error', message, {
    ...(hint === undefined ? {} : { hint }), ...(field === undefined ? {} : { field }), details,
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
