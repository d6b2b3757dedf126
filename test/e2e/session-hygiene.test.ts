import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readSamples } from '../support/metrics.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

const CONTACT = '15550004444';

interface Status { status: string; reason: string; queue: { queued: number } }
interface Step { step: string; outcome: string; message?: string }
interface Sessions { sessions: { instanceId: string; status: string; pendingSince?: string }[]; pendingSessions: { instanceId: string }[]; pendingCount: number }

/** Short enough to wait for. A machine that has much to do may find a connection deaf that is not: that is one loss of those which may happen. */
const IMPATIENT = { PAIRING_TIMEOUT_SECONDS: '5', PENDING_SWEEP_SECONDS: '1', DEAF_PROBE_SECONDS: '2', FLAPPING_LOSSES: '2' };

let stack: Stack;
let phonesGiven = 0;
/** A number that no other test has used. */
const newPhone = () => String(15550003000 + phonesGiven++);

/** One gateway for all tests of a group; each starts without instances, and with none in the memory of the gateway. */
function withGateway(env: Record<string, string> = {}): void {
  beforeAll(async () => {
    stack = await startStack({ env });
  }, 60_000);
  afterEach(async () => {
    stack.simulator.faults.clear();
    const { instances } = await stack.api.get('/instances?includeDeleted=true') as { instances: { instanceId: string }[] };
    for (const { instanceId } of instances) await stack.api.remove(`/instances/${instanceId}?purge=true`, 204);
    await until('no socket is left', () => stack.simulator.stats().openSockets === 0);
  }, 60_000);
  afterAll(() => stack?.stop());
}

const status = (id = 'demo') => stack.api.get(`/instances/${id}/status`) as Promise<Status>;
const connect = (id = 'demo') => stack.api.post(`/instances/${id}/connect`, undefined, 200) as Promise<Status & { qr?: string }>;
const sessions = () => stack.api.get('/sessions') as Promise<Sessions>;
const noSocket = () => until('no socket is open', () => stack.simulator.stats().openSockets === 0);
const audited = async (action: string) => (await stack.api.get(`/audit?action=${action}`) as { entries: object[] }).entries;
const force = async (body?: object, id = 'demo') => {
  const { steps } = await stack.api.post(`/instances/${id}/force-cleanup`, body, 200) as { steps: Step[] };
  return Object.fromEntries(steps.map(({ step, outcome }) => [step, outcome]));
};

/** A counter of the gateway. */
const counted = async (name: string) => readSamples(await (await stack.api.raw('/metrics')).text()).get(name) ?? NaN;
const history = async () => (await stack.api.get('/instances/demo/connection-history') as { history: { reason: string }[] }).history;
const alerts = async (id = 'demo') => {
  const { webhooks } = await stack.api.get(`/instances/${id}/webhooks`) as { webhooks: { id: string }[] };
  return (await stack.api.get(`/instances/${id}/webhooks/${webhooks[0]?.id}/deliveries`) as { deliveries: { eventType: string }[] }).deliveries;
};
const hearAlerts = () => stack.api.post('/instances/demo/webhooks', { url: 'http://127.0.0.1:9/', events: ['instance.alert'] }, 201);

