import fc from 'fast-check';
import type { OpenApi, Operation, Parameter, Schema } from './operations.js';
import { bent, oddText, oddValue, ODD_TEXTS, valueOf } from './values.js';

export interface BadRequest {
  operation: Operation;
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | Buffer | null;
}

/** Names of rows that there are, by the parameter that names them; it may grow. */
export type KnownIds = Record<string, string[]>;

/** Requests that are wrong somewhere, or nowhere, for every operation of the description. */
export function badRequests(api: OpenApi, operations: Operation[], ids: KnownIds): fc.Arbitrary<BadRequest> {
  const resolve = (schema: Schema): Schema => {
    const name = schema.$ref?.replace('#/components/schemas/', '');
    return name === undefined ? schema : api.components.schemas[name] ?? {};
  };
  const parameter = ({ name, schema }: Parameter): fc.Arbitrary<string> => fc.oneof(
    { weight: 2, arbitrary: valueOf(schema, resolve, name).map(asText) },
    { weight: 1, arbitrary: fc.oneof(oddText, oddValue.map(asText)) },
  );
  return fc.oneof(...operations.map(operation => requestOf(operation)));

  function requestOf(operation: Operation): fc.Arbitrary<BadRequest> {
    const inPath = operation.parameters.filter(one => one.in === 'path');
    const pathValues = fc.tuple(...inPath.map(one => {
      // Looked at when a request is made: more get known on the way.
      const known = fc.nat().map(at => ids[one.name]?.[at % (ids[one.name]?.length ?? 1)] ?? 'unknown');
      return fc.oneof({ weight: 6, arbitrary: known }, { weight: 1, arbitrary: parameter(one) });
    }));
    const query = fc.tuple(...operation.parameters.filter(one => one.in === 'query').map(one => fc.tuple(fc.constant(one.name), sometimes(parameter(one)))));
    const headers = fc.tuple(...operation.parameters.filter(one => one.in === 'header').map(one => fc.tuple(fc.constant(one.name), sometimes(parameter(one)))));
    return fc.record({
      values: pathValues, query, headers, oddQuery, oddHeader, oddPath, body: bodyOf(operation, resolve),
    }).map(({ values, body, ...made }): BadRequest => {
      let path = operation.path;
      inPath.forEach(({ name }, index) => { path = path.replace(`{${name}}`, escape(values[index] ?? '')); });
      const search = [...made.query, ...made.oddQuery].filter(([, value]) => value !== null).map(([name, value]) => `${escape(name)}=${escape(value ?? '')}`).join('&');
      const sent = [...made.headers, ...made.oddHeader].filter((entry): entry is [string, string] => entry[1] !== null && isHeaderValue(entry[1]));
      return {
        operation, method: operation.method, path: `${path}${made.oddPath}${search === '' ? '' : `?${search}`}`,
        headers: { ...Object.fromEntries(sent), ...(body === null ? {} : { 'content-type': body.type }) },
        body: body === null ? null : body.content,
      };
    });
  }
}

const sometimes = (value: fc.Arbitrary<string>): fc.Arbitrary<string | null> => fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: value });
const oddQuery: fc.Arbitrary<[string, string | null][]> = fc.oneof({ weight: 6, arbitrary: fc.constant<[string, string | null][]>([]) },
  { weight: 1, arbitrary: fc.array(fc.tuple(fc.constantFrom('__proto__', 'limit', 'signature', 'expires', 'odd', 'async', 'limit[]', 'a[b]'), oddText), { maxLength: 3 }) });
const oddPath = fc.oneof({ weight: 20, arbitrary: fc.constant('') }, { weight: 1, arbitrary: fc.constantFrom('/', '//', '/..', ';x', '%2f', '/%zz', '%00', '#x') });
const oddHeader: fc.Arbitrary<[string, string | null][]> = fc.oneof({ weight: 6, arbitrary: fc.constant<[string, string | null][]>([]) },
  { weight: 1, arbitrary: fc.array(fc.tuple(fc.constantFrom('accept', 'x-request-id', 'idempotency-key', 'x-async', 'cookie', 'range', 'if-none-match', 'x-forwarded-for', 'x-forwarded-host', 'accept-encoding', 'origin', 'traceparent', 'x-http-method-override'), oddText), { maxLength: 3 }) });

function bodyOf({ bodies, method }: Operation, resolve: (schema: Schema) => Schema): fc.Arbitrary<{ type: string; content: string | Buffer } | null> {
  const json = bodies.find(([type]) => type === 'application/json');
  const good = json ? bent(valueOf(json[1], resolve)).map(value => ({ type: 'application/json', content: JSON.stringify(value) ?? '' })) : fc.constant(null);
  const takesForms = bodies.some(([type]) => type === 'multipart/form-data');
  const odd = fc.oneof(
    fc.constantFrom('', '{', '[', '"', 'null', '{"a":1}{"b":2}', '{"__proto__":{"admin":true}}', '{"constructor":{"prototype":{"admin":true}}}', '['.repeat(10_000), `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`, '\ufeff{}', '{"to":"1","to":"2"}', '1e99999', '{"\\ud800":"\\udfff"}').map(content => ({ type: 'application/json', content })),
    fc.uint8Array({ maxLength: 100 }).map(bytes => ({ type: 'application/json', content: Buffer.from(bytes) })),
    fc.tuple(fc.constantFrom('text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=utf-16', 'application/json;', 'APPLICATION/JSON', 'multipart/form-data', 'multipart/form-data; boundary=', 'x', 'application/xml'), oddText).map(([type, content]) => ({ type, content })),
  );
  const withBody = [{ weight: 8, arbitrary: good }, { weight: 1, arbitrary: odd }, ...(takesForms ? [{ weight: 3, arbitrary: form }] : []), { weight: 1, arbitrary: fc.constant(null) }];
  return bodies.length > 0 ? fc.oneof(...withBody) : fc.oneof({ weight: method === 'GET' ? 30 : 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: odd });
}

const BOUNDARY = 'bOuNdArY';
const form = fc.record({
  parts: fc.array(fc.tuple(fc.constantFrom('to', 'file', 'caption', 'voice', 'mimetype', 'fileName', '__proto__', 'odd', 'to"; filename="x'), fc.oneof(fc.constant('+1 555 000 2222'), oddText), fc.boolean()), { maxLength: 5 }),
  end: fc.constantFrom(`--${BOUNDARY}--\r\n`, `--${BOUNDARY}`, '', `--${BOUNDARY}--`, '--other--\r\n'),
}).map(({ parts, end }) => ({
  type: `multipart/form-data; boundary=${BOUNDARY}`,
  content: parts.map(([name, value, isFile]) => `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"${isFile ? '; filename="a.png"\r\ncontent-type: image/png' : ''}\r\n\r\n${value}\r\n`).join('') + end,
}));

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value) ?? '';
}

function escape(text: string): string {
  return encodeURIComponent(text.slice(0, 3_000).toWellFormed());
}

/** What a client can send at all (RFC 9110, section 5.5). */
function isHeaderValue(text: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]{0,4000}$/.test(text);
}

/** What somebody without a key may send for one. */
export const badKeys: fc.Arbitrary<Record<string, string>> = fc.oneof(
  fc.constant({}),
  fc.constantFrom(...ODD_TEXTS.filter(isHeaderValue), 'ck_' + 'A'.repeat(43)).map(key => ({ 'x-api-key': key })),
  fc.constantFrom('Bearer', 'Bearer ', 'Bearer x', 'Basic dGVzdDp0ZXN0', 'bearer \t', 'Bearer x y', 'Digest x').map(authorization => ({ authorization })),
);
