import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createApi } from '@sandbox/api.js';
import { afterEach, expect, it } from 'vitest';

const server = createServer();
afterEach(() => new Promise(resolve => server.removeAllListeners('request').close(resolve)));

/** Answers the first request with 503 and this body, and every later one with 201. */
async function refusingOnce(body: object): Promise<{ url: string; asked: () => number }> {
  let asked = 0;
  server.on('request', (_request, answer) => {
    asked += 1;
    answer.writeHead(asked === 1 ? 503 : 201, { 'content-type': 'application/json' }).end(JSON.stringify(asked === 1 ? body : { ok: true }));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: () => asked };
}

it.each([{ code: 'instance_unowned' }, { code: 'owner_unreachable', reached: false }, { code: 'owner_unreachable', sent: false }])('asks again for what was certainly not done: %o', async body => {
  const { url } = await refusingOnce(body);
  expect(await createApi(url, {}, new AbortController().signal).post('/instances', {})).toEqual({ ok: true });
});

it.each([{ code: 'owner_unreachable', reached: true }, { code: 'store_unavailable' }])('does not ask again for what may have been done: %o', async body => {
  const { url, asked } = await refusingOnce({ ...body, detail: 'Not now.' });
  await expect(createApi(url, {}, new AbortController().signal).post('/instances', {})).rejects.toThrow('Not now.');
  expect(asked()).toBe(1);
});
