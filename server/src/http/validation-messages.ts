import type { TSchema } from 'typebox';

/** The part of a TypeBox error that is read here. */
export interface SchemaError {
  keyword: string;
  schemaPath: string;
  instancePath: string;
  params: Record<string, unknown>;
  message: string;
}

export interface Description { field: string; detail: string; hint: string }

/**
 * Says what a value lacks: each offending field as a dotted path with what is allowed there, the first of them as
 * `field`, and that field's own description as the hint.
 * @param part what the value is: body, query, params
 */
export function describeSchemaErrors(errors: SchemaError[], schema: TSchema, part: string): Description {
  const findings = errors
    .filter(error => error.keyword !== 'boolean')
    .flatMap(error => describe(error, nodeAt(schema, error.schemaPath), part));
  const first = findings[0];
  if (!first) return { field: '', detail: `The ${part} is not valid.`, hint: '' };
  const sentences = [...new Set(findings.map(finding => finding.sentence))];
  return { field: first.field, detail: `${sentences.slice(0, 4).join('; ')}.`, hint: first.hint };
}

interface Node { type?: string; description?: string; properties?: Record<string, Node>; patternProperties?: unknown; [keyword: string]: unknown }
interface Finding { field: string; sentence: string; hint: string }

function describe(error: SchemaError, node: Node, part: string): Finding[] {
  const base = error.instancePath.split('/').slice(1).map(unescapePointer);
  const at = (...more: string[]) => [...base, ...more].join('.');
  const finding = (field: string, what: string, hint = node.description ?? ''): Finding => ({ field, sentence: `${field || `the ${part}`} ${what}`, hint });
  switch (error.keyword) {
    case 'required':
      return texts(error.params['requiredProperties']).map(name => finding(at(name), 'is required', node.properties?.[name]?.description ?? ''));
    case 'additionalProperties': {
      const allowed = Object.keys(node.properties ?? {});
      const what = node.patternProperties
        ? 'is not an allowed name'
        : `is not known here; known are: ${allowed.join(', ') || 'none'}`;
      return texts(error.params['additionalProperties']).map(name => finding(at(name.slice(0, 64)), what));
    }
    case 'type': return [finding(at(), `must be ${article([error.params['type']].flat().join(' or '))}`)];
    case 'enum': return [finding(at(), `must be one of: ${texts(error.params['allowedValues']).join(', ')}`)];
    case 'minLength': return [finding(at(), node['minLength'] === 1 ? 'must not be empty' : `must have at least ${String(node['minLength'])} characters`)];
    case 'maxLength': return [finding(at(), `must have at most ${String(node['maxLength'])} characters`)];
    case 'minimum': return [finding(at(), `must be at least ${String(node['minimum'])}`)];
    case 'maximum': return [finding(at(), `must be at most ${String(node['maximum'])}`)];
    case 'minItems': return [finding(at(), node['minItems'] === 1 ? 'must not be empty' : `must have at least ${String(node['minItems'])} items`)];
    case 'maxItems': return [finding(at(), `must have at most ${String(node['maxItems'])} items`)];
    case 'minProperties': return [finding(at(), `must have at least one of: ${Object.keys(node.properties ?? {}).join(', ')}`)];
    case 'maxProperties': return [finding(at(), `must have at most ${String(node['maxProperties'])} entries`)];
    case 'uniqueItems': return [finding(at(), 'must not name anything twice')];
    case 'pattern': return [finding(at(), `does not have the right form${node.description ? ` (${node.description.replace(/\.$/, '')})` : ''}`)];
    default: return [finding(at(), error.message)];
  }
}

function nodeAt(schema: TSchema, pointer: string): Node {
  let node: unknown = schema;
  for (const step of pointer.split('/').slice(1)) {
    node = typeof node === 'object' && node !== null ? (node as Record<string, unknown>)[unescapePointer(step)] : undefined;
  }
  return typeof node === 'object' && node !== null ? node as Node : {};
}

function unescapePointer(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~');
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function article(type: string): string {
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}
