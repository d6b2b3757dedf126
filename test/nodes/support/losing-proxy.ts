import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A connection to the gateway on which answers get lost. */
export interface LosingProxy {
  url: string;
  /** How many answers were lost so far. */
  lost(): number;
  /** The answer to the next request that fits is lost: the gateway does what it was asked for, and the connection breaks. */
  loseNext(fits: (method: string, path: string) => boolean): void;
  stop(): Promise<void>;
}

export async function startLosingProxy(target: string): Promise<LosingProxy> {
  const waiting: ((method: string, path: string) => boolean)[] = [];
  let lost = 0;
  const server = createServer((request, response) => pass(request, response));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));

  function pass(request: IncomingMessage, response: ServerResponse): void {
    const { method = 'GET', url = '/', headers } = request;
    const index = waiting.findIndex(fits => fits(method, url));
    const loses = index >= 0 && waiting.splice(index, 1).length > 0;
    const upstream = send(new URL(url, target), { method, headers }, answer => {
      if (!loses) return answer.pipe(response.writeHead(answer.statusCode ?? 502, answer.headers));
      return answer.resume().on('end', () => {
        lost += 1;
        response.destroy();
      });
    });
    upstream.on('error', () => response.destroy());
    request.pipe(upstream);
  }

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lost: () => lost,
    loseNext(fits) { waiting.push(fits); },
    async stop() {
      const closed = new Promise(resolve => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
