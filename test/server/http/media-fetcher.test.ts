import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createMediaFetcher } from '@gateway/adapters/media/media-fetcher.js';
import { LOOPBACK_GUARD } from '../../support/guards.js';

const MAX = 10_000;
let dir: string;
let server: Server;
let url: string;
let serve: RequestListener;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'chasqui-media-'));
  server = createServer((request, response) => serve(request, response));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise(resolve => server.close(resolve));
  await rm(dir, { recursive: true, force: true });
});

const fetcher = (timeoutMs = 5_000) => createMediaFetcher({ dir, maxBytes: MAX, timeoutMs, guard: LOOPBACK_GUARD });
const left = () => readdir(dir);
const refused = (failure: Promise<unknown>) => failure.then(() => { throw new Error('it did not fail'); }, (error: unknown) => error);

test('bytes, type and name come from the answer; the file is for this user alone, and goes when it is discarded', async () => {
  serve = (_request, response) => response.writeHead(200, { 'content-type': 'Image/PNG; charset=binary' }).end('picture');
  const file = await fetcher().fromUrl(`${url}/a/b%C3%A9.png?x=1`, {});
  expect(file).toMatchObject({ size: 7, mimetype: 'image/png', fileName: 'bé.png' });
  expect(await readFile(file.path, 'utf8')).toBe('picture');
  expect((await stat(file.path)).mode & 0o777).toBe(0o600);
  await fetcher().discard(file);
  await fetcher().discard(file);
  expect(await left()).toEqual([]);
});

test.each([
  ['what the caller says', { mimetype: 'image/webp' }, 'image/png', '/a.gif', 'image/webp'],
  ['what the answer says', {}, 'audio/ogg; codecs=opus', '/a.gif', 'audio/ogg; codecs=opus'],
  ['the caller\'s file name, where the answer says nothing', { fileName: 'b.pdf' }, 'application/octet-stream', '/a.gif', 'application/pdf'],
  ['the address, where nobody says anything', {}, 'binary/octet-stream', '/a.gif', 'image/gif'],
  ['nothing at all', {}, 'nonsense', '/a', 'application/octet-stream'],
])('the type is %s', async (_name, options, contentType, path, mimetype) => {
  serve = (_request, response) => response.writeHead(200, { 'content-type': contentType }).end('x');
  expect((await fetcher().fromUrl(`${url}${path}`, options)).mimetype).toBe(mimetype);
});

test('five redirects are followed, relative ones too, and no sixth', async () => {
  serve = (request, response) => {
    const hops = Number(request.url?.slice(1));
    if (hops === 0) response.end('there');
    else response.writeHead([301, 302, 303, 307, 308][hops % 5] ?? 302, { location: hops % 2 ? `/${hops - 1}` : `${url}/${hops - 1}` }).end();
  };
  expect(await fetcher().fromUrl(`${url}/5`, {})).toMatchObject({ size: 5 });
  expect(await refused(fetcher().fromUrl(`${url}/6`, {}))).toMatchObject({ code: 'media_fetch_failed', message: expect.stringContaining('more than 5 times') });
});

