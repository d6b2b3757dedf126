import { soleTenure } from '@gateway/domain/instances/tenure.js';
import { MESSAGE_STATES, mayAdvance, type MessageState } from '@gateway/domain/messages/message.js';
import type { DeliveryStore, MessageStore } from '@gateway/ports/message-store.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { delivery, incoming, NOW, outgoing } from './support/samples';

export interface OpenMessageStore {
  messages: MessageStore;
  deliveries: DeliveryStore;
  /** Makes the instance `one` and its webhook `hook`. */
  seed(): Promise<void>;
  close(): Promise<void>;
}

export function describeMessageStoreContract(name: string, open: () => Promise<OpenMessageStore>): void {
  describe(`message store: ${name}`, () => {
    let opened: OpenMessageStore;
    let messages: MessageStore;
    beforeEach(async () => {
      opened = await open();
      messages = opened.messages;
      await opened.seed();
    });
    afterEach(() => opened.close());

    const deliveryIds = async (): Promise<string[]> => (await opened.deliveries.list('hook', { limit: 1000 })).deliveries.map(({ id }) => id).reverse();
    const step = (messageId: string, to: MessageState, at = NOW + 1) => ({ instanceId: 'one', messageId, to, at });

    it('gives back what it was given', async () => {
      const full = outgoing('m1', { failure: { code: 'expired', message: 'Too late.' }, state: 'failed', attempts: 3, sentAt: 1, deliveredAt: 2, readAt: 3, playedAt: 4, failedAt: NOW });
      await messages.insertOutgoing(full);
      await messages.insertOutgoing(outgoing('m2', { correlationId: null, proto: null }));
      const found = await messages.find('one', 'm1');
      expect(found && { ...found, proto: new Uint8Array(found.proto ?? []) }).toEqual(full);
      expect(await messages.find('one', 'm2')).toEqual(outgoing('m2', { correlationId: null, proto: null }));
      expect(await messages.find('one', 'm3')).toBeNull();
      expect(await messages.find('two', 'm1')).toBeNull();
    });

    it('refuses an outgoing message that exists', async () => {
      await messages.insertOutgoing(outgoing('m1'));
      await expect(messages.insertOutgoing(outgoing('m1', { type: 'image' }))).rejects.toThrow();
      expect((await messages.find('one', 'm1'))?.type).toBe('text');
    });

    it('records an incoming message once, with its deliveries', async () => {
      expect(await messages.recordIncoming(incoming('m1'), [delivery('d1')])).toBe(true);
      expect(await messages.recordIncoming(incoming('m1', { type: 'image' }), [delivery('d2')])).toBe(false);
      expect((await messages.find('one', 'm1'))?.type).toBe('text');
      expect(await deliveryIds()).toEqual(['d1']);
      // Another chat, another instance or the other direction is another message.
      expect(await messages.recordIncoming(incoming('m1', { chatId: '120@g.us' }), [])).toBe(true);
      expect(await messages.recordIncoming(incoming('m1', { instanceId: 'two' }), [])).toBe(true);
      await messages.insertOutgoing(outgoing('m1'));
      expect((await messages.find('one', 'm1'))?.direction).toBe('out');
      expect((await messages.find('two', 'm1'))?.direction).toBe('in');
    });

    it('knows a message again that comes under the other name of its chat', async () => {
      const [pn, lid] = ['15550002222@s.whatsapp.net', '900@lid'];
      expect(await messages.recordIncoming(incoming('m1', { chatId: pn }), [delivery('d1')])).toBe(true);
      expect(await messages.recordIncoming(incoming('m1', { chatId: lid }), [delivery('d2')], { otherChatId: pn })).toBe(false);
      expect(await messages.recordIncoming(incoming('m2', { chatId: lid }), [delivery('d3')], { otherChatId: pn })).toBe(true);
      expect(await messages.recordIncoming(incoming('m1', { chatId: '901@lid' }), [], { otherChatId: '15550003333@s.whatsapp.net' })).toBe(true);
      expect(await deliveryIds()).toEqual(['d1', 'd3']);
      expect((await messages.list('one', { limit: 10 })).messages.map(({ chatId }) => chatId)).toEqual(['901@lid', lid, pn]);
    });

    it('keeps apart what two members of a group write under the same id, and knows each by both names', async () => {
      const [pn, lid] = ['15550002222@s.whatsapp.net', '900@lid'];
      const inGroup = (party: string) => incoming('m1', { chatId: '120@g.us', party });
      expect(await messages.recordIncoming(inGroup(pn), [delivery('d1')])).toBe(true);
      expect(await messages.recordIncoming(inGroup('901@lid'), [delivery('d2')], { otherParty: '15550003333@s.whatsapp.net' })).toBe(true);
      expect(await messages.recordIncoming(inGroup(lid), [delivery('d3')], { otherParty: pn })).toBe(false);
      expect(await messages.recordIncoming(inGroup('901@lid'), [delivery('d4')])).toBe(false);
      expect(await deliveryIds()).toEqual(['d1', 'd2']);
    });

    it('records one of many redeliveries that come at the same time', async () => {
      const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => messages.recordIncoming(incoming('m1'), [delivery(`d${index}`)])));
      expect(answers.filter(Boolean)).toHaveLength(1);
      expect(answers[0]).toBe(true);
      expect(await deliveryIds()).toEqual(['d0']);
    });

    it('leaves out a delivery whose webhook is gone, or that is there, without undoing its cause', async () => {
      expect(await messages.recordIncoming(incoming('m1'), [delivery('d1', { webhookId: 'gone' }), delivery('d2'), delivery('d3', { eventId: 'evt-d2' })])).toBe(true);
      expect(await messages.find('one', 'm1')).not.toBeNull();
      expect(await deliveryIds()).toEqual(['d2']);
    });

    it('advances exactly as the domain allows, for every pair of states', async () => {
      for (const from of MESSAGE_STATES) {
        for (const to of MESSAGE_STATES) {
          const id = `${from}-${to}`;
          await messages.insertOutgoing(outgoing(id, { state: from }));
          const allowed = mayAdvance(from, to);
          expect(await messages.advance(step(id, to), [delivery(id)]), id).toBe(allowed);
          expect((await messages.find('one', id))?.state, id).toBe(allowed ? to : from);
        }
      }
      expect(await deliveryIds()).toEqual(MESSAGE_STATES.flatMap(from => MESSAGE_STATES.filter(to => mayAdvance(from, to)).map(to => `${from}-${to}`)));
    });

    it('keeps the time of each step and the failure', async () => {
      await messages.insertOutgoing(outgoing('m1'));
      await messages.advance(step('m1', 'sending', NOW + 1), []);
      expect(await messages.markAttempt(soleTenure('one'), 'm1', 2)).toBe(true);
      await messages.advance(step('m1', 'sent', NOW + 2), []);
      expect(await messages.markAttempt(soleTenure('one'), 'm1', 9)).toBe(false);
      expect(await messages.markAttempt(soleTenure('one'), 'unknown', 9)).toBe(false);
      await messages.advance(step('m1', 'delivered', NOW + 3), []);
      await messages.advance(step('m1', 'read', NOW + 4), []);
      await messages.advance(step('m1', 'played', NOW + 5), []);
      expect(await messages.find('one', 'm1')).toMatchObject({
        state: 'played', attempts: 2, failure: null, sentAt: NOW + 2, deliveredAt: NOW + 3, readAt: NOW + 4, playedAt: NOW + 5, failedAt: null,
      });
      await messages.insertOutgoing(outgoing('m2'));
      const failure = { code: 'whatsapp_rejected', message: 'Refused (463).' };
      await messages.advance({ ...step('m2', 'failed', NOW + 6), failure }, []);
      expect(await messages.find('one', 'm2')).toMatchObject({ state: 'failed', failure, failedAt: NOW + 6 });
      // A late acknowledgement takes the failure back.
      await messages.advance(step('m2', 'delivered', NOW + 7), []);
      expect(await messages.find('one', 'm2')).toMatchObject({ state: 'delivered', failure: null, failedAt: null, sentAt: null, deliveredAt: NOW + 7 });
    });

    it('advances neither what is missing nor what came in', async () => {
      await messages.recordIncoming(incoming('m1'), []);
      expect(await messages.advance(step('m1', 'sent'), [delivery('d1')])).toBe(false);
      expect(await messages.advance(step('m2', 'sent'), [delivery('d1')])).toBe(false);
      expect(await messages.advance({ ...step('m1', 'sent'), instanceId: 'two' }, [delivery('d1')])).toBe(false);
      expect(await deliveryIds()).toEqual([]);
    });

    it('lets one of many equal steps win', async () => {
      await messages.insertOutgoing(outgoing('m1', { state: 'sending' }));
      const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => messages.advance(step('m1', 'sent'), [delivery(`d${index}`)])));
      expect(answers.filter(Boolean)).toHaveLength(1);
      expect(await deliveryIds()).toEqual(['d0']);
    });

    it('lists in the order of arrival, newest first, filtered', async () => {
      // Clocks go back: the order is not that of the times.
      for (let index = 0; index < 6; index++) {
        const at = NOW - Math.floor(index / 2);
        if (index % 2 === 0) await messages.insertOutgoing(outgoing(`m${index}`, { createdAt: at }));
        else await messages.recordIncoming(incoming(`m${index}`, { createdAt: at, chatId: index === 5 ? '120@g.us' : '15550002222@s.whatsapp.net' }), []);
      }
      await messages.insertOutgoing(outgoing('other', { instanceId: 'two' }));
      const ids = async (query: Parameters<MessageStore['list']>[1]): Promise<string[]> => (await messages.list('one', query)).messages.map(({ messageId }) => messageId);
      expect(await ids({ limit: 10 })).toEqual(['m5', 'm4', 'm3', 'm2', 'm1', 'm0']);
      expect(await ids({ limit: 3 })).toEqual(['m5', 'm4', 'm3']);
      expect(await ids({ limit: 10, direction: 'in' })).toEqual(['m5', 'm3', 'm1']);
      expect(await ids({ limit: 10, direction: 'in', chatId: '120@g.us' })).toEqual(['m5']);
      expect(await ids({ limit: 10, chatId: 'nobody@lid' })).toEqual([]);
    });

    it.each([1, 2, 5, 6, 7])('leads through all messages of one millisecond by pages of %i, whatever comes in meanwhile', async limit => {
      for (let index = 0; index < 12; index++) await messages.insertOutgoing(outgoing(`m${index}`, { instanceId: index % 2 === 0 ? 'one' : 'two', chatId: index % 4 === 0 ? 'a@lid' : 'b@lid' }));
      for (const [query, expected] of [[{}, ['m10', 'm8', 'm6', 'm4', 'm2', 'm0']], [{ chatId: 'b@lid' }, ['m10', 'm6', 'm2']]] as const) {
        const seen: string[] = [];
        let cursor: number | null = null;
        do {
          const page = await messages.list('one', { limit, ...query, ...(cursor === null ? {} : { cursor }) });
          expect(page.messages.length).toBeGreaterThan(0);
          seen.push(...page.messages.map(({ messageId }) => messageId));
          cursor = page.next;
          await messages.insertOutgoing(outgoing(`later-${limit}-${seen.length}-${expected.length}`, { chatId: 'b@lid' }));
        } while (cursor !== null && seen.length < 20);
        expect(seen.filter(id => !id.startsWith('later'))).toEqual(expected);
        if (expected.length === 6) expect(seen).toHaveLength(6);
      }
      expect(await messages.list('nobody', { limit })).toEqual({ messages: [], next: null });
    });

    it('lists what waits for its acknowledgement, oldest first', async () => {
      for (const [id, change] of Object.entries({
        late: { state: 'sending', createdAt: NOW + 5 }, early: { state: 'sending', createdAt: NOW }, twin: { state: 'sending', createdAt: NOW },
        queued: { state: 'queued' }, sent: { state: 'sent' }, elsewhere: { state: 'sending', instanceId: 'two' },
      } as const)) await messages.insertOutgoing(outgoing(id, change));
      expect((await messages.listUnacknowledged('one')).map(({ messageId }) => messageId)).toEqual(['early', 'twin', 'late']);
    });
  });
}
