import { once } from 'node:events';
import { Agent, createServer, request as httpRequest, type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';

export interface ProxyOptions {
  host: string;
  /** 0: any. */
  port: number;
  /** Addresses of the nodes: `http://host:port`. */
  targets: readonly string[];
}

export interface Proxy {
  port: number;
  /** Breaks off what is under way. */
  close(): void;
}

/** They are about one connection, and do not go through a proxy. How a body is cut into pieces is the same on both sides. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer', 'upgrade', 'expect']);
const PROBE_MS = 1_000;

/**
 * A reverse proxy that gives each request to the next node. It looks after nodes by their `/ready`, and leaves out those that do not answer
 * while there is another. A request that certainly has not been sent goes to the next node; every other one that fails is answered with 502:
 * nobody knows whether it was carried out.
 */
export async function startProxy({ host, port, targets }: ProxyOptions): Promise<Proxy> {
  const agent = new Agent({ keepAlive: true });
  const out = new Set<string>();
  let turn = 0;

  /** All of them, the next first, those that are out last. */
  function inTurn(): string[] {
    turn = (turn + 1) % targets.length;
    const order = [...targets.slice(turn), ...targets.slice(0, turn)];
    return order.toSorted((a, b) => Number(out.has(a)) - Number(out.has(b)));
  }

  function forward(incoming: IncomingMessage, answer: ServerResponse, [target, ...others]: string[]): void {
    if (target === undefined) return refuse(incoming, answer, 'No node takes requests.');
    const { hostname, port: nodePort } = new URL(target);
    const outgoing = httpRequest({ agent, hostname, port: nodePort, method: incoming.method, path: incoming.url, headers: requestHeaders(incoming), setHost: false });
    let sent = false;
    const send = (): void => {
      sent = true;
      incoming.pipe(outgoing);
    };
    outgoing.once('socket', socket => (socket.connecting ? socket.once('connect', send) : send()));
    outgoing.once('response', response => {
      answer.writeHead(response.statusCode ?? 502, response.statusMessage, endToEnd(response));
      // The head of a stream of events must not wait for the first of them.
      answer.flushHeaders();
      // Where one end breaks off, so does the other.
      pipeline(response, answer, () => undefined);
    });
    let failed = false;
    outgoing.on('error', () => {
      if (failed || answer.headersSent || answer.destroyed) return;
      failed = true;
      if (!sent) out.add(target);
      if (!sent || mayRepeat(incoming, outgoing)) forward(incoming, answer, others);
      else refuse(incoming, answer, `The node ${target} broke off before it answered. Nobody knows whether it did what was asked.`);
    });
    answer.once('close', () => {
      if (!answer.writableFinished) outgoing.destroy();
    });
  }

  async function probe(target: string): Promise<void> {
    const ready = await fetch(new URL('/ready', target), { signal: AbortSignal.timeout(PROBE_MS) }).then(({ ok }) => ok, () => false);
    if (ready) out.delete(target);
    else out.add(target);
  }

  const server = createServer((incoming, answer) => {
    try {
      forward(incoming, answer, inTurn());
    } catch (error) {
      // Such as a path with a byte that may not stand there.
      refuse(incoming, answer, `This request cannot be passed on: ${String(error)}`);
    }
  });
  server.listen(port, host);
  await once(server, 'listening');
  const probing = setInterval(() => targets.forEach(target => void probe(target)), PROBE_MS);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close() {
      clearInterval(probing);
      server.close();
      server.closeAllConnections();
      agent.destroy();
    },
  };
}

/** A connection that was kept open may have been closed at the moment when it was used again: what asks for nothing but an answer can be asked again. */
function mayRepeat({ method, headers }: IncomingMessage, { reusedSocket }: ClientRequest): boolean {
  return reusedSocket && ['GET', 'HEAD', 'OPTIONS'].includes(method ?? '') && headers['content-length'] === undefined && headers['transfer-encoding'] === undefined;
}

function requestHeaders(incoming: IncomingMessage): OutgoingHttpHeaders {
  const { headers, socket } = incoming;
  const before = headers['x-forwarded-for'];
  return {
    ...endToEnd(incoming),
    'x-forwarded-for': `${before === undefined ? '' : `${String(before)}, `}${socket.remoteAddress ?? 'unknown'}`,
    'x-forwarded-host': headers['x-forwarded-host'] ?? headers.host ?? '',
    'x-forwarded-proto': headers['x-forwarded-proto'] ?? 'http',
  };
}

/** What is meant for the other end; several values of a name stay several. */
function endToEnd({ headersDistinct }: IncomingMessage): OutgoingHttpHeaders {
  const named = (headersDistinct['connection'] ?? []).flatMap(value => value.toLowerCase().split(/\s*,\s*/));
  const entries = Object.entries(headersDistinct).filter(([name]) => !HOP_BY_HOP.has(name) && !named.includes(name));
  return Object.fromEntries(entries.map(([name, values]) => [name, values?.length === 1 ? values[0] : values]));
}

function refuse(incoming: IncomingMessage, answer: ServerResponse, detail: string): void {
  // What is left of the body would be taken for the next request.
  incoming.resume();
  answer.writeHead(502, { 'content-type': 'application/problem+json' });
  answer.end(JSON.stringify({ type: 'about:blank', title: 'Bad gateway', status: 502, detail }));
}
