import { createHash } from 'node:crypto';
import { DomainError } from '@gateway/domain/errors.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createHttpFixture, type HttpFixture } from '../../support/http/http-fixture.js';

let http: HttpFixture;
beforeEach(async () => {
  http = await createHttpFixture();
  await http.call('POST', '/instances', { payload: { instanceId: 'demo', name: 'Sales <north>' } });
  await http.call('POST', '/instances', { payload: { instanceId: 'other' } });
});
afterEach(() => http.close());

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8';
const qr = (accept?: string) => http.call('GET', '/instances/demo/qr', accept === undefined ? {} : { headers: { accept } });
const show = () => http.gateway.showQr('demo', { text: '2@some,long,code', expiresAt: http.clock.now() + 20_000 });

test('the Accept header chooses among JSON, PNG, SVG and the page', async () => {
  show();
  for (const accept of [undefined, '*/*', 'application/json', 'text/csv']) {
    expect((await qr(accept)).json).toEqual({ qr: '2@some,long,code', qrDataUrl: expect.stringMatching(/^data:image\/png;base64,/), expiresAt: new Date(http.clock.now() + 20_000).toISOString() });
  }
  const png = await qr('image/png');
  expect(png.headers['content-type']).toBe('image/png');
  expect(png.raw.subarray(1, 4).toString()).toBe('PNG');
  const svg = await qr('image/svg+xml');
  expect(svg.headers['content-type']).toBe('image/svg+xml');
  expect(svg.body).toMatch(/^<svg /);
  const page = await qr(BROWSER);
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
  expect(page.headers['vary']).toBe('accept');
  expect(page.headers['cache-control']).toBe('no-store');
});

test('without a code data and pictures answer 409 with the reason', async () => {
  for (const accept of ['application/json', 'image/png', 'image/svg+xml']) {
    expect((await qr(accept)).json).toMatchObject({ status: 409, code: 'qr_not_available', detail: expect.stringContaining('never been connected') });
  }
});

test('the page shows code and steps, then the state as a sentence', async () => {
  const before = await qr(BROWSER);
  expect(before.status).toBe(200);
  expect(before.body).toContain('Call connect and scan the QR code.');
  show();
  const during = await qr(BROWSER);
  expect(during.body).toContain('Sales &lt;north&gt;');
  expect(during.body).not.toContain('<north>');
  expect(during.body).toMatch(/<svg [\s\S]+Linked devices[\s\S]+Link a device/);
  expect(during.body).toMatch(/<span data-seconds>20<\/span>/);
  http.gateway.setConnected('demo', '15550001111');
  const after = await qr(BROWSER);
  expect(after.body).toContain('Connected as +15550001111');
  expect(after.body).not.toContain('<svg');
});

test('the page says what whoever has the code says, and not what was shown of it a moment before', async () => {
  show();
  expect((await qr(BROWSER)).body).toContain('data-state="QR_READY"');
  http.gateway.usecases.getQr = async () => {
    throw new DomainError('qr_not_available', 'There is no QR code.', { hint: 'WhatsApp is linking this device.', details: { instanceStatus: 'CONNECTING', reason: 'pairing' } });
  };
  const page = await qr(BROWSER);
  expect(page.status).toBe(200);
  expect(page.body).toContain('data-state="CONNECTING"');
  expect(page.body).toContain('WhatsApp is linking this device.');
  expect(page.body).not.toContain('<svg');
});

test('the page may run its own script and style, and nothing else', async () => {
  show();
  const page = await qr(BROWSER);
  const policy = String(page.headers['content-security-policy']);
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain('unsafe');
  for (const [tag, directive] of [['script', 'script-src'], ['style', 'style-src']] as const) {
    const blocks = [...page.body.matchAll(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`, 'g'))];
    expect(blocks).toHaveLength(1);
    expect(policy).toContain(`${directive} 'sha256-${createHash('sha256').update(blocks[0]?.[1] ?? '').digest('base64')}'`);
  }
  expect(page.body).not.toMatch(/\sstyle=|\son\w+=|https?:\/\/(?!www\.w3\.org)/);
});

async function link(): Promise<string> {
  const answer = await http.call('POST', '/instances/demo/qr-link', { headers: { host: 'gateway.example:3000' } });
  expect(answer.status).toBe(200);
  const { url, expiresAt } = answer.json as { url: string; expiresAt: string };
  expect(url).toMatch(/^http:\/\/gateway\.example:3000\/instances\/demo\/qr\?expires=\d+&signature=[\w-]{43}$/);
  expect(Date.parse(expiresAt)).toBe(http.clock.now() + 300_000);
  return url.slice('http://gateway.example:3000'.length);
}
const open = (url: string, accept = BROWSER) => http.call('GET', url, { key: null, headers: { accept } });

test('a link opens the page and its pictures without a key, for a few minutes', async () => {
  show();
  const url = await link();
  expect((await open(url)).body).toContain('<svg ');
  expect((await open(url, 'image/png')).status).toBe(200);
  await http.clock.advance(299_000);
  expect((await open(url)).status).toBe(200);
  await http.clock.advance(1_001);
  const late = await open(url);
  expect(late.status).toBe(401);
  expect(late.headers['content-type']).toBe('text/html; charset=utf-8');
  expect(late.body).toContain('This link has expired');
  expect((await open(url, 'application/json')).json).toMatchObject({ code: 'unauthorized', detail: expect.stringContaining('expired') });
});

test('a link opens nothing else', async () => {
  const url = await link();
  const query = url.slice(url.indexOf('?'));
  for (const path of ['/instances/other/qr', '/instances/demo', '/instances/demo/status', '/instances/demo/messages']) {
    expect([path, (await open(`${path}${query}`)).status]).toEqual([path, 401]);
  }
  expect((await http.call('POST', `/instances/demo/qr-link${query}`, { key: null })).status).toBe(401);
  const expires = Number(/expires=(\d+)/.exec(url)?.[1]);
  for (const changed of [url.replace(`${expires}`, `${expires + 1}`), url.slice(0, -1), `${url}&signature=x`, url.replace(/signature=.*/, 'signature=')]) {
    expect([changed, (await open(changed)).status]).toEqual([changed, 401]);
  }
});

test('a signature is in no log line', async () => {
  const url = await link();
  await open(url);
  expect(http.log()).toContain('"path":"/instances/demo/qr"');
  expect(http.log()).not.toContain(/signature=(.*)/.exec(url)?.[1]);
});

test('a link is only made for an instance that is there', async () => {
  expect((await http.call('POST', '/instances/none/qr-link')).json).toMatchObject({ status: 404, code: 'instance_not_found' });
});
