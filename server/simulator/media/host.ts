import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Network } from '../network.js';
import { createServerCertificate } from './certificate.js';
import type { MediaStore } from './store.js';

const MAX_UPLOAD = 2 ** 30;

/** The HTTPS server to which clients upload encrypted files, and from which they download them. */
export interface MediaHost {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** `address:port` once started. */
  readonly authority: string;
  /** The CA of its certificate, PEM, once started. */
  readonly ca: string;
}

export function createMediaHost(network: Network, store: MediaStore, host: string, port: number): MediaHost {
  let server: Server | undefined;
  let ca = '';
  let authority = '';

  const upload = async (request: IncomingMessage, response: ServerResponse, url: URL) => {
    const number = store.numberOf(url.searchParams.get('auth') ?? '');
    if (number === undefined) return void response.writeHead(401).end();
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_UPLOAD) return void response.writeHead(413).end();
      chunks.push(chunk);
    }
    const directPath = store.put({ bytes: Buffer.concat(chunks), number });
    network.stats.mediaUploads += 1;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ url: `https://${authority}${directPath}`, direct_path: directPath }));
  };

  const download = (request: IncomingMessage, response: ServerResponse, url: URL) => {
    const media = store.get(url.pathname);
    if (!media) return void response.writeHead(404).end();
    network.stats.mediaDownloads += 1;
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const start = Number(range?.[1] ?? 0);
    const end = Math.min(range?.[2] ? Number(range[2]) + 1 : media.bytes.length, media.bytes.length);
    if (start >= end) return void response.writeHead(416).end();
    const headers = { 'content-type': 'application/octet-stream', 'content-length': end - start };
    if (range) response.writeHead(206, { ...headers, 'content-range': `bytes ${start}-${end - 1}/${media.bytes.length}` });
    else response.writeHead(200, headers);
    response.end(media.bytes.subarray(start, end));
  };

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'https://localhost');
    const isUpload = request.method === 'POST';
    const number = isUpload ? store.numberOf(url.searchParams.get('auth') ?? '') : store.get(url.pathname)?.number;
    if (network.faults.take('media-down', number)) return void request.socket.destroy();
    const slow = network.faults.take('slow-media', number);
    if (slow) await new Promise<void>((resolve) => network.timers.after(slow.ms ?? 0, resolve));
    if (isUpload) await upload(request, response, url);
    else download(request, response, url);
  };

  return {
    async start() {
      if (server) return;
      const certificate = await createServerCertificate(network.clock.now());
      ca = certificate.ca;
      const made = createServer({ cert: certificate.cert, key: certificate.key }, (request, response) => {
        handle(request, response).catch((error: unknown) => {
          network.logger.debug({ err: error }, 'media request failed');
          request.socket.destroy();
        });
      });
      await new Promise<void>((resolve, reject) => {
        made.once('error', reject);
        made.listen(port, host, resolve);
      });
      server = made;
      const address = made.address() as AddressInfo;
      authority = `${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
    },
    async stop() {
      const running = server;
      server = undefined;
      if (!running) return;
      running.closeAllConnections();
      await new Promise<void>((resolve) => running.close(() => resolve()));
    },
    get authority() {
      return authority;
    },
    get ca() {
      return ca;
    },
  };
}
