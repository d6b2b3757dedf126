import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

const FIRST = '15550007001';
const SECOND = '15550007002';
const CONTACT = '15550007003';
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

interface Row { messageId: string; status: string; error?: { code: string } }

describe('a message that is not acknowledged', { timeout: 90_000 }, () => {
  let stack: Stack;
  beforeEach(async () => {
    stack = await startStack();
    await stack.pair('demo', FIRST);
    await stack.api.post('/instances/demo/messages/text', { to: CONTACT, text: 'warm' }, 201);
  });
  afterEach(() => stack.stop());

  const seen = () => stack.simulator.contacts.received(CONTACT).map(({ from, text }) => `${from}: ${text}`);
  const newest = async (): Promise<Row> => {
    const { messages } = await stack.api.get('/instances/demo/messages?direction=out&limit=1') as { messages: [Row] };
    return messages[0];
  };

  /** Sends into a connection that hears nothing; answers once the row is there. The caller goes away. */
  async function sendIntoTheVoid(text: string): Promise<string> {
    const before = await newest();
    stack.simulator.faults.add({ kind: 'mute', phone: FIRST });
    const leave = new AbortController();
    stack.api.raw('/instances/demo/messages/text', {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ to: CONTACT, text }), signal: leave.signal,
    }).catch(() => {});
    await until('the message is stored', async () => (await newest()).messageId !== before.messageId);
    leave.abort();
    return (await newest()).messageId;
  }

  it('ends with the account that wrote it, and never goes out from the next one', async () => {
    const messageId = await sendIntoTheVoid('only from the first account');
    await stack.api.post('/instances/demo/logout', undefined, 200);
    expect(await stack.api.get(`/instances/demo/messages/${messageId}`)).toMatchObject({ status: 'failed', error: { code: 'logged_out' } });

    stack.simulator.faults.clear();
    stack.simulator.phones.add(SECOND);
    const { qr } = await stack.api.post('/instances/demo/connect', undefined, 200) as { qr: string };
    await stack.simulator.phones.scan(SECOND, qr);
    await stack.api.untilStatus('demo', 'CONNECTED');
    await stack.api.post('/instances/demo/messages/text', { to: CONTACT, text: 'after' }, 201);
    await until('the contact has it', () => seen().includes(`${SECOND}: after`));
    expect(seen()).toEqual([`${FIRST}: warm`, `${SECOND}: after`]);
  });

  it('ends with the instance when that is deleted', async () => {
    const messageId = await sendIntoTheVoid('to be forgotten');
    await stack.api.remove('/instances/demo');
    await stack.api.post('/instances/demo/restore', undefined, 200);
    expect(await stack.api.get(`/instances/demo/messages/${messageId}`)).toMatchObject({ status: 'failed', error: { code: 'instance_deleted' } });
  });

  it('goes over the connection there is once its media are uploaded, not over the one there was', async () => {
    stack.simulator.faults.add({ kind: 'slow-media', ms: 5_000, count: 1 });
    const sending = stack.api.post('/instances/demo/messages/image', { to: CONTACT, base64: PIXEL, caption: 'slow' }, 201);
    await until('the upload has begun', () => stack.simulator.faults.list().length === 0);
    await stack.api.post('/instances/demo/restart', undefined, 200);
    await stack.api.untilStatus('demo', 'CONNECTED');
    await sending;
    await until('the contact has it', () => stack.simulator.contacts.received(CONTACT).some(({ caption }) => caption === 'slow'));
  });
});
