import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createHttpFixture, type HttpFixture } from '../../support/http/http-fixture.js';
import { KEY } from '../../support/http/in-memory-gateway.js';
import { until } from '../../support/until.js';

const MEDIA_BYTES = 3_000_000;
let http: HttpFixture;
let url: string;
beforeAll(async () => {
  http = await createHttpFixture({ mediaBytes: MEDIA_BYTES });
  await http.call('POST', '/instances', { payload: { instanceId: 'demo' } });
  url = await http.listen();
});
afterAll(() => http.close());
beforeEach(() => { http.gateway.sent.length = 0; });

const bytes = new Uint8Array(randomBytes(1_500_000));
const sha256 = createHash('sha256').update(bytes).digest('hex');
type Part = [name: string, value: string | Blob, fileName?: string];

async function upload(kind: string, parts: Part[], headers: Record<string, string> = {}): Promise<{ status: number; json: Record<string, unknown> }> {
  const form = new FormData();
  for (const [name, value, fileName] of parts) {
    if (typeof value === 'string') form.append(name, value);
    else form.append(name, value, fileName);
  }
  const answer = await fetch(`${url}/instances/demo/messages/${kind}`, { method: 'POST', headers: { 'x-api-key': KEY, ...headers }, body: form });
  return { status: answer.status, json: await answer.json() as Record<string, unknown> };
}

test('a form arrives byte for byte, with its fields before and after the file', async () => {
  const answer = await upload('document', [['to', '+1 555 000 2222'], ['file', new Blob([bytes], { type: 'application/pdf' }), 'ticket número.pdf'], ['caption', 'Your ticket']]);
  expect([answer.status, answer.json['status']]).toEqual([201, 'sent']);
  expect(http.gateway.sent[0]).toMatchObject({ sha256, request: { type: 'document', to: '+1 555 000 2222', caption: 'Your ticket' }, file: { size: bytes.length, mimetype: 'application/pdf', fileName: 'ticket número.pdf' } });
  expect(await http.spooled()).toEqual([]);
});

test('fields after the file win over what the file says of itself', async () => {
  await upload('audio', [['file', new Blob([bytes]), 'note.bin'], ['to', '15550002222'], ['mimetype', 'audio/ogg; codecs=opus'], ['fileName', 'note.ogg'], ['voice', 'true']]);
  expect(http.gateway.sent[0]).toMatchObject({ request: { voice: true }, file: { mimetype: 'audio/ogg; codecs=opus', fileName: 'note.ogg' } });
});

test('a type that says nothing is found by the name', async () => {
  await upload('image', [['file', new Blob([bytes], { type: 'application/octet-stream' }), 'a.jpeg'], ['to', '15550002222']]);
  expect(http.gateway.sent[0]?.file?.mimetype).toBe('image/jpeg');
});

const file: Part = ['file', new Blob([bytes]), 'a.png'];
test.each<[string, Part[], number, string, string | undefined]>([
  ['no recipient', [file], 400, 'validation_failed', 'to'],
  ['no file', [['to', '15550002222']], 400, 'validation_failed', 'file'],
  ['an empty file', [['to', '15550002222'], ['file', new Blob([]), 'a.png']], 400, 'validation_failed', 'file'],
  ['a file under another name', [['to', '15550002222'], ['picture', new Blob([bytes]), 'a.png']], 400, 'validation_failed', 'file'],
  ['two files', [['to', '15550002222'], file, file], 400, 'validation_failed', undefined],
  ['an unknown field', [file, ['to', '15550002222'], ['captoin', 'x']], 400, 'validation_failed', 'captoin'],
  ['a field twice', [file, ['to', '15550002222'], ['to', '15550003333']], 400, 'validation_failed', 'to'],
  ['a word for yes', [file, ['to', '15550002222'], ['voice', 'yes']], 400, 'validation_failed', 'voice'],
  ['an address beside the file', [file, ['to', '15550002222'], ['url', 'https://example.com']], 400, 'validation_failed', 'url'],
  ['too long a field', [file, ['to', '15550002222'], ['caption', 'x'.repeat(300_000)]], 400, 'validation_failed', 'caption'],
  ['too large a file', [['to', '15550002222'], ['file', new Blob([Buffer.alloc(MEDIA_BYTES + 1)]), 'a.png']], 413, 'media_too_large', undefined],
  ['far too large a file', [['file', new Blob([Buffer.alloc(MEDIA_BYTES * 8)]), 'a.png'], ['to', '15550002222']], 413, 'media_too_large', undefined],
])('a form with %s is refused, and leaves nothing behind', async (_name, parts, status, code, field) => {
  const answer = await upload('image', parts);
  expect(answer.json).toMatchObject({ status, code, ...(field === undefined ? {} : { field }) });
  expect(answer.status).toBe(status);
  expect(http.gateway.sent).toEqual([]);
  expect(await http.spooled()).toEqual([]);
});

