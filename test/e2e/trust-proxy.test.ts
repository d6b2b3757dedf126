import { afterEach, describe, expect, it } from 'vitest';
import { startStack, type Stack } from '../support/stack.js';

const LIMIT = 3;
/** So many wrong keys from one address: looked up, and then no more. */
const [LOOKED_UP, REFUSED] = [401, 429];
const LIMITED = [...Array<number>(LIMIT).fill(LOOKED_UP), REFUSED, REFUSED];
const [ANA, EVE] = ['203.0.113.7', '198.51.100.9'];

let stack: Stack;
let made = 0;
afterEach(() => stack?.stop());

/** All calls here come from 127.0.0.1. */
async function start(trustProxy?: string): Promise<void> {
  stack = await startStack({ env: { LOGIN_FAILURES_PER_MINUTE: String(LIMIT), ...(trustProxy === undefined ? {} : { TRUST_PROXY: trustProxy }) } });
}

/** What becomes of some wrong keys, each another one, with the headers of its turn. */
async function guesses(headersOf: (turn: number) => Record<string, string>, count = LIMITED.length): Promise<number[]> {
  const answers: number[] = [];
  for (let turn = 0; turn < count; turn += 1) answers.push((await stack.api.raw('/instances', { headers: { 'x-api-key': `guess ${made++}`, ...headersOf(turn) } })).status);
  return answers;
}

const forwardedFor = (...addresses: string[]) => ({ 'x-forwarded-for': addresses.join(', ') });

/** The address of the first failed login, as the audit log has it. */
async function countedAddress(): Promise<unknown> {
  const { entries } = await stack.api.get('/audit?action=access.authenticate') as { entries: { detail: { address?: string } }[] };
  return entries.at(-1)?.detail.address;
}

/** What an address that the gateway hands out begins with. */
async function linkFor(headers: Record<string, string>): Promise<string> {
  await stack.api.post('/instances', { instanceId: 'demo' }, 201);
  return (await stack.api.post('/instances/demo/qr-link', undefined, 200, headers) as { url: string }).url;
}

describe('without TRUST_PROXY', () => {
  it.each([
    ['X-Forwarded-For', (turn: number) => forwardedFor(`203.0.113.${turn}`)],
    ['a longer X-Forwarded-For', (turn: number) => forwardedFor(`203.0.113.${turn}`, '127.0.0.1', `198.51.100.${turn}`)],
    ['other headers of proxies', (turn: number) => Object.fromEntries(['forwarded', 'x-real-ip', 'x-client-ip', 'true-client-ip', 'cf-connecting-ip'].map(name => [name, name === 'forwarded' ? `for=203.0.113.${turn}` : `203.0.113.${turn}`]))],
  ])('the limit of failed logins is not evaded by %s', async (_, headersOf) => {
    await start();
    expect(await guesses(headersOf)).toEqual(LIMITED);
    expect(await countedAddress()).toBe('127.0.0.1');
  });

  it('links are not steered by X-Forwarded-Host and -Proto', async () => {
    await start();
    expect(await linkFor({ 'x-forwarded-host': 'gateway.example', 'x-forwarded-proto': 'https' })).toMatch(`${stack.gatewayUrl}/`);
  });
});

describe('with TRUST_PROXY', () => {
  it('each caller behind the proxy is counted alone, by the address that the proxy saw', async () => {
    await start('10.0.0.0/8, 127.0.0.1');
    expect(await guesses(() => forwardedFor(EVE))).toEqual(LIMITED);
    expect(await countedAddress()).toBe(EVE);
    // The proxy writes down whom it saw behind what the caller had said; of several proxies that are trusted each does.
    expect(await guesses(turn => forwardedFor(`203.0.113.${turn}`, EVE), 2)).toEqual([REFUSED, REFUSED]);
    expect(await guesses(turn => forwardedFor(`203.0.113.${turn}`, EVE, '10.1.2.3'), 2)).toEqual([REFUSED, REFUSED]);
    expect(await guesses(() => forwardedFor(ANA), 1)).toEqual([LOOKED_UP]);
  });

  it('what proxies write down differently is one address all the same', async () => {
    await start('127.0.0.1');
    expect(await guesses(turn => forwardedFor([EVE, `${EVE}:4711`, `${EVE}:4712`, `::ffff:${EVE}`][turn % 4] ?? ''))).toEqual(LIMITED);
    expect(await guesses(turn => forwardedFor(turn % 2 === 0 ? `2001:db8::${turn}` : `[2001:db8::${turn}]:${5_000 + turn}`))).toEqual(LIMITED);
    // Not an address at all: then it is the proxy's.
    expect(await guesses(turn => forwardedFor(['unknown', '_hidden', '', '999.1.1.1', `x${turn}`][turn % 5] ?? ''))).toEqual(LIMITED);
    expect(await guesses(() => forwardedFor(ANA), 1)).toEqual([LOOKED_UP]);
  });

  it('whoever is not one of the proxies is not believed', async () => {
    await start('10.0.0.0/8,192.0.2.1');
    expect(await guesses(turn => forwardedFor(`203.0.113.${turn}`))).toEqual(LIMITED);
    expect(await countedAddress()).toBe('127.0.0.1');
  });

  it('links are those of the proxy', async () => {
    await start('loopback');
    expect(await linkFor({ 'x-forwarded-host': 'gateway.example', 'x-forwarded-proto': 'https' })).toMatch('https://gateway.example/');
  });
});
