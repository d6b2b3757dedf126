import { createServer as createHttps } from 'node:https';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTcp, type AddressInfo, type Server as TcpServer } from 'node:net';
import { createRequire } from 'node:module';
import { afterEach, describe, expect, it } from 'vitest';
import { createSystemClock } from '@gateway/adapters/system/clock.js';
import { createUndiciSender } from '@gateway/adapters/webhooks/undici-sender.js';
import { RECEIVER_GUARD } from '../../support/guards.js';
import { createTestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';

type SelfSigned = { generate(attributes: { name: string; value: string }[]): Promise<{ private: string; cert: string }> };
const selfsigned = createRequire(new URL('../../../server/package.json', import.meta.url))('selfsigned') as SelfSigned;

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => { for (const close of closers.splice(0).reverse()) await close(); });

async function listen(server: Server | TcpServer): Promise<number> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    if ('closeAllConnections' in server) server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function serve(handler: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listen(createServer(handler))}/hook`;
}

function sender(clock = createSystemClock()) {
  const created = createUndiciSender({ clock, guard: RECEIVER_GUARD });
  closers.push(() => created.close());
  return created;
}

const request = { headers: { 'content-type': 'application/json', 'x-own': 'yes' }, body: '{"a":"ü"}', timeoutMs: 10_000 };

describe('posting to a receiver', () => {
  it('posts body and headers, and keeps connections for the next', async () => {
    const seen: { method?: string | undefined; own: unknown; body: string; port: number | undefined }[] = [];
    const url = await serve((incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
        seen.push({ method: incoming.method, own: incoming.headers['x-own'], body: Buffer.concat(chunks).toString(), port: incoming.socket.remotePort });
        response.writeHead(202).end('thanks');
      });
    });
    const { post } = sender();
    for (let index = 0; index < 10; index++) {
      expect(await post({ ...request, url })).toEqual({ status: 202, retryAfter: null, error: null });
    }
    expect(seen[0]).toMatchObject({ method: 'POST', own: 'yes', body: '{"a":"ü"}' });
    // The next request may come a moment before the connection is free again; a second one then takes turns with it.
    expect(new Set(seen.map(({ port }) => port)).size).toBeLessThanOrEqual(2);
  });

  it('hands on Retry-After', async () => {
    const url = await serve((_, response) => response.writeHead(429, { 'retry-after': '17' }).end());
    expect(await sender().post({ ...request, url })).toEqual({ status: 429, retryAfter: '17', error: null });
  });

  it('does not follow a redirect, and says so', async () => {
    let followed = 0;
    const target = await serve((_, response) => { followed += 1; response.end(); });
    const url = await serve((_, response) => response.writeHead(307, { location: target }).end());
    expect(await sender().post({ ...request, url })).toMatchObject({ status: 307, error: expect.stringMatching(/redirect \(307\)/) });
    expect(followed).toBe(0);
  });

  it('does not read an endless answer', async () => {
    let closed = false;
    const url = await serve((_, response) => {
      response.on('close', () => { closed = true; });
      const more = () => { while (!response.destroyed && response.write(Buffer.alloc(16_384))); };
      response.writeHead(200).on('drain', more);
      more();
    });
    expect(await sender().post({ ...request, url })).toMatchObject({ status: 200, error: null });
    await until('the connection is closed', () => closed);
  });

  it('gives up when the time is over', async () => {
    let arrived = false;
    const url = await serve(() => { arrived = true; });
    const clock = createTestClock();
    const answer = sender(clock).post({ ...request, url });
    await until('the request is there', () => arrived);
    await clock.advance(10_000);
    expect(await answer).toEqual({ status: null, retryAfter: null, error: 'The receiver did not answer within 10 s.' });
    expect(clock.timers()).toBe(0);
  });

  it('gives up when it is told to, before and during', async () => {
    let arrived = 0;
    const url = await serve(() => { arrived += 1; });
    const { post } = sender();
    const abort = new AbortController();
    const answer = post({ ...request, url, signal: abort.signal });
    await until('the request is there', () => arrived === 1);
    abort.abort();
    expect(await answer).toMatchObject({ status: null, error: 'The request was given up.' });
    expect(await post({ ...request, url, signal: abort.signal })).toMatchObject({ status: null, error: 'The request was given up.' });
    expect(arrived).toBe(1);
  });

  it('says in words why there was no answer', async () => {
    const { post } = sender();
    const server = createTcp();
    const free = await listen(server);
    await new Promise(resolve => server.close(resolve));
    expect((await post({ ...request, url: `http://127.0.0.1:${free}/` })).error).toMatch(/^The connection was refused/);

    expect((await post({ ...request, url: 'http://nowhere.invalid/?token=abc' })).error).toMatch(/^The receiver's host name /);

    const hangsUp = await listen(createTcp(socket => { socket.on('error', () => {}); socket.once('data', () => socket.destroy()); }));
    expect((await post({ ...request, url: `http://127.0.0.1:${hangsUp}/` })).error).toMatch(/closed the connection/);

    const babbles = await listen(createTcp(socket => { socket.on('error', () => {}); socket.end('HELO there\r\n\r\n'); }));
    expect((await post({ ...request, url: `http://127.0.0.1:${babbles}/` })).error).toMatch(/is not HTTP/);

    const plain = await serve((_, response) => response.end());
    expect((await post({ ...request, url: plain.replace('http:', 'https:') })).error).toMatch(/TLS handshake/);

    expect((await post({ ...request, url: plain, headers: { 'x-a': 'b\r\nc' } })).error).toMatch(/could not be made/);
  });

  it('refuses a certificate that nobody vouches for, and takes one it was told to trust', async () => {
    const pair = await selfsigned.generate([{ name: 'commonName', value: 'localhost' }]);
    const port = await listen(createHttps({ key: pair.private, cert: pair.cert }, (_, response) => response.end()));
    const url = `https://localhost:${port}/`;
    expect((await sender().post({ ...request, url })).error).toMatch(/certificate .*not trusted/);
    const trusting = createUndiciSender({ clock: createSystemClock(), guard: RECEIVER_GUARD, ca: pair.cert });
    closers.push(() => trusting.close());
    expect(await trusting.post({ ...request, url })).toMatchObject({ status: 200, error: null });
  });

  it('fails what is under way when it is closed, and what comes after', async () => {
    let arrived = false;
    const url = await serve(() => { arrived = true; });
    const { post, close } = sender();
    const answer = post({ ...request, url });
    await until('the request is there', () => arrived);
    await Promise.all([close(), close()]);
    expect((await answer).status).toBeNull();
    expect(await post({ ...request, url })).toMatchObject({ status: null, error: 'The gateway was stopping.' });
  });
});