test.each<[string, RequestListener, string]>([
  ['a redirect to another protocol', (_request, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(), 'neither an http nor an https address'],
  ['a redirect to nonsense', (_request, response) => response.writeHead(302, { location: 'http://[' }).end(), 'not a valid URL'],
  ['an error', (_request, response) => response.writeHead(500).end('x'.repeat(100_000)), 'answered 500'],
  ['nothing', (_request, response) => response.end(), 'without a byte'],
  ['a connection that breaks', request => request.socket.destroy(), 'broke the connection off'],
  ['a body that breaks off', (_request, response) => { response.writeHead(200, { 'content-length': '100' }); response.write('half', () => response.destroy()); }, 'broke the connection off'],
])('%s is a failure with a sentence, and leaves nothing behind', async (_name, listener, sentence) => {
  serve = listener;
  const failure = await refused(fetcher().fromUrl(`${url}/x?token=private`, {}));
  expect(failure).toMatchObject({ code: 'media_fetch_failed', field: 'url', message: expect.stringContaining(sentence) });
  expect((failure as Error).message).not.toContain('private');
  expect(await left()).toEqual([]);
});

test('a port where nobody listens, and a name that nobody has', async () => {
  const spare = createServer();
  await new Promise<void>(resolve => spare.listen(0, '127.0.0.1', resolve));
  const { port } = spare.address() as AddressInfo;
  await new Promise(resolve => spare.close(resolve));
  expect(await refused(fetcher().fromUrl(`http://127.0.0.1:${port}/`, {}))).toMatchObject({ code: 'media_fetch_failed', message: `127.0.0.1:${port} refused the connection.` });
  expect(await refused(fetcher().fromUrl('http://nowhere.invalid/', {}))).toMatchObject({ code: 'media_fetch_failed', message: expect.stringContaining('host name') });
});

test.each<[string, RequestListener]>([
  ['never answers', () => undefined],
  ['stops in the middle', (_request, response) => { response.writeHead(200); response.write('some'); }],
])('a server that %s is given up', async (_name, listener) => {
  serve = listener;
  expect(await refused(fetcher(200).fromUrl(`${url}/x`, {}))).toMatchObject({ code: 'media_fetch_failed', message: expect.stringContaining('not done within 0.2 s') });
  expect(await left()).toEqual([]);
});

test.each<[string, RequestListener]>([
  ['announced', (_request, response) => response.writeHead(200, { 'content-length': MAX + 1 }).end(Buffer.alloc(MAX + 1))],
  ['not announced', (_request, response) => { response.write(Buffer.alloc(MAX)); response.end('x'); }],
])('too many bytes, %s, are refused', async (_name, listener) => {
  serve = listener;
  expect(await refused(fetcher().fromUrl(`${url}/x`, {}))).toMatchObject({ code: 'media_too_large', details: { maxBytes: MAX } });
  expect(await left()).toEqual([]);
});

test('exactly as many bytes as are allowed', async () => {
  serve = (_request, response) => response.end(Buffer.alloc(MAX));
  expect((await fetcher().fromUrl(`${url}/x`, {})).size).toBe(MAX);
  expect((await fetcher().fromBase64(Buffer.alloc(MAX).toString('base64'), {})).size).toBe(MAX);
  expect((await fetcher().fromStream(Readable.from([Buffer.alloc(MAX)]), {})).size).toBe(MAX);
  for (const failure of [fetcher().fromBase64(Buffer.alloc(MAX + 1).toString('base64'), {}), fetcher().fromStream(Readable.from([Buffer.alloc(MAX), Buffer.alloc(1)]), {})]) {
    expect(await refused(failure)).toMatchObject({ code: 'media_too_large' });
  }
});

test.each(['', 'a', 'aGk', 'aG k=', 'aGk=aGk=', 'a-_=', 'aGl=', 'data:image/png;base64', 'data:image/png,aGk=', 'data:;base64,', '====', 'é'])('%j is not base64', async text => {
  expect(await refused(fetcher().fromBase64(text, {}))).toMatchObject({ code: 'validation_failed', field: 'base64' });
  expect(await left()).toEqual([]);
});

test('a data: URL with parameters', async () => {
  expect(await fetcher().fromBase64('data:audio/ogg;codecs=opus;base64,aGk=', {})).toMatchObject({ size: 2, mimetype: 'audio/ogg; codecs=opus' });
});

test('a disk that does not take it is not blamed on the address', async () => {
  serve = (_request, response) => response.end('x');
  await writeFile(join(dir, 'file'), '');
  const blocked = createMediaFetcher({ dir: join(dir, 'file', 'below'), maxBytes: MAX, guard: LOOPBACK_GUARD });
  expect(await refused(blocked.fromUrl(`${url}/x`, {}))).toMatchObject({ code: 'ENOTDIR' });
});

test('a stream that fails leaves nothing behind', async () => {
  const source = Readable.from((async function* () { yield Buffer.alloc(10); throw new Error('torn'); })());
  expect(await refused(fetcher().fromStream(source, {}))).toMatchObject({ message: 'torn' });
  expect(await left()).toEqual([]);
});

test('clearing removes what a crash left, and nothing else', async () => {
  await fetcher().fromBase64('aGk=', {});
  await writeFile(join(dir, 'notes.txt'), 'mine');
  await fetcher().clear();
  expect(await left()).toEqual(['notes.txt']);
  await createMediaFetcher({ dir: join(dir, 'not-there'), maxBytes: 1, guard: LOOPBACK_GUARD }).clear();
});

test('the first bytes tell the type where nobody says it', async () => {
  const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==', 'base64');
  expect(await fetcher().fromBase64(png.toString('base64'), {})).toMatchObject({ mimetype: 'image/png' });
  expect(await fetcher().fromStream(Readable.from([png]), { mimetype: 'application/octet-stream' })).toMatchObject({ mimetype: 'image/png' });
});
