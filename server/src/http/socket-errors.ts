import type { Socket } from 'node:net';
import { STATUS_CODES } from 'node:http';

const STATUS: Record<string, number> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

/** Answers what is not HTTP, or came too late, in the same form as everything else; there is no request to answer to yet. */
export function answerSocketError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = STATUS[error.code ?? ''] ?? 400;
  const body = JSON.stringify({
    type: 'urn:chasqui:problem:validation_failed',
    title: 'The request is not valid',
    status,
    detail: status === 408 ? 'The request took too long to arrive.' : status === 431 ? 'The headers are too large.' : 'This is not a valid HTTP request.',
    code: 'validation_failed',
  });
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`);
}
