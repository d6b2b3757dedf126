import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request as it came in. */
export interface ReceivedRequest {
  /** The header webhook-id. */
  id: string;
  /** The header webhook-timestamp, in seconds. */
  timestamp: number;
  headers: IncomingMessage['headers'];
  /** The raw body. */
  body: string;
  /** Whether the signature belongs to this id, timestamp and body. */
  verified: boolean;
}

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
  /** The answer waits for this. */
  after?: Promise<unknown>;
}

export interface WebhookReceiver {
  url: string;
  /** In the order of their arrival. */
  requests: ReceivedRequest[];
  /** The most requests that were under way at once. */
  mostAtOnce(): number;
  /** How to answer from now on. 200 unless said otherwise. */
  answerWith(answer: (request: ReceivedRequest) => Answer): void;
  close(): Promise<void>;
}

/** A real HTTP server on loopback that records and verifies what it gets, by node:crypto alone. */
export async function startWebhookReceiver(secret: string): Promise<WebhookReceiver> {
  const requests: ReceivedRequest[] = [];
  let answer: (request: ReceivedRequest) => Answer = () => ({ status: 200 });
  let running = 0;
  let most = 0;

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    running += 1;
    most = Math.max(most, running);
    response.on('close', () => { running -= 1; });
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const request = read(incoming, Buffer.concat(chunks).toString('utf8'), secret);
    requests.push(request);
    const { status, headers = {}, body = '', after } = answer(request);
    await after;
    if (!response.destroyed) response.writeHead(status, headers).end(body);
  }

  const server = createServer((incoming, response) => { serve(incoming, response).catch(() => response.destroy()); });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    requests,
    mostAtOnce: () => most,
    answerWith: next => { answer = next; },
    async close() {
      const closed = new Promise(resolve => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function read(incoming: IncomingMessage, body: string, secret: string): ReceivedRequest {
  const id = String(incoming.headers['webhook-id']);
  const timestamp = String(incoming.headers['webhook-timestamp']);
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const expected = Buffer.from(`v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`);
  const given = Buffer.from(String(incoming.headers['webhook-signature']));
  const verified = given.length === expected.length && timingSafeEqual(given, expected);
  return { id, timestamp: Number(timestamp), headers: incoming.headers, body, verified };
}

/** Reads the bodies of a receiver's requests as events, each once, however often it is asked: conditions ask again and again. */
export function readEvents<Event>(receiver: Pick<WebhookReceiver, 'requests'>): () => readonly Event[] {
  const events: Event[] = [];
  return () => {
    for (const { body } of receiver.requests.slice(events.length)) events.push(JSON.parse(body) as Event);
    return events;
  };
}
