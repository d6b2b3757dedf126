import { soleTenure } from '@gateway/domain/instances/tenure.js';
import { createReceiveMessage } from '@gateway/usecases/messages/receive-message.js';
import { createMessageSettler } from '@gateway/usecases/messages/settle-message.js';
import { createOutlet } from '@gateway/usecases/events/outlet.js';
import { createSubscriptions } from '@gateway/usecases/webhooks/subscriptions.js';
import { checkFilter, passes, type ChatFacts } from '@gateway/domain/webhooks/filter.js';
import type { WebhookFilter } from '@gateway/domain/webhooks/webhook.js';
import { createSystemRandom } from '@gateway/adapters/system/random.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { outgoing } from '../../contracts/support/samples.js';
import { createTestClock } from '../../support/test-clock.js';
import { createWebhookRig, INSTANCE, type WebhookRig } from '../../support/webhook-rig.js';

const PHONE = '15550002222';
const LID = '1070263590861459@lid';
const GROUP = '120363000000000001@g.us';

describe('a filter', () => {
  it('takes numbers in any usual spelling, JIDs and LIDs, and keeps each once', () => {
    expect(checkFilter({ chats: ['+1 (555) 000-2222', '0015550002222', `${PHONE}@s.whatsapp.net`, LID, GROUP, LID], chatTypes: ['direct', 'direct'], fromMe: false }))
      .toEqual({ chats: [PHONE, LID, GROUP], chatTypes: ['direct'], fromMe: false });
    expect(checkFilter({})).toBeNull();
  });

  it.each<[string, WebhookFilter, string]>([
    ['a chat that is none', { chats: [PHONE, 'everybody'] }, 'filter.chats.1'],
    ['no chat', { chats: [] }, 'filter.chats'],
    ['too many chats', { chats: Array.from({ length: 1_001 }, (_, index) => String(15550000000 + index)) }, 'filter.chats'],
    ['no kind of chat', { chatTypes: [] }, 'filter.chatTypes'],
    ['another kind of chat', { chatTypes: ['newsletter' as 'group'] }, 'filter.chatTypes'],
  ])('refuses %s', (_name, filter, field) => {
    expect(() => checkFilter(filter)).toThrow(expect.objectContaining({ code: 'validation_failed', field }));
  });

  const chat = (change: Partial<ChatFacts>): ChatFacts => ({ chatType: 'direct', addresses: [LID, PHONE], fromMe: false, ...change });
  it.each<[string, WebhookFilter | null, ChatFacts | null, boolean]>([
    ['none', null, chat({}), true],
    ['anything, for an event of no chat', { chats: [PHONE], chatTypes: ['group'], fromMe: true }, null, true],
    ['the number of a chat that goes by its LID', { chats: [PHONE] }, chat({}), true],
    ['the LID', { chats: [LID] }, chat({}), true],
    ['the number of a chat that is known as a JID, of any device', { chats: [PHONE] }, chat({ addresses: [`${PHONE}:7@s.whatsapp.net`] }), true],
    ['the number of a chat that is known as the caller wrote it', { chats: [PHONE] }, chat({ addresses: ['+1 555 000 2222'] }), true],
    ['the LID of any device', { chats: [LID] }, chat({ addresses: ['1070263590861459:3@lid'] }), true],
    ['another number', { chats: ['15550003333'] }, chat({}), false],
    ['a part of the number', { chats: ['1555000222'] }, chat({}), false],
    ['a LID whose digits are a number', { chats: ['1070263590861459'] }, chat({ addresses: [LID] }), false],
    ['the kind', { chatTypes: ['direct'] }, chat({}), true],
    ['another kind', { chatTypes: ['group'] }, chat({}), false],
    ['either kind', { chatTypes: ['group', 'direct'] }, chat({}), true],
    ['what others wrote', { fromMe: false }, chat({}), true],
    ['what others wrote, of an own one', { fromMe: false }, chat({ fromMe: true }), false],
    ['what this account wrote', { fromMe: true }, chat({ fromMe: true }), true],
    ['all of several', { fromMe: false, chats: [LID], chatTypes: ['direct'] }, chat({}), true],
    ['all of several but one', { fromMe: true, chats: [LID], chatTypes: ['direct'] }, chat({}), false],
  ])('judges by %s', (_name, filter, about, expected) => {
    expect(passes(filter, about)).toBe(expected);
  });
});

