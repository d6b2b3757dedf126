import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { WASocket } from '@whiskeysockets/baileys';

/** What is on its way gets this long to leave after the end. */
const FLUSH_MS = 1_000;

/**
 * The TCP connection under a Baileys socket, for two things that Baileys does not see to: it stays silent when the upgrade is answered with
 * an HTTP error, and its `end()` waits up to half a minute for a closing handshake that a mute server never sends.
 * @param onRefused gets the HTTP status of a refused upgrade
 */
export function watchWire(socket: WASocket, onRefused: (status: number) => void): { cut(): void } {
  let connection: Socket | null = null;
  socket.ws.on('upgrade', (response: IncomingMessage) => {
    connection = response.socket;
  });
  socket.ws.on('unexpected-response', (request: ClientRequest, response: IncomingMessage) => {
    request.destroy();
    onRefused(response.statusCode ?? 0);
  });
  return {
    cut() {
      setTimeout(() => connection?.destroy(), FLUSH_MS).unref();
    },
  };
}
