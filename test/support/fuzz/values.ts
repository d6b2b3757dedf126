import fc from 'fast-check';
import type { Schema } from './operations.js';

/** What has broken programs before, as text. */
export const ODD_TEXTS = [
  '', ' ', '\u0000', '\r\nx-odd: 1', '../../etc/passwd', '%00', '%', '💥'.repeat(40), 'x'.repeat(5_000), '\'"<>&;--', '__proto__', 'constructor', 'toString', '-1', '1e999', 'NaN', 'null', 'undefined',
  '\ud800', 'ﷺ', '\u202e', 'true', '0', '9'.repeat(40), '2025-02-30T25:61:00Z', '+275760-09-13T00:00:00.001Z', '0000-01-01T00:00:00Z', 'data:,', 'javascript:alert(1)', '{{7*7}}', '$where', '*', 'me', 'status@broadcast', '1@g.us', '0@lid', '@s.whatsapp.net',
];

/** Addresses that lead nowhere: a name that nobody can have, a port where nobody listens, and what is none. */
const ODD_URLS = ['http://chasqui.invalid/hook', 'http://127.0.0.1:9/', 'https://127.0.0.1:9/x.png', 'http://169.254.169.254/', 'http://[::1]:9/', 'http://2130706433:9/', 'file:///etc/passwd', 'http://', 'http://user:pass@chasqui.invalid/', 'http://chasqui.invalid:99999/', 'ftp://chasqui.invalid/', '//chasqui.invalid', 'http://[::', 'http://chasqui.invalid/\u0000', 'http://[fe80::1%25eth0]/'];

const ODD_NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'a/b~c', '', 'odd', 'instanceId', 'scopes', 'hash', 'length', '$ref', '0'];

export const oddText: fc.Arbitrary<string> = fc.oneof(fc.constantFrom(...ODD_TEXTS), fc.string({ unit: 'binary', maxLength: 40 }), fc.string({ maxLength: 300 }));

/** Anything that JSON can say. */
export const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  oddText, fc.constantFrom<unknown>(null, true, false, 0, -0, -1, 1e308, 2 ** 53, -(2 ** 63), 0.1, [], {}, [[]], [null]),
  fc.jsonValue({ maxDepth: 3 }), fc.dictionary(fc.constantFrom(...ODD_NAMES), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 4 }),
);

export type Resolve = (schema: Schema) => Schema;

/** Mostly what the schema asks for: its own examples, and what keeps to its bounds. */
export function valueOf(schema: Schema, resolve: Resolve, name = ''): fc.Arbitrary<unknown> {
  const node = resolve(schema);
  const examples = (node.examples ?? []).map(example => JSON.parse(JSON.stringify(example).replaceAll('example.com', 'chasqui.invalid')) as unknown);
  const typed = typedValue(node, resolve, name);
  return examples.length === 0 ? typed : fc.oneof({ weight: 1, arbitrary: fc.constantFrom(...examples) }, { weight: 2, arbitrary: typed });
}

function typedValue(node: Schema, resolve: Resolve, name: string): fc.Arbitrary<unknown> {
  if (node.const !== undefined) return fc.constant(node.const);
  if (node.enum) return fc.constantFrom(...node.enum);
  const choices = node.anyOf ?? node.oneOf;
  if (choices) return fc.oneof(...choices.map(choice => valueOf(choice, resolve, name)));
  if (Array.isArray(node.type)) return fc.oneof(...node.type.map(type => typedValue({ ...node, type }, resolve, name)));
  switch (node.type) {
    case 'string': return textOf(node, name);
    case 'integer': return fc.oneof(fc.integer(boundsOf(node)), fc.constantFrom(node.minimum ?? 0, Math.min(node.maximum ?? 1, 1_000_000)));
    case 'number': return fc.double({ ...boundsOf(node), noNaN: true });
    case 'boolean': return fc.boolean();
    case 'null': return fc.constant(null);
    case 'array': return fc.array(valueOf(node.items ?? {}, resolve), { minLength: node.minItems ?? 0, maxLength: Math.min(node.maxItems ?? 3, 3) });
    case 'object': return objectOf(node, resolve);
    default: return oddValue;
  }
}

function boundsOf({ minimum = -1_000, maximum = 1_000_000 }: Schema): { min: number; max: number } {
  return { min: minimum, max: Math.max(minimum, Math.min(maximum, 1_000_000)) };
}

function textOf({ format, pattern, minLength = 0, maxLength = 200 }: Schema, name: string): fc.Arbitrary<string> {
  if (/url$/i.test(name)) return fc.constantFrom(...ODD_URLS);
  if (name === 'to') return fc.oneof({ weight: 4, arbitrary: fc.constantFrom('+1 555 000 2222', '15550003333@s.whatsapp.net', '999123', '123@g.us', '1@lid') }, { weight: 1, arbitrary: fc.string({ maxLength: 30 }) });
  if (name === 'base64') return fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes).toString('base64'));
  if (format === 'date-time') return fc.date({ min: new Date('2020-01-01'), max: new Date('2040-01-01'), noInvalidDate: true }).map(date => date.toISOString());
  if (pattern !== undefined) {
    try {
      return fc.stringMatching(new RegExp(pattern, 'u'));
    } catch {
      // Not every expression can be turned round.
    }
  }
  return fc.string({ minLength, maxLength: Math.max(minLength, Math.min(maxLength, 200)) });
}

function objectOf({ properties = {}, required = [], additionalProperties, patternProperties }: Schema, resolve: Resolve): fc.Arbitrary<unknown> {
  const model = Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, valueOf(schema, resolve, name)]));
  const open = Object.values(patternProperties ?? {})[0] ?? (typeof additionalProperties === 'object' ? additionalProperties : null);
  if (open) return fc.dictionary(fc.string({ maxLength: 20 }), valueOf(open, resolve), { maxKeys: 4 });
  return fc.record(model, { requiredKeys: required.filter(name => name in model) });
}

/** A good value, or one with a single thing wrong, or nonsense. */
export function bent(good: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 3, arbitrary: good },
    { weight: 5, arbitrary: fc.tuple(good, fc.nat(), fc.oneof({ weight: 3, arbitrary: oddValue }, { weight: 1, arbitrary: fc.constant(undefined) }), fc.boolean(), fc.constantFrom(...ODD_NAMES)).map(bend) },
    { weight: 1, arbitrary: oddValue },
  );
}

/** Puts something else in the place of one member, or adds one; undefined takes it away. */
function bend([value, at, odd, adds, name]: [unknown, number, unknown, boolean, string]): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return odd ?? null;
  const names = Object.keys(value);
  const changed = adds || names.length === 0 ? name : names[at % names.length] ?? name;
  // As JSON, `__proto__` is a member like any other.
  const members = [...Object.entries(value).filter(([member]) => member !== changed), ...(odd === undefined ? [] : [[changed, odd] as const])];
  return members.reduce<Record<string, unknown>>((object, [member, content]) => Object.defineProperty(object, member, { value: content, enumerable: true, configurable: true, writable: true }), {});
}