describe('session hygiene', { timeout: 90_000 }, () => {
  withGateway();

  it('cleans up by force: a connected instance, keeping credentials and what is queued', async () => {
    await stack.pair('demo', newPhone());
    expect(await force()).toEqual({ socket: 'released', timers: 'nothing', qr: 'nothing', caches: 'released', queue_consumer: 'released', half_made_credentials: 'nothing', credentials: 'nothing' });
    await noSocket();
    expect(await status()).toMatchObject({ status: 'DISCONNECTED', reason: 'cleaned_up' });
    expect(await stack.api.get('/instances/demo')).toMatchObject({ active: false });
    expect(await sessions()).toEqual({ sessions: [], pendingSessions: [], pendingCount: 0 });
    await stack.api.post('/instances/demo/messages/text?async=true', { to: CONTACT, text: 'waits' }, 202);
    expect(Object.values(await force())).toEqual(Array<string>(7).fill('nothing'));
    expect((await status()).queue.queued).toBe(1);
    await stack.restartGateway();
    expect(await status()).toMatchObject({ status: 'DISCONNECTED', reason: 'cleaned_up' });
    expect(await connect()).toMatchObject({ status: 'CONNECTED' });
    await until('what waited is sent', async () => (await status()).queue.queued === 0);
  });

  it('cleans up by force: a pairing that nobody scans, and good credentials only when it is told to', async () => {
    const phone = newPhone();
    await stack.api.post('/instances', { instanceId: 'demo' }, 201);
    await stack.api.post('/instances/demo/pairing-code', { phoneNumber: phone }, 200);
    expect(await force()).toEqual({ socket: 'released', timers: 'released', qr: 'released', caches: 'released', queue_consumer: 'nothing', half_made_credentials: 'released', credentials: 'nothing' });
    await noSocket();
    stack.simulator.phones.add(phone);
    await stack.simulator.phones.scan(phone, (await connect()).qr ?? '');
    await stack.api.untilStatus('demo', 'CONNECTED');
    expect(await force({ wipeCredentials: true })).toMatchObject({ socket: 'released', half_made_credentials: 'nothing', credentials: 'released' });
    expect(await status()).toMatchObject({ status: 'DISCONNECTED', reason: 'cleaned_up' });
    expect(await connect()).toMatchObject({ status: 'QR_READY' });
  });

  it('cleans up by force what waits to come back, or hangs while it is made', async () => {
    await stack.pair('demo', newPhone());
    stack.simulator.faults.add({ kind: 'refuse-upgrade' });
    stack.simulator.faults.add({ kind: 'close' });
    await until('it waits', async () => (await status()).reason === 'unreachable');
    expect(await force()).toMatchObject({ timers: 'released', credentials: 'nothing' });
    stack.simulator.faults.clear();
    const logins = stack.simulator.log({ event: 'login' }).length;
    stack.simulator.faults.add({ kind: 'mute' });
    // Nobody waits for an answer that cannot come.
    const hanging = connect();
    await until('it hangs', () => stack.simulator.stats().openSockets > 0);
    expect(await force()).toMatchObject({ socket: 'released', timers: 'released', half_made_credentials: 'nothing' });
    expect(await hanging).toMatchObject({ status: 'DISCONNECTED' });
    await noSocket();
    stack.simulator.faults.clear();
    expect(await connect()).toMatchObject({ status: 'CONNECTED' });
    expect(stack.simulator.log({ event: 'login' })).toHaveLength(logins + 1);
  });


  it('releases what is at rest, and nothing that comes back by itself', async () => {
    await Promise.all(['off', 'out', 'back', 'on'].map((id, index) => stack.pair(id, `1555000700${index}`)));
    await stack.api.post('/instances/off/disconnect', undefined, 200);
    await stack.api.post('/instances/out/logout', undefined, 200);
    stack.simulator.faults.add({ kind: 'refuse-upgrade' });
    stack.simulator.faults.add({ kind: 'close', phone: '15550007002' });
    await until('it waits', async () => (await status('back')).reason === 'unreachable');
    const released: string[] = [];
    await until('both are released', async () => {
      released.push(...(await stack.api.post('/cleanup-inactive-sessions', undefined, 200) as { cleaned: string[] }).cleaned);
      return released.length >= 2;
    });
    expect(released.sort()).toEqual(['off', 'out']);
    expect((await sessions()).sessions.map(({ instanceId }) => instanceId)).toEqual(['back', 'on']);
    expect(await status('off')).toMatchObject({ status: 'DISCONNECTED', reason: 'disconnected_by_user' });
    expect(await status('out')).toMatchObject({ status: 'LOGGED_OUT', reason: 'logged_out' });
    stack.simulator.faults.clear();
    await stack.api.untilStatus('back', 'CONNECTED', 40_000);
    expect(await connect('off')).toMatchObject({ status: 'CONNECTED' });
    await stack.api.post('/instances/off/messages/text', { to: CONTACT, text: 'still works' }, 201);
  });

  it('shows a bound key its own sessions, and cleans no others for it', async () => {
    for (const id of ['own', 'foreign']) await stack.api.post('/instances', { instanceId: id }, 201);
    const { key } = await stack.api.post('/keys', { name: 'bound', scopes: ['instances:read', 'cleanup'], instances: ['own'] }, 201) as { key: string };
    const headers = { 'x-api-key': key };
    const clean = async (kind: string) => await (await stack.api.raw(`/cleanup-${kind}-sessions`, { method: 'POST', headers })).json() as { cleaned: string[] };
    for (const id of ['own', 'foreign']) expect(await connect(id)).toMatchObject({ status: 'QR_READY' });
    expect(await (await stack.api.raw('/sessions', { headers })).json()).toMatchObject({ sessions: [{ instanceId: 'own' }], pendingSessions: [{ instanceId: 'own' }], pendingCount: 1 });
    expect(await clean('pending')).toEqual({ cleaned: ['own'], count: 1 });
    expect(await status('foreign')).toMatchObject({ status: 'QR_READY' });
    await stack.api.post('/instances/foreign/disconnect', undefined, 200);
    await until('its own is released', async () => (await clean('inactive')).cleaned.includes('own'));
    // The foreign one was at rest later.
    const released: string[] = [];
    await until('the foreign one could be released', async () => {
      expect((await clean('inactive')).cleaned).toEqual([]);
      released.push(...(await stack.api.post('/cleanup-inactive-sessions', undefined, 200) as { cleaned: string[] }).cleaned);
      return released.length > 0;
    });
    expect(released).toEqual(['foreign']);
    expect((await stack.api.raw('/instances/foreign/force-cleanup', { method: 'POST', headers })).status).not.toBe(200);
  });

  it('never reconnects what is deleted while its connection closes, or a reconnect is pending', async () => {
    const phones = { first: newPhone(), second: newPhone(), pending: newPhone(), other: newPhone() };
    await Promise.all(Object.entries(phones).map(([id, phone]) => stack.pair(id, phone)));
    const { simulator, api } = stack;
    const deleted = [phones.first, phones.second, phones.pending];
    const logins = () => deleted.map(phone => simulator.log({ event: 'login', phone }).length);
    const before = logins();
    // Both are under way at once.
    simulator.faults.add({ kind: 'close', phone: phones.first });
    const answers = [api.remove('/instances/first', 200), api.remove('/instances/second', 200)];
    simulator.faults.add({ kind: 'close', phone: phones.second });
    await Promise.all(answers);
    simulator.faults.add({ kind: 'close' });
    await until('it is lost', async () => (await status('pending')).status === 'CONNECTING');
    await api.remove('/instances/pending', 200);
    // The other one was lost at the same moment, and once more after that: by then the deleted ones would have been back.
    await api.untilStatus('other', 'CONNECTED', 40_000);
    simulator.faults.add({ kind: 'close', phone: phones.other });
    await until('the other is lost', async () => (await status('other')).status === 'CONNECTING');
    await api.untilStatus('other', 'CONNECTED', 40_000);
    expect(logins()).toEqual(before);
    expect(simulator.stats().openSockets).toBe(1);
    // Nor is anything kept of them in memory.
    await api.post('/instances/pending/restore', undefined, 200);
    expect(Object.values(await force(undefined, 'pending'))).toEqual(Array<string>(7).fill('nothing'));
  });
});

