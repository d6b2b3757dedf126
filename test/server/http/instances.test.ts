import { afterEach, beforeEach, expect, test } from 'vitest';
import { createHttpFixture, type HttpFixture } from '../../support/http/http-fixture.js';

let http: HttpFixture;
beforeEach(async () => { http = await createHttpFixture(); });
afterEach(() => http.close());

test('an instance is created, listed, changed, deleted and restored', async () => {
  const created = await http.call('POST', '/instances', { payload: { instanceId: 'sales', name: 'Sales', settings: { sendIntervalMs: 900 } } });
  expect(created.status).toBe(201);
  expect(created.headers['location']).toBe('/instances/sales');
  expect(created.json).toEqual({
    instanceId: 'sales', name: 'Sales', status: 'DISCONNECTED', reason: 'created', message: expect.stringContaining('Call connect'), statusAt: new Date(http.clock.now()).toISOString(), hasQR: false,
    active: false, settings: { sendIntervalMs: 900, recipientIntervalMs: 0 }, createdAt: new Date(http.clock.now()).toISOString(), updatedAt: expect.any(String),
  });
  expect((await http.call('POST', '/instances', { payload: { instanceId: 'sales' } })).json).toMatchObject({ status: 409, code: 'instance_exists', field: 'instanceId' });
  expect((await http.call('GET', '/instances')).json).toEqual({ instances: [created.json] });

  const changed = await http.call('PATCH', '/instances/sales', { payload: { settings: { recipientIntervalMs: 5 } } });
  expect(changed.json).toMatchObject({ name: 'Sales', settings: { sendIntervalMs: 900, recipientIntervalMs: 5 } });
  expect((await http.call('PATCH', '/instances/sales', { payload: {} })).status).toBe(400);

  expect((await http.call('DELETE', '/instances/sales')).json).toMatchObject({ deletedAt: expect.stringMatching(/Z$/) });
  expect((await http.call('GET', '/instances/sales')).status).toBe(404);
  expect((await http.call('GET', '/instances')).json).toEqual({ instances: [] });
  expect((await http.call('GET', '/instances?includeDeleted=true')).json['instances']).toHaveLength(1);
  const restored = await http.call('POST', '/instances/sales/restore');
  expect(restored.status).toBe(200);
  expect(restored.json).not.toHaveProperty('deletedAt');
});

test('connecting shows the QR code as text and as a picture', async () => {
  await http.call('POST', '/instances', { payload: { instanceId: 'demo' } });
  expect((await http.call('POST', '/instances/demo/connect')).json).toMatchObject({ hasQR: false, status: 'DISCONNECTED' });
  http.gateway.showQr('demo', { text: '2@abc', expiresAt: http.clock.now() + 20_000 });
  const answer = await http.call('POST', '/instances/demo/connect', { payload: '', headers: { 'content-type': 'application/json' } });
  expect(answer.status).toBe(200);
  expect(answer.json).toMatchObject({ status: 'QR_READY', reason: 'waiting_for_scan', hasQR: true, qr: '2@abc', qrDataUrl: expect.stringMatching(/^data:image\/png;base64,/), expiresAt: new Date(http.clock.now() + 20_000).toISOString() });
  expect((await http.call('GET', '/instances/demo')).json).toMatchObject({ hasQR: true, qrAt: expect.any(String) });
});

test('status, pairing code, disconnect and logout', async () => {
  await http.call('POST', '/instances', { payload: { instanceId: 'demo' } });
  expect((await http.call('POST', '/instances/demo/pairing-code', { payload: { phoneNumber: '+1 555 000 1111' } })).json).toEqual({ code: 'ABCD1234', expiresAt: expect.any(String) });
  http.gateway.setConnected('demo', '15550001111');
  const status = await http.call('GET', '/instances/demo/status');
  expect(status.json).toEqual({ instanceId: 'demo', status: 'CONNECTED', reason: 'connected', message: expect.any(String), statusAt: expect.stringMatching(/Z$/), phoneNumber: '15550001111', connectedAt: expect.any(String), queue: { queued: 0, sending: 0, deadLetters: 0 } });
  expect((await http.call('POST', '/instances/demo/pairing-code', { payload: { phoneNumber: '15550001111' } })).json).toMatchObject({ status: 409, code: 'already_connected' });
  expect((await http.call('POST', '/instances/demo/restart')).json).toMatchObject({ status: 'CONNECTED' });
  expect((await http.call('POST', '/instances/demo/disconnect')).json).toMatchObject({ status: 'DISCONNECTED', reason: 'disconnected_by_user' });
  expect((await http.call('POST', '/instances/demo/logout')).json).toMatchObject({ status: 'LOGGED_OUT' });
});

test('health counts sessions', async () => {
  await http.call('POST', '/instances', { payload: { instanceId: 'demo' } });
  http.gateway.setConnected('demo', '15550001111');
  expect((await http.call('GET', '/health', { key: null })).json).toEqual({ status: 'ok', version: '9.8.7', activeSessions: 1, pendingCount: 0, circuitBreaker: { state: 'CLOSED' } });
  expect((await http.call('HEAD', '/health')).status).toBe(200);
});