describe('what happens', () => {
  const clock = createTestClock();
  let rig: WebhookRig;
  beforeEach(async () => { rig = await createWebhookRig({ clock }); });
  afterEach(() => rig.close());

  function traffic() {
    const { messages, deliveries, webhooks } = rig.store;
    const outlet = createOutlet({ subscriptions: createSubscriptions({ webhooks, random: createSystemRandom() }), deliveries, wake: () => {}, clock });
    const receive = createReceiveMessage({ messages, outlet, clock });
    const settler = createMessageSettler({
      messages, outlet, clock, acknowledgements: { settle: () => {}, settleQueue: () => {}, isInQueue: () => false }, relay: { settled: () => null }, watch: { changed: () => {} },
    });
    return { receive, settler, outlet, messages };
  }
  const incoming = (messageId: string, chat: { id: string; type: 'direct' | 'group'; phone?: string }, otherChatId: string | null): Parameters<ReturnType<typeof traffic>['receive']>[1] => ({
    messageId, chatId: chat.id, otherChatId, senderJid: LID, otherSenderJid: null, timestamp: clock.now(), type: 'text', proto: new Uint8Array(1), journaled: [],
    event: { messageId, chat, sender: { id: LID, phone: PHONE, lid: LID }, replyTo: chat.id, timestamp: new Date(clock.now()).toISOString(), messageType: 'text', text: messageId, isGroup: chat.type === 'group' },
  });
  const eventsFor = async (filter: WebhookFilter | null, work: () => Promise<void>): Promise<string[]> => {
    const { id } = await rig.usecases.createWebhook(INSTANCE, { url: 'http://127.0.0.1:9/', events: ['message.received', 'message.ack', 'instance.status'], filter });
    await work();
    const rows = await rig.rows(id, { limit: 50 });
    await rig.usecases.deleteWebhook(INSTANCE, id);
    return rows.map(({ body }) => JSON.parse(body) as { type: string; data: { messageId?: string; status: string } })
      .map(({ type, data }) => `${type} ${data.messageId ?? data.status}`).reverse();
  };

  it.each<[string, WebhookFilter | null, string[]]>([
    ['no filter', null, ['in', 'group', 'out', 'group-out', 'status']],
    ['direct chats', { chatTypes: ['direct'] }, ['in', 'out', 'status']],
    ['groups', { chatTypes: ['group'] }, ['group', 'group-out', 'status']],
    ['a number, though the chat goes by its LID', { chats: ['+1 555 000 2222'] }, ['in', 'out', 'status']],
    ['the LID of that chat', { chats: [LID] }, ['in', 'out', 'status']],
    ['one group', { chats: [GROUP] }, ['group', 'group-out', 'status']],
    ['someone else, who wrote in a group of theirs', { chats: ['15550009999'] }, ['status']],
    ['what others wrote', { fromMe: false }, ['in', 'group', 'status']],
    ['what this account wrote', { fromMe: true }, ['out', 'group-out', 'status']],
  ])('reaches a webhook with a filter of %s', async (_name, filter, expected) => {
    const { receive, settler, outlet, messages } = traffic();
    const events = await eventsFor(filter, async () => {
      await receive(soleTenure(INSTANCE), incoming('in', { id: LID, type: 'direct', phone: PHONE }, `${PHONE}@s.whatsapp.net`));
      await receive(soleTenure(INSTANCE), incoming('group', { id: GROUP, type: 'group' }, null));
      await messages.insertOutgoing(outgoing('out', { instanceId: INSTANCE, state: 'sending', chatId: LID, party: `${PHONE}@s.whatsapp.net` }));
      await messages.insertOutgoing(outgoing('group-out', { instanceId: INSTANCE, state: 'sending', chatId: GROUP, party: GROUP }));
      await settler.onServerAck(soleTenure(INSTANCE), { messageId: 'out', errorCode: null });
      await settler.onServerAck(soleTenure(INSTANCE), { messageId: 'group-out', errorCode: null });
      await outlet.publish(INSTANCE, { type: 'instance.status', data: { status: 'CONNECTED', reason: 'connected', message: '' } }, ['1']);
    });
    const names: Record<string, string> = { in: 'message.received in', group: 'message.received group', out: 'message.ack out', 'group-out': 'message.ack group-out', status: 'instance.status CONNECTED' };
    expect(events).toEqual(expected.map(name => names[name]));
  });

  it('is judged by the filter of the moment; null removes it', async () => {
    const { webhook } = await rig.receiver({ filter: { chatTypes: ['group'] } });
    await rig.arrive('chat-1');
    expect(await rig.usecases.updateWebhook(INSTANCE, webhook.id, { filter: null })).toMatchObject({ filter: null });
    await rig.arrive('chat-1');
    expect(await rig.usecases.updateWebhook(INSTANCE, webhook.id, { filter: { fromMe: true } })).toMatchObject({ filter: { fromMe: true } });
    await rig.arrive('chat-1');
    expect((await rig.rows(webhook.id, { limit: 9 })).map(({ body }) => (JSON.parse(body) as { data: { text: string } }).data.text)).toEqual(['M1']);
  });
});