describe('session hygiene by itself', { timeout: 90_000 }, () => {
  withGateway(IMPATIENT);

  it('lists sessions, and those that wait for a scan; gives these up by themselves and on request', async () => {
    await stack.pair('paired', newPhone());
    for (const id of ['one', 'two']) {
      await stack.api.post('/instances', { instanceId: id }, 201);
      expect(await connect(id)).toMatchObject({ status: 'QR_READY' });
    }
    const listed = await sessions();
    expect(listed.sessions.map(({ instanceId, status: state }) => [instanceId, state])).toEqual([['paired', 'CONNECTED'], ['one', 'QR_READY'], ['two', 'QR_READY']]);
    expect(listed).toMatchObject({ pendingCount: 2, pendingSessions: [{ instanceId: 'one' }, { instanceId: 'two' }] });
    const cleaned = await stack.api.post('/cleanup-pending-sessions', undefined, 200) as { cleaned: string[]; count: number };
    expect(cleaned).toEqual({ cleaned: ['one', 'two'], count: 2 });
    expect(await status('one')).toMatchObject({ status: 'DISCONNECTED', reason: 'qr_expired' });
    await connect('two');
    await stack.api.untilStatus('two', 'DISCONNECTED');
    expect(await status('two')).toMatchObject({ reason: 'qr_expired' });
    expect(await sessions()).toMatchObject({ pendingCount: 0, pendingSessions: [] });
    await until('their sockets are gone', () => stack.simulator.stats().openSockets === 1);
    expect(await counted('chasqui_pairings_expired_total')).toBe(3);
    // By themselves: the gateway. On request: whoever asked.
    await until('it is audited', async () => (await audited('session.expire')).length === 1);
    expect(await audited('session.expire')).toMatchObject([{ actor: { id: 'gateway' }, instanceId: 'two' }]);
    expect(await audited('sessions.cleanup_pending')).toMatchObject([{ actor: { id: 'environment' }, detail: { count: 2 } }]);
  });

  it('finds a connection over which WhatsApp answers nothing, though it still delivers, and restarts it', async () => {
    const phone = newPhone();
    await stack.pair('demo', phone);
    await hearAlerts();
    const logins = () => stack.simulator.log({ event: 'login', phone }).length;
    const found = async () => (await history()).filter(({ reason }) => reason === 'deaf').length;
    const arrives = async (text: string) => {
      const { messageId } = await stack.simulator.contacts.write(CONTACT, { to: phone, text });
      await until(`"${text}" arrived`, async () => (await stack.api.raw(`/instances/demo/messages/${messageId}`)).status === 200);
    };
    // A chat that is known asks WhatsApp nothing.
    await arrives('before');
    const before = { found: await found(), logins: logins(), counted: await counted('chasqui_deaf_sessions_total'), alerts: (await alerts()).length, connects: (await audited('instance.connect')).length };
    stack.simulator.faults.add({ kind: 'unanswered' });
    await arrives('still delivered');
    await until('it is found', async () => await found() > before.found, 40_000);
    stack.simulator.faults.clear();
    // Nobody has asked for it.
    await until('it is back', async () => logins() > before.logins && (await status()).status === 'CONNECTED', 40_000);
    await until('it is told', async () => (await alerts()).length > before.alerts);
    expect(await counted('chasqui_deaf_sessions_total')).toBeGreaterThan(before.counted);
    expect(await audited('session.restart_deaf')).toContainEqual(expect.objectContaining({ actor: expect.objectContaining({ id: 'gateway' }) as object, instanceId: 'demo' }));
    expect(await audited('instance.connect')).toHaveLength(before.connects);
  });

  it('pauses a connection that is lost again and again, says so, and connects at once when asked', async () => {
    await stack.pair('demo', newPhone());
    await hearAlerts();
    const before = await counted('chasqui_flapping_total');
    for (let loss = 0; (await status()).reason !== 'flapping'; loss += 1) {
      expect(loss).toBeLessThan(3);
      stack.simulator.faults.add({ kind: 'close' });
      await until('it is lost', async () => (await status()).status === 'CONNECTING');
      if ((await status()).reason !== 'flapping') await stack.api.untilStatus('demo', 'CONNECTED', 40_000);
    }
    await until('it is told', async () => (await alerts()).some(({ eventType }) => eventType === 'instance.alert'));
    expect(await counted('chasqui_flapping_total')).toBe(before + 1);
    expect(await connect()).toMatchObject({ status: 'CONNECTED' });
  });
});