test('a file as large as is allowed', async () => {
  const answer = await upload('video', [['to', '15550002222'], ['file', new Blob([Buffer.alloc(MEDIA_BYTES)]), 'a.mp4']]);
  expect(answer.status).toBe(201);
});

test('an upload without a key is refused before a byte is stored', async () => {
  const answer = await upload('image', [['to', '15550002222'], file], { 'x-api-key': 'wrong' });
  expect(answer.json).toMatchObject({ status: 401 });
  expect(await http.spooled()).toEqual([]);
});

test('a form to an address that takes none is 415', async () => {
  const answer = await upload('text', [['to', '15550002222'], ['text', 'x']]);
  expect(answer.json).toMatchObject({ status: 415, code: 'unsupported_media_type' });
});

test('a form that breaks off is refused, and leaves nothing behind', async () => {
  const body = '--b\r\ncontent-disposition: form-data; name="to"\r\n\r\n15550002222\r\n--b\r\ncontent-disposition: form-data; name="file"; filename="a.png"\r\n\r\nsome';
  const answer = await fetch(`${url}/instances/demo/messages/image`, { method: 'POST', headers: { 'x-api-key': KEY, 'content-type': 'multipart/form-data; boundary=b' }, body });
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ code: 'validation_failed' });
  expect(await http.spooled()).toEqual([]);
  const noBoundary = await fetch(`${url}/instances/demo/messages/image`, { method: 'POST', headers: { 'x-api-key': KEY, 'content-type': 'multipart/form-data' }, body });
  expect(noBoundary.status).toBe(400);
});

test('a caller that goes away in the middle of the file leaves nothing behind', async () => {
  const call = httpRequest(`${url}/instances/demo/messages/image`, { method: 'POST', headers: { 'x-api-key': KEY, 'content-type': 'multipart/form-data; boundary=b' } });
  call.on('error', () => undefined);
  call.write('--b\r\ncontent-disposition: form-data; name="file"; filename="a.png"\r\n\r\n');
  call.write(bytes);
  await until('the file is on its way to disk', async () => (await http.spooled()).length === 1);
  call.destroy();
  await until('the file is gone', async () => (await http.spooled()).length === 0);
  expect(http.gateway.sent).toEqual([]);
  expect(http.log()).not.toContain('unexpectedly');
});

test('a caller that goes away while the message is being sent leaves nothing behind', async () => {
  let release = (): void => undefined;
  http.gateway.holdSends(new Promise(resolve => { release = resolve; }));
  const form = new FormData();
  form.append('to', '15550002222');
  form.append('file', new Blob([bytes]), 'a.png');
  const gone = new AbortController();
  const call = fetch(`${url}/instances/demo/messages/image`, { method: 'POST', headers: { 'x-api-key': KEY }, body: form, signal: gone.signal });
  await until('the message is being sent', () => http.gateway.sent.length === 1);
  expect(await http.spooled()).toHaveLength(1);
  gone.abort();
  await expect(call).rejects.toThrow();
  release();
  await until('the file is gone', async () => (await http.spooled()).length === 0);
});
