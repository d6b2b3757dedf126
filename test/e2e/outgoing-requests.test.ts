import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

let stack: Stack;
let server: Server;
let port: number;
let hits = 0;
beforeAll(async () => {
  server = createServer((request, response) => {
    hits += 1;
    if (request.url === '/away') response.writeHead(302, { location: `http://127.0.0.1:${port}/a.png` }).end();
    else response.writeHead(200, { 'content-type': 'image/png' }).end('png');
  });
  await new Promise<void>(resolve => server.listen(0, resolve));
  ({ port } = server.address() as AddressInfo);
  stack = await startStack({ env: { MEDIA_ALLOWED_HOSTS: 'localhost', WEBHOOK_PRIVATE_ADDRESSES: 'deny', WEBHOOK_ALLOWED_HOSTS: '10.0.0.0/8' } });
  await stack.pair('demo', '15550001111');
}, 30_000);
afterAll(async () => {
  await stack.stop();
  server.closeAllConnections();
  server.close();
});

const IMAGES = '/instances/demo/messages/image';
const to = '+1 555 000 2222';

it('media from a host that is allowed goes out, and others are not asked', async () => {
  await stack.api.post(IMAGES, { to, url: `http://localhost:${port}/a.png` }, 201);
  expect(hits).toBe(1);
  for (const host of ['127.0.0.1', '[::1]', '169.254.169.254', '[::ffff:127.0.0.1]', '2130706433']) {
    const url = `http://${host}:${port}/a.png`;
    expect(await stack.api.post(IMAGES, { to, url }, 422)).toMatchObject({ code: 'address_not_allowed', field: 'url', hint: expect.stringContaining('MEDIA_ALLOWED_HOSTS') });
    expect(await stack.api.post(`${IMAGES}?async=true`, { to, url }, 422)).toMatchObject({ code: 'address_not_allowed' });
  }
  expect(await stack.api.post('/instances/demo/messages/bulk', { messages: [{ type: 'image', to, url: 'http://10.0.0.1/' }] }, 202)).toMatchObject({ refused: 1, messages: [{ error: { code: 'address_not_allowed' } }] });
  expect(await stack.api.post(IMAGES, { to, url: `http://user:pass@localhost:${port}/a.png` }, 400)).toMatchObject({ code: 'validation_failed', field: 'url' });
  expect(hits).toBe(1);
});

it('a queued message that is led to a forbidden address fails for good, at the first attempt', async () => {
  hits = 0;
  const { messageId } = await stack.api.post(`${IMAGES}?async=true`, { to, url: `http://localhost:${port}/away` }, 202) as { messageId: string };
  const find = () => stack.api.get(`/instances/demo/messages/${messageId}`) as Promise<{ status: string }>;
  await until('the message has come to its end', async () => (await find()).status === 'failed');
  expect(await find()).toMatchObject({ error: { code: 'address_not_allowed' } });
  expect(hits).toBe(1);
});

it('webhooks to forbidden addresses are refused when they are made, or changed', async () => {
  const webhook = (url: string) => ({ url, events: ['message.received'] });
  for (const url of ['http://127.0.0.1:5678/', 'http://169.254.169.254/', 'http://192.168.0.1/']) {
    expect(await stack.api.post('/instances/demo/webhooks', webhook(url), 422)).toMatchObject({ code: 'address_not_allowed', hint: expect.stringContaining('WEBHOOK_ALLOWED_HOSTS') });
  }
  const { id } = await stack.api.post('/instances/demo/webhooks', webhook('http://10.1.2.3/'), 201) as { id: string };
  await stack.api.patch(`/instances/demo/webhooks/${id}`, { url: 'http://[::1]/' }, 422);
});
