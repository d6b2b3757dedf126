import { expect, test } from 'vitest';
import { createSerializerBuilder } from '@gateway/http/serializer-builder.js';

const answer = (httpStatus: string, schema: object) => ({ method: 'GET', url: '/', httpStatus, schema });

test('what says the same is compiled once, and what does not is not taken for it', () => {
  const compiled: unknown[] = [];
  const compile = createSerializerBuilder(() => ({ schema }) => {
    compiled.push(schema);
    return () => JSON.stringify(schema);
  })();
  const [problem, list] = [{ $ref: 'Problem#' }, { $ref: 'List#' }];
  const known = compile(answer('404', problem));
  expect(compile(answer('409', { ...problem }))).toBe(known);
  expect(compile(answer('200', list))({})).toBe('{"$ref":"List#"}');
  expect(compile(answer('404', problem))({})).toBe('{"$ref":"Problem#"}');
  expect(compiled).toEqual([problem, list]);
});

test('a reference is not taken for one among other schemas', () => {
  const build = createSerializerBuilder();
  const one = build({ A: { $id: 'A', type: 'object', properties: { a: { type: 'string' } } } });
  const other = build({ A: { $id: 'A', type: 'object', properties: { b: { type: 'string' } } } });
  const value = { a: 'x', b: 'y' };
  expect([one, other].map(compile => compile(answer('200', { $ref: 'A#' }))(value))).toEqual(['{"a":"x"}', '{"b":"y"}']);
});
