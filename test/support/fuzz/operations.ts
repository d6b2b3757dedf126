/** A JSON Schema, as far as the gateway's own use it. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  examples?: unknown[];
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  patternProperties?: Record<string, Schema>;
  anyOf?: Schema[];
  oneOf?: Schema[];
}

export interface Parameter { name: string; in: 'path' | 'query' | 'header'; schema: Schema }

/** One method at one address, as the gateway describes it. */
export interface Operation {
  method: string;
  /** With its parameters in braces. */
  path: string;
  parameters: Parameter[];
  /** By content type. */
  bodies: [type: string, schema: Schema][];
  /** Every status that it is said to answer. */
  statuses: Set<number>;
  /** Whether it is said to be for everybody, with a key or without. */
  isOpen: boolean;
}

interface Described { parameters?: Parameter[]; requestBody?: { content: Record<string, { schema: Schema }> }; responses: Record<string, unknown>; security?: object[] }
export interface OpenApi { paths: Record<string, Record<string, Described>>; components: { schemas: Record<string, Schema> } }

/** Everything that the gateway says it can do. A new route is among them without anybody thinking of it. */
export function operationsOf({ paths }: OpenApi): Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, described]) => ({
    method: method.toUpperCase(), path,
    parameters: described.parameters ?? [],
    bodies: Object.entries(described.requestBody?.content ?? {}).map(([type, { schema }]): [string, Schema] => [type, schema]),
    statuses: new Set(Object.keys(described.responses).map(Number)),
    isOpen: described.security !== undefined && (described.security.length === 0 || described.security.some(way => Object.keys(way).length === 0)),
  })));
}
