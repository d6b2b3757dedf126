import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { HttpLimits } from '@gateway/http/http-app.js';
import { createHttpFixture, type HttpFixture } from '../../support/http/http-fixture.js';
import { KEY } from '../../support/http/in-memory-gateway.js';
import { until } from '../../support/until.js';

let http: HttpFixture | undefined;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await http?.close();
  http = undefined;
});

async function open(limits: Partial<HttpLimits>): Promise<{ socket: Socket; answer: () => string; isClosed: () => boolean }> {
  http = await createHttpFixture(limits);
  const { port } = new URL(await http.listen());
  const socket = connect(Number(port), '127.0.0.1');
  sockets.push(socket);
  let text = '';
  let closed = false;
  socket.on('data', (chunk: Buffer) => { text += chunk.toString(); }).on('error', () => undefined).on('close', () => { closed = true; });
  return { socket, answer: () => text, isClosed: () => closed };
}

const connections = () => new Promise<number>((resolve, reject) => http?.app.server.getConnections((error, count) => (error ? reject(error) : resolve(count))));

test('headers that do not end are given up with 408', async () => {
  const { socket, answer, isClosed } = await open({ headersTimeoutMs: 200 });
  socket.write('GET /instances HTTP/1.1\r\nHost: a\r\n');
  const drip = setInterval(() => socket.write('X-More: 1\r\n'), 50);
  await until('the connection is closed', isClosed).finally(() => clearInterval(drip));
  expect(answer()).toMatch(/^HTTP\/1\.1 408 [^]*"status":408/);
});

test('a body that does not end is given up with 408', async () => {
  const { socket, answer, isClosed } = await open({ headersTimeoutMs: 200, requestTimeoutMs: 400 });
  socket.write(`POST /instances HTTP/1.1\r\nHost: a\r\nX-API-Key: ${KEY}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`);
  const drip = setInterval(() => socket.write(' '), 50);
  await until('the connection is closed', isClosed).finally(() => clearInterval(drip));
  expect(answer()).toMatch(/HTTP\/1\.1 408 /);
});

test('whoever does not read the answers loses the connection', async () => {
  const { socket } = await open({ idleTimeoutMs: 300 });
  socket.pause();
  // More than the system buffers on both sides.
  socket.write('GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(200));
  await until('the request is there', async () => await connections() === 1);
  await until('the server has closed the connection', async () => await connections() === 0);
});

test('headers of more than 16 KiB are refused with 431', async () => {
  const { socket, answer, isClosed } = await open({});
  socket.write(`GET /health HTTP/1.1\r\nHost: a\r\nX-Long: ${'x'.repeat(17 * 1024)}\r\n\r\n`);
  await until('the connection is closed', isClosed);
  expect(answer()).toMatch(/^HTTP\/1\.1 431 /);
});
