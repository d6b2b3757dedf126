import { kindOfFailure, storeUnavailable, toStorageError } from '@gateway/adapters/postgres/failures.js';
import { expect, it } from 'vitest';

const failure = (message: string, parts: object = {}): Error => Object.assign(new Error(message), parts);
const answer = (code: string): Error => failure('as the server says', { severity: 'ERROR', code });

it.each([
  ['contended', ['40001', '40P01', '55P03']],
  ['away', ['08006', '53300', '53100', '55006', '57014', '57P01', '57P02', '57P03', '57P05', '25P03', '25006', '0A000', '26000', '58030']],
  ['refused', ['23505', '42P01', '42601', '22P02', '28P01', '3D000', '42501', '25P02', 'XX000']],
])('%s is what PostgreSQL says with its codes', (kind, codes) => {
  expect(codes.filter(code => kindOfFailure(answer(code)) !== kind)).toEqual([]);
});

it('away is a server that cannot be reached, however that is said', () => {
  const away = [
    failure('connect ECONNREFUSED 127.0.0.1:5432', { code: 'ECONNREFUSED', syscall: 'connect' }),
    failure('connect ENOENT /run/postgresql/.s.PGSQL.5432', { code: 'ENOENT', syscall: 'connect' }),
    failure('getaddrinfo EAI_AGAIN postgres', { code: 'EAI_AGAIN', syscall: 'getaddrinfo' }),
    Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }),
    failure('write EPIPE', { code: 'EPIPE' }),
    failure('Connection terminated unexpectedly'), failure('Connection terminated due to connection timeout'), failure('timeout exceeded when trying to connect'),
    failure('Query read timeout'), failure('Client has encountered a connection error and is not queryable'),
  ];
  expect(away.filter(error => kindOfFailure(error) !== 'away')).toEqual([]);
  const refused = [failure('self-signed certificate', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), failure('no such file', { code: 'ENOENT', syscall: 'open' }), new TypeError('a bug'), storeUnavailable(null), 'text'];
  expect(refused.filter(error => kindOfFailure(error) !== 'refused')).toEqual([]);
});

it('what is told of a refusal names the code and the rule, and no stored value', () => {
  expect(toStorageError(Object.assign(answer('23505'), { constraint: 'Message_pkey', detail: 'Key (id)=(secret) exists' }))).toMatchObject({
    name: 'StorageError', code: '23505', message: 'PostgreSQL refused a statement (23505): as the server says (Message_pkey)',
  });
  expect(toStorageError(failure('invalid input syntax: "secret"', { severity: 'ERROR', code: '22P02' })).message).toBe('PostgreSQL refused a value of a statement (22P02).');
  const bug = new TypeError('a bug');
  expect(toStorageError(bug)).toBe(bug);
});
