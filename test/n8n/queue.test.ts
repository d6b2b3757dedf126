import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.js';
import { itemsOf } from './support/executions.js';
import { INSTANCE, instanceId, openScene, type Scene } from './support/scene.js';
import { CHASQUI, CHASQUI_TRIGGER, node } from './support/workflows.js';

const MESSAGES = 50;
const CONTACTS = ['15550002222', '15550003333', '15550004444', '15550005555', '15550006666'];

describe('many messages by way of the queue', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene();
    await scene.stack.api.patch(`/instances/${INSTANCE}`, { settings: { sendIntervalMs: 20, recipientIntervalMs: 0 } });
  });
  afterAll(async () => { await scene?.close(); });

  it('one workflow queues 50, a second one counts 50 that were delivered', async () => {
    const counting = await scene.workflow('Count deliveries', node('Chasqui Trigger', CHASQUI_TRIGGER, { instanceId, events: ['message.ack'], statuses: ['delivered'] }, scene));
    await scene.activate(counting);
    const letters = Array.from({ length: MESSAGES }, (_, index) => ({ to: CONTACTS[index % CONTACTS.length], text: `Letter ${index}` }));
    const queueing = await scene.workflow(
      'Queue fifty',
      node('Start', 'n8n-nodes-base.manualTrigger', {}),
      node('Letters', 'n8n-nodes-base.set', { mode: 'raw', jsonOutput: JSON.stringify({ letter: letters }) }, { typeVersion: 3.4 }),
      node('Each', 'n8n-nodes-base.splitOut', { fieldToSplitOut: 'letter' }),
      node('Send Text', CHASQUI, { resource: 'message', operation: 'sendText', instanceId, to: '={{ $json.to }}', text: '={{ $json.text }}', waitFor: 'nothing' }, scene),
    );
    await scene.n8n.testRun(queueing, 'Start');

    const queued = itemsOf(await scene.onlyExecution(queueing), 'Send Text').map(({ json }) => json);
    expect(queued).toHaveLength(MESSAGES);
    for (const json of queued) expect(json).toMatchObject({ status: 'queued', queueId: expect.any(String) as string });
    const ids = queued.map(({ messageId }) => String(messageId)).sort();
    expect(new Set(ids).size).toBe(MESSAGES);

    const counted = async (): Promise<string[]> => {
      const ended = (await scene.n8n.executions(counting.id)).filter(({ status }) => status === 'success');
      if (ended.length < MESSAGES) return [];
      const executions = await Promise.all(ended.map(({ id }) => scene.n8n.execution(id)));
      return executions.flatMap(execution => itemsOf(execution, 'Chasqui Trigger')).map(({ json }) => String(json['messageId']));
    };
    const delivered = await eventually('50 deliveries are counted', async () => {
      const found = [...new Set(await counted())].sort();
      return found.length === MESSAGES ? found : undefined;
    }, 90_000);
    expect(delivered).toEqual(ids);

    const received = (await Promise.all(CONTACTS.map(number => scene.contact(number).received()))).flat();
    expect(received.map(({ text }) => text).sort()).toEqual(letters.map(({ text }) => text).sort());
    expect(received.every(({ times }) => times === 1)).toBe(true);
  });
});
