/**
 * HTTP clients that cost next to nothing, so that what they measure is the server: each keeps one connection, has one request under way, and
 * reads no more of an answer than its status and its length. Says `{ said: 'ready' }`; told by `{ url, apiKey, width, count, round }`, answers the parent
 * `{ seconds, latencies }` or `{ error }`; latencies in milliseconds.
 */
import { once } from 'node:events';
import { connect } from 'node:net';

/** Numbers of contacts that nobody else in the bench writes to. */
const FIRST_CONTACT = 15_554_000_000;
const CONTACTS = 10;
const ACCEPTED = 202;

// What is loaded before this lets a process go that only listens.
process.channel.ref();
process.on('message', async message => {
  if (!message?.url) return;
  process.send(await run(message).catch(error => ({ error: error.stack })));
});
process.send({ said: 'ready' });

/** By server; their connections stay open from one round to the next. */
const clientsOf = new Map();

async function run({ url, apiKey, width, count, round }) {
  const { hostname, port, pathname, search } = new URL(url);
  const head = `POST ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nX-API-Key: ${apiKey}\r\nContent-Type: application/json\r\n`;
  if (!clientsOf.has(port)) clientsOf.set(port, await Promise.all(Array.from({ length: width }, () => openClient(hostname, Number(port)))));
  const latencies = [];
  let next = 0;
  const started = performance.now();
  await Promise.all(clientsOf.get(port).map(async request => {
    while (next < count) {
      const index = next++;
      const body = JSON.stringify({ to: String(FIRST_CONTACT + index % CONTACTS), text: `queued ${round}/${index}` });
      const asked = performance.now();
      const status = await request(`${head}Content-Length: ${body.length}\r\n\r\n${body}`);
      latencies.push(performance.now() - asked);
      if (status !== ACCEPTED) throw new Error(`A message was answered with ${status}.`);
    }
  }));
  return { seconds: (performance.now() - started) / 1_000, latencies };
}

/** Answers what sends a request on this connection; one at a time. */
async function openClient(host, port) {
  const socket = connect({ host, port, noDelay: true });
  socket.setEncoding('latin1');
  await once(socket, 'connect');
  let answer = '';
  let waiting = null;
  const fail = error => waiting?.reject(error);
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('The server closed the connection.')));
  socket.on('data', chunk => {
    answer += chunk;
    const end = answer.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(answer)?.[1]);
    if (Number.isNaN(length)) return fail(new Error(`An answer without a length: ${answer.slice(0, end)}`));
    if (answer.length < end + 4 + length) return;
    const status = Number(answer.slice(9, 12));
    answer = '';
    waiting?.resolve(status);
  });
  return text => new Promise((resolve, reject) => {
    waiting = { resolve, reject };
    socket.write(text);
  });
}
