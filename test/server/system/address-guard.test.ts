import type { LookupAddress } from 'node:dns';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { createAddressGuard, type GuardRules, type LookUpAll } from '@gateway/adapters/outgoing/address-guard.js';
import { kindOf, readAddress, type AddressKind } from '@gateway/adapters/outgoing/address-kind.js';
import { createSystemClock } from '@gateway/adapters/system/clock.js';
import { createUndiciSender } from '@gateway/adapters/webhooks/undici-sender.js';
import { fetchUrl } from '@gateway/adapters/media/fetch-url.js';
import { createMediaFetcher } from '@gateway/adapters/media/media-fetcher.js';
import { DomainError } from '@gateway/domain/errors.js';

const kind = (address: string): AddressKind | null => {
  const parsed = readAddress(address);
  return parsed && kindOf(parsed);
};

test.each<[AddressKind, string[]]>([
  ['public', ['1.1.1.1', '8.8.8.8', '100.63.255.255', '100.128.0.0', '172.15.255.255', '172.32.0.0', '169.253.255.255', '198.17.0.1', '2606:4700::1111', '2a00:1450:4001::1', '64:ff9b::808:808', '::ffff:8.8.8.8']],
  ['internal', ['127.0.0.1', '127.255.255.254', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1', '100.127.255.255', '::1', 'fc00::1', 'fdff::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:10.1.2.3', '64:ff9b::7f00:1', '64:ff9b::10.0.0.1']],
  ['special', ['0.0.0.0', '0.1.2.3', '169.254.1.1', '192.0.0.1', '192.0.2.1', '192.88.99.1', '198.18.0.1', '198.51.100.1', '203.0.113.1', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255',
    '::', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1', '100::1', '2001::1', '2001:db8::1', '3fff::1', '5f00::1', '4000::1', '2002:7f00:1::', '2002:808:808::', '64:ff9b:1::a00:1', '::127.0.0.1', '::7f00:1', '::ffff:0:7f00:1']],
  ['metadata', ['169.254.169.254', '169.254.170.2', '100.100.100.200', '168.63.129.16', 'fd00:ec2::254', '::ffff:169.254.169.254', '::ffff:a9fe:a9fe', '64:ff9b::a9fe:a9fe', '2002:a9fe:a9fe::', '::a9fe:a9fe', 'fd00:0ec2:0:0:0:0:0:0254']],
])('what is %s', (expected, addresses) => {
  expect(addresses.map(address => [address, kind(address)])).toEqual(addresses.map(address => [address, expected]));
});

test('what is no address as the system spells it is none', () => {
  expect(['', 'localhost', '127.1', '2130706433', '0x7f.0.0.1', '1.2.3', '1.2.3.4.5', ':::', '999.1.1.1'].map(kind)).toEqual(Array.from({ length: 9 }, () => null));
});

const MEDIA: GuardRules = { allowInternal: false, allowed: [], setting: 'MEDIA_ALLOWED_HOSTS' };
const WEBHOOKS: GuardRules = { allowInternal: true, allowed: [], setting: 'WEBHOOK_ALLOWED_HOSTS' };
const refuses = (rules: GuardRules, url: string) => {
  try {
    createAddressGuard(rules).check(url);
    return false;
  } catch (error) {
    expect(error).toMatchObject({ code: 'address_not_allowed', field: 'url', hint: expect.stringContaining(rules.setting) });
    return true;
  }
};

describe('a URL with an address in it', () => {
  it.each([
    'http://127.0.0.1/', 'http://127.1/', 'http://2130706433/', 'http://0x7f000001/', 'http://0177.0.0.1/', 'http://0x7f.1/', 'http://127.0.0.1./', 'http://１２７.０.０.１/',
    'http://[::1]/', 'http://[::ffff:127.0.0.1]/', 'http://[0:0:0:0:0:ffff:7f00:1]/', 'http://[64:ff9b::127.0.0.1]/', 'http://[2002:7f00:1::]/', 'https://10.1.2.3:8443/x', 'http://0/', 'http://0.0.0.0/', 'http://[::]/', 'http://169.254.169.254/latest/meta-data/',
  ])('media: %s is refused', url => expect(refuses(MEDIA, url)).toBe(true));

  it.each(['http://93.184.215.14/', 'https://[2606:4700::1111]/', 'http://localhost/'])('media: %s is not refused by its looks', url => expect(refuses(MEDIA, url)).toBe(false));

  it('webhooks may go to this machine and to private networks, and nowhere else that is special', () => {
    for (const url of ['http://127.0.0.1:5678/', 'http://10.0.0.5/', 'http://192.168.0.2/', 'http://100.64.1.1/', 'http://[fd12::1]/', 'http://[::1]/']) expect([url, refuses(WEBHOOKS, url)]).toEqual([url, false]);
    for (const url of ['http://169.254.169.254/', 'http://[fd00:ec2::254]/', 'http://100.100.100.200/', 'http://0xa9fea9fe/', 'http://169.254.7.7/', 'http://224.0.0.1/', 'http://0.0.0.0/']) expect([url, refuses(WEBHOOKS, url)]).toEqual([url, true]);
    expect(refuses({ ...WEBHOOKS, allowInternal: false }, 'http://10.0.0.5/')).toBe(true);
  });

  it('is allowed by the list: an address, a range; metadata only by the address itself', () => {
    const allowed = (...entries: string[]) => ({ ...MEDIA, allowed: entries });
    expect(refuses(allowed('10.0.0.5'), 'http://10.0.0.5/')).toBe(false);
    expect(refuses(allowed('10.0.0.5'), 'http://[::ffff:10.0.0.5]/')).toBe(false);
    expect(refuses(allowed('10.0.0.5'), 'http://10.0.0.6/')).toBe(true);
    expect(refuses(allowed('10.0.0.0/29', 'fd00::/8'), 'http://10.0.0.6/')).toBe(false);
    expect(refuses(allowed('10.0.0.0/29', 'fd00::/8'), 'http://10.0.0.8/')).toBe(true);
    expect(refuses(allowed('fd00::/8'), 'http://[FD12::1]/')).toBe(false);
    expect(refuses(allowed('0.0.0.0/0', '169.254.0.0/16', 'fd00::/8'), 'http://169.254.169.254/')).toBe(true);
    expect(refuses(allowed('fd00::/8'), 'http://[fd00:ec2::254]/')).toBe(true);
    expect(refuses(allowed('169.254.169.254'), 'http://169.254.169.254/')).toBe(false);
  });
});

describe('connections', () => {
  let server: Server;
  let port: number;
  let hits: (string | undefined)[] = [];
  let answer: RequestListener = (_request, response) => response.end('there');
  beforeAll(async () => {
    server = createServer((request, response) => {
      hits.push(request.headers.host);
      answer(request, response);
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  });

  /** A name server of the test's own: each look-up of a name answers the next of its entries. */
  function names(table: Record<string, string[][]>): { lookUp: LookUpAll; asked: string[] } {
    const asked: string[] = [];
    return {
      asked,
      lookUp(hostname, _options, callback) {
        asked.push(hostname);
        const answers = table[hostname];
        const addresses = answers && answers.length > 1 ? answers.shift() : answers?.[0];
        if (!addresses) return callback(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), []);
        callback(null, addresses.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 })));
      },
    };
  }

  async function get(rules: GuardRules, table: Record<string, string[][]>, url: string): Promise<unknown> {
    const { lookUp } = names(table);
    const { Agent } = await import('undici');
    const agent = new Agent({ connect: createAddressGuard(rules, lookUp).connector({ timeout: 2_000 }) });
    try {
      const { body } = await fetchUrl(url, AbortSignal.timeout(5_000), agent);
      let text = '';
      for await (const chunk of body) text += String(chunk);
      return text;
    } catch (error) {
      return error instanceof DomainError ? error.code : error;
    } finally {
      await agent.destroy();
    }
  }
  const at = (host: string) => `http://${host}:${port}/`;
  const LOOPBACK = { ...MEDIA, allowed: ['127.0.0.1'] };

  it('go to a name whose addresses are all allowed, and to none with a single bad one', async () => {
    hits = [];
    expect(await get(LOOPBACK, { 'good.test': [['127.0.0.1']] }, at('good.test'))).toBe('there');
    expect(hits).toEqual([`good.test:${port}`]);
    for (const addresses of [['127.0.0.1', '10.0.0.1'], ['10.0.0.1', '127.0.0.1'], ['127.0.0.1', '169.254.169.254'], ['127.0.0.1', 'fe80::1%eth0']]) {
      expect(await get(LOOPBACK, { 'mixed.test': [addresses] }, at('mixed.test'))).toBe('address_not_allowed');
    }
    expect(await get(MEDIA, { 'local.test': [['127.0.0.1']] }, at('local.test'))).toBe('address_not_allowed');
    expect(await get(MEDIA, { 'local.test': [['::ffff:127.0.0.1']] }, at('local.test'))).toBe('address_not_allowed');
    expect(await get(MEDIA, {}, at('127.0.0.1'))).toBe('address_not_allowed');
    expect(await get(MEDIA, {}, at('[::ffff:127.0.0.1]'))).toBe('address_not_allowed');
    expect(hits).toHaveLength(1);
  });

  it('go to a name that is listed, wherever it is; metadata of a cloud not even then', async () => {
    expect(await get({ ...MEDIA, allowed: ['files.lan'] }, { 'files.lan': [['127.0.0.1']] }, at('FILES.lan'))).toBe('there');
    expect(await get({ ...MEDIA, allowed: ['*.lan'] }, { 'a.b.lan.': [['127.0.0.1']] }, at('a.b.lan.'))).toBe('there');
    expect(await get({ ...MEDIA, allowed: ['*.lan'] }, { 'lan': [['127.0.0.1']] }, at('lan'))).toBe('address_not_allowed');
    expect(await get({ ...MEDIA, allowed: ['*.lan'] }, { 'evillan': [['127.0.0.1']] }, at('evillan'))).toBe('address_not_allowed');
    expect(await get({ ...MEDIA, allowed: ['files.lan'] }, { 'files.lan': [['169.254.169.254']] }, at('files.lan'))).toBe('address_not_allowed');
  });

  it('look a name up once: one that answers differently the second time gains nothing', async () => {
    const { lookUp, asked } = names({ 'rebind.test': [['127.0.0.1'], ['127.0.0.2']] });
    const { Agent } = await import('undici');
    const agent = new Agent({ connect: createAddressGuard(LOOPBACK, lookUp).connector() });
    hits = [];
    const { body } = await fetchUrl(at('rebind.test'), AbortSignal.timeout(5_000), agent);
    for await (const _ of body);
    expect(asked).toEqual(['rebind.test']);
    expect(hits).toHaveLength(1);
    await agent.destroy();
    // The second answer is not allowed: a new connection is refused.
    const second = new Agent({ connect: createAddressGuard(LOOPBACK, lookUp).connector() });
    await expect(fetchUrl(at('rebind.test'), AbortSignal.timeout(5_000), second)).rejects.toMatchObject({ code: 'address_not_allowed' });
    await second.destroy();
  });

  it('judge each redirect', async () => {
    const table = { 'good.test': [['127.0.0.1']], 'bad.test': [['10.0.0.1']] };
    for (const location of ['http://bad.test/', `http://127.0.0.2:${port}/`, 'http://169.254.169.254/latest/', '//bad.test/', 'http://[::1]/']) {
      answer = (_request, response) => response.writeHead(302, { location }).end();
      expect(await get(LOOPBACK, table, at('good.test')), location).toBe('address_not_allowed');
    }
    for (const location of ['file:///etc/passwd', 'ftp://good.test/', 'gopher://good.test/', `http://user:pass@good.test:${port}/`]) {
      answer = (_request, response) => response.writeHead(302, { location }).end();
      expect(await get(LOOPBACK, table, at('good.test')), location).toBe('media_fetch_failed');
    }
    answer = (_request, response) => response.end('there');
  });

  it('of the media fetcher and of the sender of events are judged, and say so without the address', async () => {
    const { lookUp } = names({ 'inner.test': [['10.9.8.7']], 'meta.test': [['169.254.169.254']] });
    const fetcher = createMediaFetcher({ dir: '/nonexistent', maxBytes: 10, guard: createAddressGuard(MEDIA, lookUp) });
    const failure = await fetcher.fromUrl('http://inner.test/secret?token=x', {}).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'address_not_allowed', field: 'url', hint: expect.stringContaining('MEDIA_ALLOWED_HOSTS') });
    expect((failure as Error).message).not.toMatch(/10\.9|token/);
    await fetcher.close();

    const sender = createUndiciSender({ clock: createSystemClock(), guard: createAddressGuard(WEBHOOKS, lookUp) });
    const outcome = await sender.post({ url: 'http://meta.test/?token=x', headers: {}, body: '{}', timeoutMs: 5_000 });
    expect(outcome).toMatchObject({ status: null, error: expect.stringContaining('WEBHOOK_ALLOWED_HOSTS') });
    expect(outcome.error).not.toMatch(/169|token/);
    expect(await sender.post({ url: 'http://169.254.169.254/', headers: {}, body: '{}', timeoutMs: 5_000 })).toMatchObject({ status: null, error: expect.stringContaining('must not call') });
    await sender.close();
  });
});
