import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { startProxy, type Proxy } from '@sandbox/cluster/proxy.js';
import { until } from '../support/until.js';

interface Node { url: string; server: Server; port: number }

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function startNode(listener: RequestListener, port = 0): Promise<Node> {
  const server = createServer((incoming, answer) => (incoming.url === '/ready' ? void answer.end() : listener(incoming, answer)));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => end(server));
  const address = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${address.port}`, server, port: address.port };
}

async function end(server: Server): Promise<void> {
  if (!server.listening) return;
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
}

/** A proxy before these nodes; answers its address. */
async function startFront(...nodes: { url: string }[]): Promise<{ url: string; port: number }> {
  const proxy: Proxy = await startProxy({ host: '127.0.0.1', port: 0, targets: nodes.map(({ url }) => url) });
  closers.push(() => proxy.close());
  return { url: `http://127.0.0.1:${proxy.port}`, port: proxy.port };
}

const named = (name: string): RequestListener => (incoming, answer) => {
  incoming.resume();
  answer.end(name);
};
const ask = async (url: string, init?: RequestInit): Promise<string> => (await fetch(url, init)).text();

describe('the proxy of the cluster', () => {
  it('gives each request to the next node', async () => {
    const front = await startFront(await startNode(named('a')), await startNode(named('b')), await startNode(named('c')));
    const answers: string[] = [];
    for (let i = 0; i < 6; i++) answers.push(await ask(front.url));
    expect(answers.slice(0, 3).toSorted()).toEqual(['a', 'b', 'c']);
    expect(answers.slice(3)).toEqual(answers.slice(0, 3));
  });

  it('passes method, path, headers and body on, and the answer back', async () => {
    let seen: IncomingMessage | undefined;
    const front = await startFront(await startNode((incoming, answer) => {
      seen = incoming;
      void text(incoming).then(body => answer.writeHead(418, 'Short and stout', { 'x-answer': ['1', '2'], 'content-type': 'text/plain' }).end(`got ${body}`));
    }));
    const answer = await fetch(`${front.url}//elsewhere.example/a%2Fb?c=d&c=e`, { method: 'PATCH', body: 'ñandú', headers: { 'x-api-key': 'k', 'x-forwarded-for': '203.0.113.7' } });
    expect([answer.status, answer.statusText, answer.headers.get('x-answer'), await answer.text()]).toEqual([418, 'Short and stout', '1, 2', 'got ñandú']);
    expect(seen?.method).toBe('PATCH');
    expect(seen?.url).toBe('//elsewhere.example/a%2Fb?c=d&c=e');
    expect(seen?.headers).toMatchObject({
      'x-api-key': 'k', host: `127.0.0.1:${front.port}`, 'x-forwarded-for': '203.0.113.7, 127.0.0.1', 'x-forwarded-host': `127.0.0.1:${front.port}`, 'x-forwarded-proto': 'http',
    });
  });

  it('outlives requests that cannot be passed on', async () => {
    const front = await startFront(await startNode(named('a')));
    const socket = connect(front.port, '127.0.0.1').setEncoding('utf8');
    closers.push(() => socket.destroy());
    socket.write(Buffer.from('GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n', 'latin1'));
    expect(await once(socket, 'data')).toEqual([expect.stringMatching(/^HTTP\/1\.1 (400|502) /)]);
    expect(await ask(front.url)).toBe('a');
  });

  it('lets bodies stream, both ways', async () => {
    const front = await startFront(await startNode((incoming, answer) => {
      incoming.pipe(answer);
    }));
    const outgoing = request(`${front.url}/echo`, { method: 'POST' });
    outgoing.write('first');
    const [answer] = await once(outgoing, 'response') as [IncomingMessage];
    answer.setEncoding('utf8');
    expect(await once(answer, 'data')).toEqual(['first']);
    outgoing.write('second');
    expect(await once(answer, 'data')).toEqual(['second']);
    outgoing.end();
    await once(answer, 'end');
  });

  it('shows the head of an answer before its first byte, and ends it at the node when the client goes', async () => {
    let closed = false;
    const front = await startFront(await startNode((_incoming, answer) => {
      answer.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      answer.once('close', () => { closed = true; });
    }));
    const stop = new AbortController();
    const answer = await fetch(front.url, { signal: stop.signal });
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    stop.abort();
    await until('the node knows', () => closed);
  });

  it('keeps connections of clients', async () => {
    const front = await startFront(await startNode(named('a')));
    const socket = connect(front.port, '127.0.0.1').setEncoding('utf8');
    closers.push(() => socket.destroy());
    let received = '';
    socket.on('data', chunk => { received += String(chunk); });
    for (const count of [1, 2, 3]) {
      socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      await until(`answer ${count}`, () => received.split('HTTP/1.1 200').length === count + 1);
    }
    expect(socket.readyState).toBe('open');
  });

  it('goes on to the next node when one is not there, with the whole body', async () => {
    const [gone, there] = [await startNode(named('gone')), await startNode((incoming, answer) => void text(incoming).then(body => answer.end(body)))];
    const front = await startFront(gone, there);
    await end(gone.server);
    for (let i = 0; i < 4; i++) expect(await ask(front.url, { method: 'POST', body: `body ${i}` })).toBe(`body ${i}`);
  });

  it('does not send a second time what a node may have got', async () => {
    const got: string[] = [];
    const breaking: RequestListener = incoming => void text(incoming).then(body => {
      got.push(body);
      incoming.socket.destroy();
    });
    const front = await startFront(await startNode(breaking), await startNode(breaking));
    const answer = await fetch(front.url, { method: 'POST', body: 'once' });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([502, 'application/problem+json']);
    expect(got).toEqual(['once']);
  });

  it('cuts an answer off where its node did', async () => {
    const front = await startFront(await startNode((_incoming, answer) => {
      answer.writeHead(200, { 'content-length': '10' });
      answer.write('12345', () => answer.destroy());
    }));
    await expect(ask(front.url)).rejects.toThrow();
  });

  it('brings an answer that comes before the body has been read', async () => {
    const front = await startFront(await startNode((_incoming, answer) => {
      answer.writeHead(413, { connection: 'close' }).end('too much', () => answer.destroy());
    }));
    const outgoing = request(front.url, { method: 'POST', headers: { 'content-length': String(50_000_000) } });
    outgoing.on('error', () => undefined);
    outgoing.write(Buffer.alloc(1_000));
    const [answer] = await once(outgoing, 'response') as [IncomingMessage];
    expect([answer.statusCode, await text(answer)]).toEqual([413, 'too much']);
    outgoing.destroy();
  });

  it('answers 502 when there is no node, and goes on when there is one again', async () => {
    const node = await startNode(named('a'));
    const front = await startFront(node);
    await end(node.server);
    const answer = await fetch(front.url);
    expect([answer.status, await answer.json()]).toEqual([502, expect.objectContaining({ status: 502, detail: 'No node takes requests.' })]);
    await startNode(named('again'), node.port);
    expect(await ask(front.url)).toBe('again');
  });

  it('leaves out a node that says that it is not ready', async () => {
    let ready = true;
    let asked = 0;
    const leaving = createServer((incoming, answer) => {
      if (incoming.url === '/ready') return answer.writeHead(ready ? 200 : 503).end();
      asked += 1;
      return answer.end('leaving');
    }).listen(0, '127.0.0.1');
    closers.push(() => end(leaving));
    await once(leaving, 'listening');
    const front = await startFront({ url: `http://127.0.0.1:${(leaving.address() as AddressInfo).port}` }, await startNode(named('a')));
    ready = false;
    await until('it is left out', async () => {
      const before = asked;
      for (let i = 0; i < 4; i++) await ask(front.url);
      return asked === before;
    });
    ready = true;
    await until('it is back', async () => await ask(front.url) === 'leaving');
  });
});
