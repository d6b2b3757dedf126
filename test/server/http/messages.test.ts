import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DomainError } from '@gateway/domain/errors.js';
import { NOTHING_YET, type StoredMessage } from '@gateway/domain/messages/message.js';
import { createHttpFixture, type HttpFixture } from '../../support/http/http-fixture.js';

let http: HttpFixture;
beforeEach(async () => {
  http = await createHttpFixture();
  await http.call('POST', '/instances', { payload: { instanceId: 'demo' } });
});
afterEach(() => http.close());

const message = (messageId: string, createdAt: number, change: Partial<StoredMessage> = {}): StoredMessage => ({
  instanceId: 'demo', messageId, direction: 'out', chatId: '15550002222@s.whatsapp.net', party: '+1 555 000 2222', type: 'text', state: 'delivered', correlationId: 'c1',
  proto: new Uint8Array([1]), attempts: 1, timestamp: createdAt, createdAt, ...NOTHING_YET, sentAt: createdAt + 5, deliveredAt: createdAt + 9, ...change,
});
const at = (ms: number) => new Date(ms).toISOString();

test('a message of each direction, and one that failed', async () => {
  http.gateway.messages.push(
    message('OUT', 1000),
    message('IN', 2000, { direction: 'in', party: '777@lid', state: null, correlationId: null, attempts: 0, sentAt: null, deliveredAt: null }),
    message('BAD', 3000, { state: 'failed', failure: { code: 'whatsapp_rejected', message: 'WhatsApp refused (463).' }, sentAt: null, deliveredAt: null, failedAt: 3005 }),
  );
  expect((await http.call('GET', '/instances/demo/messages/OUT')).json).toEqual({
    messageId: 'OUT', direction: 'out', chatId: '15550002222@s.whatsapp.net', to: '+1 555 000 2222', type: 'text', status: 'delivered', correlationId: 'c1', attempts: 1,
    timestamp: at(1000), createdAt: at(1000), sentAt: at(1005), deliveredAt: at(1009),
  });
  expect((await http.call('GET', '/instances/demo/messages/IN')).json).toEqual({
    messageId: 'IN', direction: 'in', chatId: '15550002222@s.whatsapp.net', from: '777@lid', type: 'text', attempts: 0, timestamp: at(2000), createdAt: at(2000),
  });
  expect((await http.call('GET', '/instances/demo/messages/BAD')).json).toMatchObject({ status: 'failed', error: { code: 'whatsapp_rejected', message: 'WhatsApp refused (463).' }, failedAt: at(3005) });
  expect((await http.call('GET', '/instances/demo/messages/NONE')).json).toMatchObject({ status: 404, code: 'message_not_found' });
});

test.each([1, 2, 3, 6, 7, 50])('pages of %i lead through all messages, each once, newest first, though all came within one millisecond', async limit => {
  const ids = Array.from({ length: 7 }, (_, index) => `M${index}`);
  ids.forEach(id => http.gateway.messages.push(message(id, 9000)));
  const seen: string[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages === 0 || (cursor !== undefined && pages < 20); pages++) {
    const answer = await http.call('GET', `/instances/demo/messages?limit=${limit}${cursor === undefined ? '' : `&cursor=${cursor}`}`);
    const page = answer.json as { messages: { messageId: string }[]; next?: string };
    expect(page.messages.length).toBeGreaterThan(0);
    expect(page.messages.length).toBeLessThanOrEqual(limit);
    seen.push(...page.messages.map(item => item.messageId));
    cursor = page.next;
    // It goes into an address as it is.
    expect(cursor ?? 'none').toMatch(/^[\w-]+$/);
    // What comes in meanwhile moves nothing.
    http.gateway.messages.push(message(`LATER${pages}`, 9000));
  }
  expect(seen).toEqual(ids.reverse());
});

