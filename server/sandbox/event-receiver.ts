import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import type { GatewayEvent } from '../src/domain/events/event.js';

export interface EventReceiverOptions {
  /** The path part of its address. */
  path: string;
  /** `whsec_…`, what the events are signed with. */
  secret: string;
  onEvent: (event: GatewayEvent) => void;
  /** A request whose signature does not hold; it is answered with 401. */
  onForgery: (reason: string) => void;
  /** Closes it. */
  signal: AbortSignal;
}

/** A small webhook receiver on the loopback address. Answers its own address. */
export async function startEventReceiver({ path, secret, onEvent, onForgery, signal }: EventReceiverOptions): Promise<string> {
  const webhook = new Webhook(secret);

  async function receive(request: IncomingMessage): Promise<number> {
    const body = await text(request);
    try {
      webhook.verify(body, singleHeaders(request));
    } catch (error) {
      onForgery(error instanceof Error ? error.message : String(error));
      return 401;
    }
    onEvent(JSON.parse(body) as GatewayEvent);
    return 204;
  }

  const server = createServer((request, response) => {
    receive(request).then(status => response.writeHead(status).end(), () => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  signal.addEventListener('abort', () => {
    server.close();
    server.closeAllConnections();
  }, { once: true });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
}

function singleHeaders({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
