import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createHttpFixture, type HttpFixture } from '../../support/http/http-fixture.js';
import { until } from '../../support/until.js';

let http: HttpFixture;
beforeEach(async () => {
  http = await createHttpFixture();
  await http.call('POST', '/instances', { payload: { instanceId: 'demo' } });
});
afterEach(() => http.close());

test('a gateway that takes work is ready', async () => {
  expect((await http.call('GET', '/ready', { key: null })).json).toEqual({ ready: true });
});

test('a gateway that has lost its database says so, and that it is alive', async () => {
  http.gateway.setStoreThere(false);
  expect((await http.call('GET', '/ready', { key: null })).json).toMatchObject({ status: 503, code: 'store_unavailable' });
  expect((await http.call('GET', '/health', { key: null })).status).toBe(200);
  http.gateway.setStoreThere(true);
  expect((await http.call('GET', '/ready', { key: null })).status).toBe(200);
});

test('an operator is told of each part, everybody else the least; a wrong key is told that it is wrong', async () => {
  const basis = (await http.call('GET', '/health', { key: null })).json;
  expect(Object.keys(basis)).not.toContain('parts');
  expect((await http.call('GET', '/health')).json).toEqual({ ...basis, uptimeSeconds: 7, parts: { store: { status: 'ok', message: 'The database answers.', latencyMs: 1 } } });
  expect((await http.call('GET', '/health', { key: 'wrong' })).json).toMatchObject({ status: 401, code: 'unauthorized' });
});

test.each([['starting', 'not_ready'], ['stopping', 'shutting_down']] as const)('while %s it answers 503 %s, says when to come again, and is still alive', async (phase, code) => {
  http.gateway.setPhase(phase);
  for (const path of ['/ready', '/instances', '/instances/demo/qr']) {
    const answer = await http.call('GET', path);
    expect([path, answer.json]).toEqual([path, expect.objectContaining({ status: 503, code })]);
    expect(answer.headers).toMatchObject({ 'retry-after': '5', 'content-type': 'application/problem+json' });
  }
  expect((await http.call('GET', '/health', { key: null })).json).toMatchObject({ status: 'unavailable' });
  expect((await http.call('GET', '/openapi.json', { key: null })).status).toBe(200);
  expect((await http.call('GET', '/instances', { key: null })).status).toBe(401);
  http.gateway.setPhase('ready');
  expect((await http.call('GET', '/instances')).status).toBe(200);
});

test('stopping finishes what is under way; what comes on the same connection gets a problem document, and the connection ends', async () => {
  const address = new URL(await http.listen());
  let release = () => {};
  http.gateway.holdSends(new Promise<void>(resolve => { release = resolve; }));
  let received = '';
  const socket = connect(Number(address.port), address.hostname);
  const ended = new Promise<void>((resolve, reject) => { socket.on('close', () => resolve()).on('error', reject).on('data', chunk => { received += chunk.toString(); }); });
  const body = JSON.stringify({ to: '15550002222', text: 'hi' });
  const head = (line: string) => `${line} HTTP/1.1\r\nhost: x\r\nx-api-key: test-key\r\n`;
  socket.write(`${head('POST /instances/demo/messages/text')}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  await until('the send is under way', () => http.gateway.sent.length === 1);
  http.gateway.setPhase('stopping');
  const closing = http.app.close();
  socket.write(`${head('GET /instances')}\r\n`);
  await until('the second request has come in', () => http.log().includes('"code":"shutting_down"') || http.log().includes('shutting'));
  release();
  await ended;
  await closing;
  const [first = '', second = ''] = received.split(/(?=HTTP\/1\.1 )/);
  expect(first).toMatch(/^HTTP\/1\.1 201 /);
  expect(second).toMatch(/^HTTP\/1\.1 503 [^]*application\/problem\+json[^]*"code":"shutting_down"/);
});
