import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server with one file, for media by url; what is posted to it is taken, as by a webhook's receiver. */
export interface FileServer {
  url: string;
  bytes: Buffer;
  close(): Promise<void>;
}

/** @param size bytes that no compression makes smaller */
export async function startFileServer(size: number): Promise<FileServer> {
  const blocks = Array.from({ length: Math.ceil(size / 64) }, (_, index) => createHash('sha512').update(String(index)).digest());
  const bytes = Buffer.concat(blocks).subarray(0, size);
  const server = createServer((request, response) => {
    request.resume();
    if (request.method === 'POST') response.writeHead(200).end();
    else if (request.url === '/file.bin') response.writeHead(200, { 'content-type': 'image/png' }).end(bytes);
    else response.writeHead(404).end();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/file.bin`,
    bytes,
    async close() {
      const closed = new Promise(resolve => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
