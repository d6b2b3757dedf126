import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

const PHONE = '15550005555';

describe('verbs that meet', { timeout: 120_000 }, () => {
  let stack: Stack;
  beforeEach(async () => {
    stack = await startStack();
  });
  afterEach(() => stack.stop());

  const call = async (method: string, path: string): Promise<number> => {
    const response = await fetch(stack.gatewayUrl + path, { method, headers: { 'x-api-key': stack.apiKey } });
    await response.arrayBuffer();
    return response.status;
  };
  const noSocket = () => until('no socket is open', () => stack.simulator.stats().openSockets === 0);

  it('leave no connection of a deleted instance behind, whichever of connect and delete comes first', async () => {
    await stack.pair('demo', PHONE);
    for (let round = 0; round < 6; round += 1) {
      const [connected, deleted] = await Promise.all([call('POST', '/instances/demo/connect'), call('DELETE', '/instances/demo')]);
      expect(deleted).toBe(200);
      expect([200, 404]).toContain(connected);
      await noSocket();
      await call('POST', '/instances/demo/restore');
      expect(await stack.api.get('/instances/demo')).toMatchObject({ status: 'DISCONNECTED', active: false });
    }
  });

  it('make one connection, and show one code, when connect comes several times at once', async () => {
    await stack.api.post('/instances', { instanceId: 'demo' }, 201);
    const connect = () => stack.api.post('/instances/demo/connect', undefined, 200) as Promise<{ status: string; qr?: string }>;
    const answers = await Promise.all([connect(), connect(), connect()]);
    expect(answers[0]).toMatchObject({ status: 'QR_READY', qr: expect.any(String) as string });
    expect(answers).toEqual([answers[0], answers[0], answers[0]]);
    stack.simulator.phones.add(PHONE);
    await stack.simulator.phones.scan(PHONE, answers[0]?.qr ?? '');
    await stack.api.untilStatus('demo', 'CONNECTED');
    for (let round = 0; round < 3; round += 1) {
      await stack.api.post('/instances/demo/disconnect', undefined, 200);
      const logins = () => stack.simulator.log({ event: 'login', phone: PHONE }).length;
      const before = logins();
      for (const { status } of await Promise.all([connect(), connect(), connect()])) expect(status).toBe('CONNECTED');
      expect(logins() - before).toBe(1);
    }
  });

  it('agree on what is stored when connect and disconnect come at once', async () => {
    await stack.pair('demo', PHONE);
    for (let round = 0; round < 6; round += 1) {
      await Promise.all([call('POST', '/instances/demo/disconnect'), call('POST', '/instances/demo/connect')]);
      const { active } = await stack.api.get('/instances/demo') as { active: boolean };
      await stack.api.untilStatus('demo', active ? 'CONNECTED' : 'DISCONNECTED');
    }
  });

  it('stand when they come while sessions are being brought back after a start', async () => {
    const ids = ['one', 'two', 'three', 'four', 'five', 'disconnected', 'deleted', 'last'];
    for (const [index, id] of ids.entries()) await stack.pair(id, `1555000600${index}`);
    // The first five keep all places while they are refused.
    stack.simulator.faults.add({ kind: 'refuse-upgrade' });
    await stack.restartGateway();
    await stack.api.post('/instances/disconnected/disconnect', undefined, 200);
    expect(await call('DELETE', '/instances/deleted')).toBe(200);
    stack.simulator.faults.clear();
    await stack.api.untilStatus('last', 'CONNECTED');
    for (const id of ids.slice(0, 5)) await stack.api.untilStatus(id, 'CONNECTED');
    expect(await stack.api.get('/instances/disconnected')).toMatchObject({ status: 'DISCONNECTED', reason: 'disconnected_by_user', active: false });
    expect(stack.simulator.stats().openSockets).toBe(6);
  });
});
