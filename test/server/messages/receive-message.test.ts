import { soleTenure } from '@gateway/domain/instances/tenure.js';
import { createReceiveMessage } from '@gateway/usecases/messages/receive-message.js';
import type { IncomingMessage } from '@gateway/ports/whatsapp-client.js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openTestStore } from '../../contracts/support/embedded';
import { delivery, NOW, seedWebhooks, utf8 } from '../../contracts/support/samples';

const [PN, LID] = ['15550002222@s.whatsapp.net', '900@lid'];
let store: Awaited<ReturnType<typeof openTestStore>>;
let receive: ReturnType<typeof createReceiveMessage>;
let wakes: number;
beforeEach(async () => {
  store = await openTestStore();
  await seedWebhooks(store, ['hook']);
  wakes = 0;
  receive = createReceiveMessage({
    messages: store.messages,
    clock: { now: () => NOW, elapsed: () => NOW, after: () => () => {} },
    outlet: {
      prepare: async (_instanceId, _fact, identity) => [delivery(identity.join('/'), { eventType: 'message.received' })],
      publish: async () => {},
      wake: () => { wakes += 1; },
    },
  });
});
afterEach(() => store.close());

const incoming = (change: Partial<IncomingMessage>): IncomingMessage => ({
  messageId: 'M1', chatId: LID, otherChatId: PN, senderJid: LID, otherSenderJid: PN, timestamp: NOW, type: 'text', proto: utf8('proto'), journaled: [],
  event: {
    messageId: 'M1', chat: { id: LID, type: 'direct' }, sender: { id: LID }, replyTo: '15550002222', timestamp: new Date(NOW).toISOString(),
    messageType: 'text', text: 'hello', isGroup: false,
  },
  ...change,
});
const events = async () => (await store.deliveries.list('hook', { limit: 10 })).deliveries.map(({ eventId }) => eventId);

it('makes one message and one event of what comes under the number first, and then under the LID', async () => {
  await receive(soleTenure('one'), incoming({ chatId: PN, otherChatId: null, senderJid: PN }));
  await receive(soleTenure('one'), incoming({}));
  expect((await store.messages.list('one', { limit: 10 })).messages.map(({ chatId }) => chatId)).toEqual([PN]);
  expect(await events()).toEqual([`evt-${PN}/${PN}/M1`]);
  expect(wakes).toBe(1);
});

it('marks what it was read from as done, whether it is new or not', async () => {
  const entry = { messageId: 'M1', sender: LID, stanza: utf8('s'), plaintext: utf8('p'), createdAt: NOW };
  await store.sessions.commit(soleTenure('one'), { journal: [{ ...entry, hash: 'h1' }, { ...entry, hash: 'h2' }, { ...entry, hash: 'h3' }] });
  await receive(soleTenure('one'), incoming({ journaled: ['h1'] }));
  await receive(soleTenure('one'), incoming({ journaled: ['h2'] }));
  expect((await store.journal.listUndone('one', 0, 10)).map(({ hash }) => hash)).toEqual(['h3']);
});
