import { checkHeaders, checkUrl } from '@gateway/domain/webhooks/target.js';
import { describe, expect, it } from 'vitest';

describe('where a webhook may go', () => {
  it.each(['http://localhost:5678/webhook/1', 'https://example.com/a?b=c'])('takes %s', url => {
    expect(checkUrl(url)).toBe(url);
  });

  it.each(['', '/hook', 'example.com', 'ftp://example.com', 'file:///etc/passwd', 'javascript:alert(1)', 'https://user@example.com', 'https://user:pass@example.com/', `https://example.com/${'a'.repeat(2048)}`])('refuses %s', url => {
    expect(() => checkUrl(url)).toThrow(expect.objectContaining({ code: 'validation_failed', field: 'url' }));
  });

  it('takes ordinary headers', () => {
    const headers = { Authorization: 'Bearer abc', 'X-Tenant': '42', 'user-agent': 'mine' };
    expect(checkHeaders(headers)).toBe(headers);
  });

  it.each(['Webhook-Id', 'webhook-signature', 'webhook-anything', 'Content-Type', 'content-length', 'Host', 'Transfer-Encoding', 'connection'])('does not let %s be changed', name => {
    expect(() => checkHeaders({ [name]: 'x' })).toThrow(expect.objectContaining({ code: 'validation_failed', field: `headers.${name}` }));
  });

  it.each([
    ['a line break in a value', { 'x-a': 'b\r\nx-c: d' }],
    ['a lone line feed', { 'x-a': 'b\nc' }],
    ['a NUL', { 'x-a': 'b\0' }],
    ['characters beyond Latin-1', { 'x-a': '你好' }],
    ['a line break in a name', { 'x-a\r\n': 'b' }],
    ['a colon in a name', { 'x:a': 'b' }],
    ['an empty name', { '': 'b' }],
    ['the same name twice', { 'X-A': '1', 'x-a': '2' }],
    ['a value beyond all bounds', { 'x-a': 'b'.repeat(5_000) }],
    ['too many headers', Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`x-${index}`, '1']))],
  ])('refuses %s', (_, headers) => {
    expect(() => checkHeaders(headers)).toThrow(expect.objectContaining({ code: 'validation_failed', field: expect.stringMatching(/^headers/) }));
  });
});