test('a list is filtered by direction and chat, over pages', async () => {
  http.gateway.messages.push(message('A', 1), message('B', 1, { direction: 'in' }), message('C', 1, { chatId: '120@g.us' }), message('D', 1));
  const list = async (query: string) => (await http.call('GET', `/instances/demo/messages?${query}`)).json as { messages: { messageId: string }[]; next?: string };
  expect((await list('direction=in')).messages.map(item => item.messageId)).toEqual(['B']);
  expect((await list('chatId=120%40g.us')).messages.map(item => item.messageId)).toEqual(['C']);
  const first = await list('direction=out&chatId=15550002222%40s.whatsapp.net&limit=1');
  const second = await list(`direction=out&chatId=15550002222%40s.whatsapp.net&limit=1&cursor=${first.next}`);
  expect([...first.messages, ...second.messages].map(item => item.messageId)).toEqual(['D', 'A']);
  expect(second).not.toHaveProperty('next');
});

test.each(['yesterday', '17', '2026-03-01T12:00:00Z', Buffer.from('c-1').toString('base64url'), Buffer.from('c').toString('base64url'), Buffer.from('c1e99').toString('base64url')])('the cursor %s is refused', async cursor => {
  expect((await http.call('GET', `/instances/demo/messages?cursor=${encodeURIComponent(cursor)}`)).json).toMatchObject({ status: 400, code: 'validation_failed', field: 'cursor' });
});

test('a query that is none is refused', async () => {
  expect((await http.call('GET', '/instances/demo/messages?limit=201')).json).toMatchObject({ status: 400, field: 'limit' });
  expect((await http.call('GET', '/instances/demo/messages?direction=sideways')).json).toMatchObject({ status: 400, field: 'direction' });
});

test('media come as they are, to be saved and not shown', async () => {
  const bytes = Buffer.from([0, 1, 2, 255]);
  http.gateway.messages.push(message('PIC', 1000), message('ODD', 1001), message('BARE', 1002));
  http.gateway.media.set('PIC', { bytes, mimetype: 'image/png', fileName: 'año "1".png' });
  http.gateway.media.set('ODD', { bytes, mimetype: 'text/html\r\nx: y', fileName: null });
  const picture = await http.call('GET', '/instances/demo/messages/PIC/media');
  expect(picture.status).toBe(200);
  expect(picture.raw.equals(bytes)).toBe(true);
  expect(picture.headers).toMatchObject({ 'content-type': 'image/png', 'x-content-type-options': 'nosniff', 'content-security-policy': "default-src 'none'; sandbox" });
  expect(String(picture.headers['content-disposition'])).toMatch(/^attachment; /);
  expect(String(picture.headers['content-disposition'])).toContain(`filename*=UTF-8''a%C3%B1o%20%221%22.png`);
  const odd = await http.call('GET', '/instances/demo/messages/ODD/media');
  expect(odd.headers).toMatchObject({ 'content-type': 'application/octet-stream', 'content-disposition': 'attachment' });
  expect((await http.call('GET', '/instances/demo/messages/BARE/media')).json).toMatchObject({ status: 404, code: 'media_not_found' });
});

test('media that fail before the first byte are a problem', async () => {
  http.gateway.messages.push(message('PIC', 1000));
  http.gateway.usecases.getMessageMedia = async () => ({
    stream: new Readable({ read() { this.destroy(new DomainError('media_unavailable', 'WhatsApp no longer has it.')); } }), mimetype: 'image/png', fileName: null, size: 4,
  });
  const answer = await http.call('GET', '/instances/demo/messages/PIC/media');
  expect(answer.json).toMatchObject({ status: 502, code: 'media_unavailable', detail: 'WhatsApp no longer has it.' });
  expect(answer.headers['content-disposition']).toBeUndefined();
});

test('media that break off break the answer off', async () => {
  http.gateway.messages.push(message('PIC', 1000));
  let breakOff = (): void => undefined;
  const begun = new Promise<void>(resolve => { breakOff = resolve; });
  http.gateway.usecases.getMessageMedia = async () => ({
    stream: Readable.from((async function* () { yield Buffer.alloc(1000); await begun; throw new Error('gone'); })()), mimetype: 'image/png', fileName: null, size: 4000,
  });
  const url = await http.listen();
  const answer = await fetch(`${url}/instances/demo/messages/PIC/media`, { headers: { 'x-api-key': 'test-key' } });
  expect(answer.status).toBe(200);
  breakOff();
  await expect(answer.arrayBuffer()).rejects.toThrow();
});
