import type { INodeParameters } from 'n8n-workflow';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';
import { startLosingProxy, type LosingProxy } from './support/losing-proxy.js';
import { loadPack, type Pack } from './support/pack.js';
import { startTriggerHost, type Kept, type TriggerHost } from './support/trigger-host.js';

const PHONE = '15550001111';
const CONTACT = '15550002222';

let pack: Pack;
let stack: Stack;
let proxy: LosingProxy;
let host: TriggerHost;
let kept: Kept | undefined;

beforeAll(async () => {
  pack = await loadPack();
  stack = await startStack();
  await stack.pair('demo', PHONE);
});
afterAll(async () => { await stack?.stop(); });
beforeEach(async () => {
  proxy = await startLosingProxy(stack.gatewayUrl);
  host = await startTriggerHost(pack, { baseUrl: proxy.url, apiKey: stack.apiKey }, parameters());
});
afterEach(async () => {
  await kept?.close();
  kept = undefined;
  await host.deactivate();
  await host.stop();
  await proxy.stop();
});

const parameters = (options: INodeParameters = {}): INodeParameters => ({ instanceId: { __rl: true, mode: 'id', value: 'demo' }, events: ['message.received'], options });
const webhooks = async () => (await stack.api.get('/instances/demo/webhooks') as { webhooks: { id: string; url: string; filter?: object }[] }).webhooks;
async function lose(): Promise<void> {
  for (const { id } of await webhooks()) await stack.api.remove(`/instances/demo/webhooks/${id}`, 204);
}

describe('a webhook that the gateway lost', () => {
  test('is registered again at the next look, with the same secret and filter, and brings messages', async () => {
    host.setParameters(parameters({ chatTypes: ['direct'], chats: `+${CONTACT}, 15550003333` }));
    await host.activate();
    kept = await host.keep();
    const saved = JSON.stringify(host.staticData());
    await lose();
    kept.tick();
    await until('the webhook', async () => (await webhooks()).length === 1);
    expect(await webhooks()).toMatchObject([{ url: host.url(), filter: { chatTypes: ['direct'], chats: [CONTACT, '15550003333'] } }]);
    // n8n saves nothing that a trigger changes between executions: what is saved must do for the next delivery.
    expect(JSON.stringify(host.staticData())).toBe(saved);
    const { messageId } = await stack.simulator.contacts.write(CONTACT, { to: PHONE, text: 'Still there?' });
    await until('the execution', () => host.executions.flat().some(item => item.json['messageId'] === messageId));
    expect(host.received.map(({ status }) => status)).toEqual([200]);
    expect(await host.exists()).toBe(true);
    expect(await host.deactivate()).toBe(true);
    expect(await webhooks()).toEqual([]);
  });

  test('is left alone while it is there, and looked for once at a time', async () => {
    await host.activate();
    const [{ id } = { id: '' }] = await webhooks();
    kept = await host.keep();
    for (let looks = 0; looks < 3; looks++) kept.tick();
    await kept.close();
    expect((await webhooks()).map(webhook => webhook.id)).toEqual([id]);

    await lose();
    const again = await host.keep();
    for (let looks = 0; looks < 3; looks++) again.tick();
    await again.close();
    // Closed at once: what was under way has taken back what it made.
    expect(await webhooks()).toEqual([]);
  });

  test('is not registered while the workflow is being published, nor for the editor\'s test URL', async () => {
    kept = await host.keep();
    kept.tick();
    await kept.close();
    await host.activate(true);
    await lose();
    const again = await host.keep();
    again.tick();
    await again.close();
    expect(await webhooks()).toEqual([]);
    await host.deactivate(true);
  });

  test('is looked for again after a gateway that did not answer', async () => {
    await host.activate();
    kept = await host.keep();
    await lose();
    proxy.loseNext(method => method === 'GET');
    kept.tick();
    await until('the answer to be lost', () => proxy.lost() === 1);
    await until('the webhook', async () => {
      kept?.tick();
      return (await webhooks()).length === 1;
    });
  });
});

test.each([[{}, /^\d{1,2} \* \* \* \* \*$/], [{ checkRegistration: 'tenSeconds' }, /^\*\/10 \* \* \* \* \*$/]])('the schedule with %j', async (options, expected) => {
  host.setParameters(parameters(options as INodeParameters));
  kept = await host.keep();
  expect(kept.schedules).toEqual([expect.stringMatching(expected)]);
});

test('Never asks n8n for no schedule', async () => {
  host.setParameters(parameters({ checkRegistration: 'never' }));
  kept = await host.keep();
  expect(kept.schedules).toEqual([]);
});

describe('n8n asks for the webhook at its own start', () => {
  test('and a gateway that is away is taken to hold it, so that n8n keeps the URL', async () => {
    await host.activate();
    proxy.loseNext(method => method === 'GET');
    expect(await host.exists()).toBe(true);
  });

  test('but what was never registered, or is wanted otherwise now, is not taken to be there', async () => {
    expect(await host.exists()).toBe(false);
    await host.activate();
    host.setParameters(parameters({ chatTypes: ['group'] }));
    expect(await host.exists()).toBe(false);
    expect(await host.activate()).toBe(false);
    expect(await webhooks()).toMatchObject([{ filter: { chatTypes: ['group'] } }]);
  });

  test('and where n8n has another address since, the earlier URL goes', async () => {
    await host.activate();
    const [[, known] = []] = Object.entries(host.staticData()['registrations'] as object) as [string, { secret: string }][];
    const earlier = 'http://127.0.0.1:9/webhook/earlier';
    await stack.api.post('/instances/demo/webhooks', { url: earlier, events: ['message.received'], secret: known?.secret }, 201);
    await lose();
    await stack.api.post('/instances/demo/webhooks', { url: earlier, events: ['message.received'] }, 201);
    host.staticData()['registrations'] = { [earlier]: { instanceId: 'demo', secret: known?.secret } };
    expect(await host.activate()).toBe(false);
    expect((await webhooks()).map(webhook => webhook.url)).toEqual([host.url()]);
    expect(Object.keys(host.staticData()['registrations'] as object)).toEqual([host.url()]);
  });
});

test('Chats and Only Chats With keep what was not asked for at the gateway', async () => {
  host.setParameters(parameters({ chats: `+${CONTACT}` }));
  await host.activate();
  await stack.simulator.contacts.write('15550003333', { to: PHONE, text: 'Not asked for' });
  const { messageId } = await stack.simulator.contacts.write(CONTACT, { to: PHONE, text: 'Asked for' });
  await until('the execution', () => host.executions.flat().some(item => item.json['messageId'] === messageId));
  expect(host.received).toHaveLength(1);
});
