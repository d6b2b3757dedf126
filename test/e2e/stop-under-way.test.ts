import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

const PHONE = '15550008001';
const CONTACT = '15550008002';

describe('a stop', { timeout: 25_000 }, () => {
  let stack: Stack;
  beforeEach(async () => {
    stack = await startStack();
    await stack.pair('demo', PHONE);
  }, 60_000);
  afterEach(() => stack.stop(), 60_000);

  it('does not wait for an acknowledgement that does not come, and says so to who waits', async () => {
    stack.simulator.faults.add({ kind: 'drop-ack' });
    const sending = stack.api.post('/instances/demo/messages/text', { to: CONTACT, text: 'x' }, 504);
    await until('the acknowledgement is dropped', () => stack.simulator.stats().acksDropped > 0);
    await stack.restartGateway();
    expect(await sending).toMatchObject({ code: 'whatsapp_ack_timeout', messageId: expect.any(String) as string });
    stack.simulator.faults.clear();
    await stack.api.untilStatus('demo', 'CONNECTED');
  });

  it('does not wait for a caller that never finishes', async () => {
    const { hostname, port } = new URL(stack.gatewayUrl);
    const socket = connect(Number(port), hostname).on('error', () => {});
    const closed = once(socket, 'close');
    const heard = once(socket, 'data');
    socket.write(`POST /instances HTTP/1.1\r\nhost: x\r\nx-api-key: ${stack.apiKey}\r\ncontent-type: application/json\r\ncontent-length: 100\r\nexpect: 100-continue\r\n\r\n{`);
    expect(String((await heard)[0])).toContain('100 Continue');
    await stack.restartGateway();
    await closed;
    await stack.api.untilStatus('demo', 'CONNECTED');
  });
});
