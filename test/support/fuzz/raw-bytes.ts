import { connect } from 'node:net';
import fc from 'fast-check';

/** What came back on a socket, and whether the server ended it. */
export interface RawAnswer { statuses: number[]; bytes: string; closed: boolean }

/** Writes bytes, says that there are no more, and waits for the server to end the connection. */
export function sendRaw(port: number, bytes: Buffer, withinMs: number): Promise<RawAnswer> {
  return new Promise(resolve => {
    const chunks: Buffer[] = [];
    const socket = connect({ port, host: '127.0.0.1' });
    const finish = (closed: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      const text = Buffer.concat(chunks).toString('latin1');
      resolve({ statuses: [...text.matchAll(/(?:^|\n)HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status)), bytes: text, closed });
    };
    const timer = setTimeout(() => finish(false), withinMs);
    socket.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => finish(true)).on('close', () => finish(true));
    socket.end(bytes);
  });
}

const REQUEST_LINES = [
  'GET /health HTTP/1.1', 'GET /instances HTTP/1.1', 'POST /instances HTTP/1.1', 'GET http://other.invalid/instances HTTP/1.1', 'GET http://127.0.0.1/health HTTP/1.1', 'OPTIONS * HTTP/1.1', 'CONNECT 127.0.0.1:80 HTTP/1.1', 'TRACE /health HTTP/1.1',
  'GET /health HTTP/1.0', 'GET /health HTTP/0.9', 'GET /health HTTP/2.0', 'GET /health', 'PRI * HTTP/2.0', 'get /health HTTP/1.1', 'ODD /health HTTP/1.1', 'QUERY /instances HTTP/1.1', 'GET  /health HTTP/1.1', 'GET /instances/\xff\xfe HTTP/1.1', 'GET /instances/%ff%fe HTTP/1.1',
  'GET /../../etc/passwd HTTP/1.1', 'GET //instances HTTP/1.1', 'GET health HTTP/1.1', 'GET \\health HTTP/1.1', 'GET ? HTTP/1.1', 'HEAD /instances HTTP/1.1', 'DELETE /instances/demo HTTP/1.1', 'POST /instances/demo/messages/text HTTP/1.1', 'POST /instances/demo/messages/image HTTP/1.1', `GET /${'a'.repeat(9_000)} HTTP/1.1`, 'GET /docs/../instances HTTP/1.1', 'GET /docs/static/../../../package.json HTTP/1.1', 'GET /docs/static/%2e%2e%2f%2e%2e%2fpackage.json HTTP/1.1',
];
const HEADER_LINES = [
  'Host: 127.0.0.1', 'Host: a', 'Host: b', 'Host: a b<c>', 'Host:', 'Content-Length: 0', 'Content-Length: 5', 'Content-Length: 99999999999999999999', 'Content-Length: -1', 'Content-Length: +5', 'Content-Length: 5, 5', 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked, chunked', 'Transfer-Encoding: identity', 'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding : chunked', 'Transfer-Encoding:\x0bchunked', 'X-Odd: a\x00b', 'X-Odd: \xff\xfe', ' folded', 'no colon', ': no name', 'X Odd: space', 'Expect: 100-continue', 'Expect: nonsense', 'Upgrade: websocket', 'Upgrade: h2c', 'Connection: upgrade', 'Connection: close', 'Connection: keep-alive', 'Content-Type: application/json', 'Content-Type: multipart/form-data; boundary=x',
  'X-API-Key: \xff', 'X-API-Key: a', 'X-API-Key: b', 'Authorization: Bearer a', 'Authorization: Bearer b', `X-Long: ${'x'.repeat(20_000)}`, ...Array.from({ length: 3 }, () => Array.from({ length: 500 }, (_, index) => `X-Many-${index}: 1`).join('\r\n')), 'Content-Encoding: gzip', 'Trailer: x', 'Range: bytes=0-',
];
const BODIES = ['', '{}', '{"instanceId":"smuggled"}', '0\r\n\r\n', '5\r\nhello\r\n0\r\n\r\n', '-1\r\nx\r\n', 'fffffffffffffffff\r\n', '5;ext\r\nhello\r\n0\r\nTrailer: x\r\n\r\n', '0\r\n\r\nGET /instances HTTP/1.1\r\nHost: a\r\n\r\n', '\x16\x03\x01\x02\x00\x01\x00', 'GET /health HTTP/1.1\r\n\r\n'.repeat(20), '\r\n\r\n\r\n'];

/** Almost a request, then bent byte by byte; some are not HTTP at all. `headers` are put into some of them. */
export function rawBytes(headers: string[]): fc.Arbitrary<Buffer> {
  const request = fc.record({
    line: fc.constantFrom(...REQUEST_LINES),
    headers: fc.array(fc.constantFrom(...HEADER_LINES, ...headers), { maxLength: 6 }),
    lineEnd: fc.oneof({ weight: 8, arbitrary: fc.constant('\r\n') }, { weight: 1, arbitrary: fc.constantFrom('\n', '\r', '\n\r') }),
    body: fc.constantFrom(...BODIES),
    again: fc.boolean(),
  }).map(({ line, headers: lines, lineEnd, body, again }) => {
    const text = [line, ...lines, '', body].join(lineEnd);
    return Buffer.from(again ? text + text : text, 'latin1');
  });
  const bent = fc.tuple(request, fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 })).map(([bytes, changes]) => {
    const changed = Buffer.from(bytes);
    for (const [at, byte] of changes) changed[at % changed.length] = byte;
    return changed;
  });
  const cut = fc.tuple(request, fc.nat()).map(([bytes, at]) => bytes.subarray(0, at % (bytes.length + 1)));
  return fc.oneof({ weight: 4, arbitrary: request }, { weight: 3, arbitrary: bent }, { weight: 2, arbitrary: cut }, { weight: 1, arbitrary: fc.uint8Array({ maxLength: 400 }).map(bytes => Buffer.from(bytes)) });
}
