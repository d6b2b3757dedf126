import { afterEach, describe, expect, it } from 'vitest';
import { startStack, type Stack, type StackOptions } from '../support/stack.js';
import { until } from '../support/until.js';

const PHONE = '15550003333';
const OTHER_PHONE = '15550003334';
const CONTACT = '15550004444';

interface Status { status: string; reason: string; message: string }
interface Connect extends Status { hasQR: boolean; qr?: string; qrDataUrl?: string; expiresAt?: string }

describe('the life of a session', { timeout: 90_000 }, () => {
  let stack: Stack;
  const start = async (options?: StackOptions) => {
    stack = await startStack(options);
  };
  afterEach(() => stack?.stop());

  const status = (id = 'demo') => stack.api.get(`/instances/${id}/status`) as Promise<Status>;
  const connect = (id = 'demo') => stack.api.post(`/instances/${id}/connect`, undefined, 200) as Promise<Connect>;
  const logins = () => stack.simulator.log({ event: 'login' }).length;

  it('pairs by a code as well as by a QR', async () => {
    await start();
    stack.simulator.phones.add(PHONE);
    await stack.api.post('/instances', { instanceId: 'demo' }, 201);
    const { code } = await stack.api.post('/instances/demo/pairing-code', { phoneNumber: `+${PHONE}` }, 200) as { code: string };
    await stack.simulator.phones.enterPairingCode(PHONE, code);
    await stack.api.untilStatus('demo', 'CONNECTED');
    await stack.api.post('/instances/demo/messages/text', { to: CONTACT, text: 'by code' }, 201);
    expect(await stack.api.post('/instances/demo/pairing-code', { phoneNumber: PHONE }, 409)).toMatchObject({ code: 'already_connected' });
  });

  it('never calls a zombie connected, and connecting again gives a fresh QR', async () => {
    await start();
    await stack.api.post('/instances', { instanceId: 'demo' }, 201);
    const first = await connect();
    expect(first).toMatchObject({ status: 'QR_READY', hasQR: true });
    expect(await stack.api.post('/instances/demo/messages/text', { to: CONTACT, text: 'x' }, 409)).toMatchObject({ code: 'instance_not_connected' });
    const second = await connect();
    expect(second).toMatchObject({ status: 'QR_READY', hasQR: true });
    expect(second.qr).not.toBe(first.qr);
    await until('the first socket is gone', () => stack.simulator.stats().openSockets === 1);
    stack.simulator.phones.add(PHONE);
    await stack.simulator.phones.scan(PHONE, second.qr ?? '');
    await stack.api.untilStatus('demo', 'CONNECTED');
    expect(await stack.api.get('/instances/demo/qr', 409)).toMatchObject({ code: 'qr_not_available' });
  });

  it('takes the QR away with the socket, and forgets a pairing that nobody scans', async () => {
    await start({ simulator: { firstQrMs: 60_000, nextQrMs: 20_000, qrRefs: 1 } });
    await stack.api.post('/instances', { instanceId: 'demo' }, 201);
    expect(await connect()).toMatchObject({ hasQR: true });
    await stack.api.post('/instances/demo/disconnect', undefined, 200);
    expect(await status()).toMatchObject({ status: 'DISCONNECTED', reason: 'disconnected_by_user' });
    await stack.api.get('/instances/demo/qr', 409);
    await until('no socket is open', () => stack.simulator.stats().openSockets === 0);
  });

  it('gets over an upgrade that is refused, within one call', async () => {
    await start();
    await stack.pair('demo', PHONE);
    await stack.api.post('/instances/demo/disconnect', undefined, 200);
    stack.simulator.faults.add({ kind: 'refuse-upgrade', count: 1 });
    expect(await connect()).toMatchObject({ status: 'CONNECTED' });
    expect(stack.simulator.log({ event: 'refused' })).toHaveLength(1);
  });

  it('answers within 5 s when WhatsApp hangs, connects at once when asked again, and keeps one socket', async () => {
    await start();
    await stack.pair('demo', PHONE);
    await stack.api.post('/instances/demo/disconnect', undefined, 200);
    stack.simulator.faults.add({ kind: 'mute' });
    expect(await connect()).toMatchObject({ status: 'CONNECTING' });
    stack.simulator.faults.clear();
    expect(await connect()).toMatchObject({ status: 'CONNECTED' });
    await until('the hanging socket is gone', () => stack.simulator.stats().openSockets === 1);
  });

  it('waits with a send for a connection that is on its way', async () => {
    await start();
    await stack.pair('demo', PHONE);
    stack.simulator.faults.add({ kind: 'close' });
    await until('the connection is lost', async () => (await status()).status === 'CONNECTING');
    await stack.api.post('/instances/demo/messages/text', { to: CONTACT, text: 'in between' }, 201);
  });

  it('stops and says why when it was replaced, and comes back on request', async () => {
    await start();
    await stack.pair('demo', PHONE);
    stack.simulator.faults.add({ kind: 'replaced' });
    await stack.api.untilStatus('demo', 'DISCONNECTED');
    expect(await status()).toMatchObject({ reason: 'replaced' });
    // A restart is nobody's request, and would take the session from whoever has it.
    await stack.pair('other', OTHER_PHONE);
    await stack.restartGateway();
    await stack.api.untilStatus('other', 'CONNECTED');
    expect(await status()).toMatchObject({ status: 'DISCONNECTED', reason: 'replaced' });
    const seen = logins();
    expect(await connect()).toMatchObject({ status: 'CONNECTED' });
    expect(logins()).toBe(seen + 1);
  });

  it('is logged out when the phone unlinks it, and pairs anew', async () => {
    await start();
    await stack.pair('demo', PHONE);
    stack.simulator.faults.add({ kind: 'logged-out' });
    await stack.api.untilStatus('demo', 'LOGGED_OUT');
    expect(await status()).toMatchObject({ reason: 'logged_out' });
    const { qr } = await connect();
    await stack.simulator.phones.scan(PHONE, qr ?? '');
    await stack.api.untilStatus('demo', 'CONNECTED');
  });

  it('unlinks the device at WhatsApp on logout', async () => {
    await start();
    await stack.pair('demo', PHONE);
    expect(await stack.api.post('/instances/demo/logout', undefined, 200)).toMatchObject({ status: 'LOGGED_OUT', active: false });
    await until('the device is gone', () => stack.simulator.phones.get(PHONE).devices.length === 0);
    expect(await connect()).toMatchObject({ status: 'QR_READY' });
  });

  it('does not say that the device was unlinked where WhatsApp could not be told', async () => {
    await start();
    await stack.pair('demo', PHONE);
    await stack.api.post('/instances/demo/disconnect', undefined, 200);
    const { message } = await stack.api.post('/instances/demo/logout', undefined, 200) as { message: string };
    expect(stack.simulator.phones.get(PHONE).devices).toHaveLength(1);
    expect(message).not.toContain('was unlinked');
    expect(message).toContain('Where the phone still lists this device');
  });

  it('reconnects by itself after the connection was cut, and after a refused login', async () => {
    await start();
    await stack.pair('demo', PHONE);
    stack.simulator.faults.add({ kind: 'refuse-login', code: 503, count: 1 });
    const seen = logins();
    stack.simulator.faults.add({ kind: 'close' });
    await until('a new login', () => logins() > seen, 40_000);
    await stack.api.untilStatus('demo', 'CONNECTED', 40_000);
    await stack.api.post('/instances/demo/messages/text', { to: CONTACT, text: 'back' }, 201);
  });

  it('leaves a connected instance alone unless it is deaf', async () => {
    await start();
    await stack.pair('demo', PHONE);
    const seen = logins();
    expect(await connect()).toMatchObject({ status: 'CONNECTED', hasQR: false });
    expect(logins()).toBe(seen);
    stack.simulator.faults.add({ kind: 'mute', count: 1 });
    const answer = connect();
    await until('a new login', () => logins() > seen);
    expect(await answer).toMatchObject({ status: 'CONNECTED' });
  });

  it('deletes softly and restores with its session', async () => {
    await start();
    await stack.pair('demo', PHONE);
    expect(await stack.api.remove('/instances/demo', 200)).toMatchObject({ instanceId: 'demo' });
    await stack.api.get('/instances/demo', 404);
    await until('its socket is closed', () => stack.simulator.stats().openSockets === 0);
    expect(await stack.api.post('/instances', { instanceId: 'demo' }, 409)).toMatchObject({ code: 'instance_exists' });
    await stack.restartGateway();
    expect(stack.simulator.stats().openSockets).toBe(0);
    await stack.api.post('/instances/demo/restore', undefined, 200);
    expect(await connect()).toMatchObject({ status: 'CONNECTED' });
  });

  it('restarts with active instances only', async () => {
    await start();
    await stack.pair('one', PHONE);
    await stack.pair('two', CONTACT);
    await stack.api.post('/instances/two/disconnect', undefined, 200);
    await stack.api.post('/instances', { instanceId: 'three' }, 201);
    await connect('three');
    await stack.restartGateway();
    await stack.api.untilStatus('one', 'CONNECTED');
    expect(await status('two')).toMatchObject({ status: 'DISCONNECTED', reason: 'disconnected_by_user' });
    expect(await status('three')).toMatchObject({ status: 'DISCONNECTED' });
    expect(stack.simulator.stats().connectedDevices).toBe(1);
  });

  it('lets two instances write to each other', async () => {
    await start();
    await stack.pair('one', PHONE);
    await stack.pair('two', CONTACT);
    const sent = await stack.api.post('/instances/one/messages/text', { to: CONTACT, text: 'to my neighbour' }, 201) as { messageId: string };
    await until('it arrived', async () => (await stack.api.raw(`/instances/two/messages/${sent.messageId}`)).status === 200);
    expect(await stack.api.get(`/instances/two/messages/${sent.messageId}`)).toMatchObject({ direction: 'in', type: 'text' });
    await until('it is delivered', async () => (await stack.api.get(`/instances/one/messages/${sent.messageId}`) as Status).status === 'delivered');
  });

  it('makes one message of what is redelivered or comes again after a failed decryption', async () => {
    await start();
    await stack.pair('demo', PHONE);
    stack.simulator.faults.add({ kind: 'undecryptable', count: 1 });
    const broken = await stack.simulator.contacts.write(CONTACT, { to: PHONE, text: 'second try' });
    await until('it arrived', async () => (await stack.api.raw(`/instances/demo/messages/${broken.messageId}`)).status === 200);
    stack.simulator.faults.add({ kind: 'redeliver', count: 1 });
    const twice = await stack.simulator.contacts.write(CONTACT, { to: PHONE, text: 'twice' });
    await until('it arrived', async () => (await stack.api.raw(`/instances/demo/messages/${twice.messageId}`)).status === 200);
    const { messages } = await stack.api.get('/instances/demo/messages?direction=in') as { messages: { messageId: string }[] };
    expect(messages.map(message => message.messageId).sort()).toEqual([broken.messageId, twice.messageId].sort());
  });
});
