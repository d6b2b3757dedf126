import type { IncomingMessage, Server } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Network } from '../network.js';
import type { ProtocolServer } from './server.js';

export const SOCKET_PATH = '/ws/chat';

/** Takes WebSocket upgrades of an HTTP server on /ws/chat; others are refused. Answers a function that closes all sockets. */
export function acceptUpgrades(http: Server, network: Network, protocol: ProtocolServer): () => Promise<void> {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 64 * 1024 * 1024 });

  /** Half-open: connected, and never answered. */
  const held = new Set<Duplex>();

  http.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on('error', () => stream.destroy());
    if (request.url?.split('?')[0] !== SOCKET_PATH) return refuse(stream, 404);
    const fault = network.faults.take('refuse-upgrade', undefined);
    if (fault) {
      const status = fault.code ?? 403;
      network.log.add({ event: 'refused', socket: 0, detail: status.toString() });
      return refuse(stream, status);
    }
    if (network.faults.take('hold-upgrade', undefined)) {
      held.add(stream);
      stream.on('close', () => held.delete(stream));
      return undefined;
    }
    sockets.handleUpgrade(request, stream, head, (socket) => protocol.accept(socket, request.socket.remotePort));
  });

  let closed: Promise<void> | undefined;
  const close = async () => {
    for (const socket of sockets.clients) socket.terminate();
    for (const stream of held) stream.destroy();
    await new Promise<void>((resolve) => sockets.close(() => resolve()));
  };
  return () => (closed ??= close());
}

function refuse(stream: Duplex, status: number): void {
  stream.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
