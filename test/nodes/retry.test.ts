import type { INode, INodeExecutionData, INodeParameters } from 'n8n-workflow';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { startLosingProxy, type LosingProxy } from './support/losing-proxy.js';
import { loadPack, type Pack } from './support/pack.js';
import { runChasqui, type NodeRun } from './support/run-node.js';

const CONTACT = '15550002222';
const RETRIES: Partial<INode> = { retryOnFail: true, maxTries: 2, waitBetweenTries: 1 };

let pack: Pack;
let stack: Stack;
let proxy: LosingProxy;
let executions = 0;

beforeAll(async () => {
  pack = await loadPack();
  stack = await startStack();
  await stack.pair('demo', '15550001111');
});
afterAll(async () => { await stack?.stop(); });
beforeEach(async () => { proxy = await startLosingProxy(stack.gatewayUrl); });
afterEach(async () => { await proxy.stop(); });

const sends = (method: string, path: string): boolean => method === 'POST' && path.includes('/messages/');
const newId = (): string => String(++executions);
const heard = (text: string): number => stack.simulator.contacts.received(CONTACT).filter(message => message.text === text || message.caption === text).length;

async function run(parameters: INodeParameters, id: string | undefined, settings: Partial<INode> = RETRIES, items?: INodeExecutionData[]): Promise<NodeRun> {
  const instanceId = { __rl: true, mode: 'id', value: 'demo' };
  return await runChasqui(pack, { baseUrl: proxy.url, apiKey: stack.apiKey }, { resource: 'message', operation: 'sendText', instanceId, to: CONTACT, options: {}, ...parameters }, items, settings, id === undefined ? {} : { id });
}

describe('Retry On Fail, when the answer to a send got lost', () => {
  test.each([['acknowledgement', 'sent'], ['delivery', 'delivered'], ['nothing', undefined]])('sends once, waiting for %s', async (waitFor, status) => {
    const text = `Once, ${waitFor}`;
    proxy.loseNext(sends);
    const { outputs: [sent = []], error } = await run({ text, waitFor }, newId());
    expect(error).toBeUndefined();
    expect(proxy.lost()).toBe(1);
    if (status !== undefined) expect(sent[0]?.json['status']).toBe(status);
    await until('the message', () => heard(text) === 1);
    expect(stack.simulator.contacts.received(CONTACT).filter(message => message.text === text)).toMatchObject([{ messageId: sent[0]?.json['messageId'], times: 1 }]);
  });

  test('sends each item once when the second of three is the one that fails', async () => {
    const items = ['first', 'second', 'third'].map(word => ({ json: { text: `Retried: ${word}` } }));
    const bodies: string[] = [];
    let posts = 0;
    proxy.loseNext((method, path) => sends(method, path) && ++posts === 2);
    const { outputs: [sent = []], error } = await run({ text: '={{ $json.text }}' }, newId(), RETRIES, items);
    expect(error).toBeUndefined();
    expect(sent).toHaveLength(3);
    for (const { json } of items) bodies.push(...Array<string>(heard(json.text)).fill(json.text));
    expect(bodies).toEqual(items.map(({ json }) => json.text));
  });

  test('sends an uploaded file once', async () => {
    proxy.loseNext(sends);
    const item = { json: {}, binary: { data: { data: Buffer.from('a file').toString('base64'), mimeType: 'image/png' } } };
    const { error } = await run({ operation: 'sendMedia', mediaType: 'image', source: 'binary', binaryPropertyName: 'data', caption: 'Upload' }, newId(), RETRIES, [item]);
    expect(error).toBeUndefined();
    expect([proxy.lost(), heard('Upload')]).toEqual([1, 1]);
  });

  test('sends nothing more, and says so, when the text changes from try to try', async () => {
    proxy.loseNext(sends);
    const { error } = await run({ text: '=Changing {{ Math.random() }}' }, newId());
    expect(error).toMatchObject({ httpCode: '422', description: expect.stringContaining('earlier try of this run') as string });
    expect(stack.simulator.contacts.received(CONTACT).filter(message => message.text?.startsWith('Changing'))).toHaveLength(1);
  });

  test('without a number of the execution there is nothing to tell tries from runs by: no key is sent', async () => {
    proxy.loseNext(sends);
    await run({ text: 'No number' }, undefined);
    await until('both messages', () => heard('No number') === 2);
  });
});

describe('Idempotency Key', () => {
  test('another execution sends again, and so does another item', async () => {
    const twice = [{ json: {} }, { json: {} }];
    await run({ text: 'Again' }, newId(), {}, twice);
    await run({ text: 'Again' }, newId(), {}, twice);
    await until('four messages', () => heard('Again') === 4);
  });

  test('one of the user is kept over executions', async () => {
    const options = { idempotencyKey: '=order-{{ $json.order }}' };
    const first = await run({ text: 'Your order', options }, newId(), {}, [{ json: { order: 1 } }, { json: { order: 2 } }]);
    const second = await run({ text: 'Your order', options }, newId(), {}, [{ json: { order: 1 } }]);
    const ids = first.outputs[0]?.map(item => item.json['messageId']);
    expect(new Set(ids).size).toBe(2);
    expect(second.outputs[0]?.[0]?.json['messageId']).toBe(ids?.[0]);
    expect(heard('Your order')).toBe(2);
  });

  test('one that no header can hold is refused before anything is sent', async () => {
    const { error } = await run({ text: 'Never', options: { idempotencyKey: 'größer als eins' } }, newId(), {});
    expect(error?.message).toContain('nothing was sent');
    expect(heard('Never')).toBe(0);
  });
});
