import { createChatOrder } from '@gateway/adapters/baileys/chat-order.js';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { WAMessage } from '../../../server/node_modules/@whiskeysockets/baileys/lib/index.js';

const [ANN, ANN_LID, BEN] = ['15550000001@s.whatsapp.net', '71@lid', '15550000002@s.whatsapp.net'];

let passed: string[];
let order: ReturnType<typeof createChatOrder>;
beforeEach(() => {
  vi.useFakeTimers();
  passed = [];
  order = createChatOrder(message => passed.push(message.key.id ?? ''));
});
afterEach(() => {
  order.stop();
  vi.useRealTimers();
});

const stanza = (id: string, from: string, attrs: Record<string, string> = {}) => order.see({ tag: 'message', attrs: { id, from: from.replace('@', ':2@'), ...attrs } });
const offline = (id: string, from: string, attrs: Record<string, string> = {}) => stanza(id, from, { offline: '1', ...attrs });
const take = (id: string, remoteJid: string, remoteJidAlt?: string) => order.take({ key: { id, remoteJid, remoteJidAlt } } as WAMessage);

it('passes on what comes while nothing waits', () => {
  stanza('1', ANN);
  take('1', ANN);
  expect(passed).toEqual(['1']);
});

it('holds a new message until what waited in its chat is through, and no other', () => {
  offline('a1', ANN);
  offline('b1', BEN);
  offline('a2', ANN);
  take('a3', ANN);
  take('b2', BEN);
  take('c1', '15550000003@s.whatsapp.net');
  expect(passed).toEqual(['c1']);
  take('a1', ANN);
  take('b1', BEN);
  expect(passed).toEqual(['c1', 'a1', 'b1', 'b2']);
  take('a4', ANN);
  take('a2', ANN);
  expect(passed).toEqual(['c1', 'a1', 'b1', 'b2', 'a2', 'a3', 'a4']);
});

it('knows a chat by its number and by its LID', () => {
  offline('1', ANN, { sender_lid: ANN_LID });
  take('2', ANN_LID);
  take('3', ANN_LID, ANN);
  take('1', ANN, ANN_LID);
  expect(passed).toEqual(['1', '2', '3']);
  offline('4', ANN_LID);
  take('5', ANN, ANN_LID);
  take('4', ANN_LID);
  expect(passed).toEqual(['1', '2', '3', '4', '5']);
});

it('takes for through what was before one that is', () => {
  offline('passed over', ANN);
  offline('b1', BEN);
  take('a2', ANN);
  take('b1', BEN);
  expect(passed).toEqual(['b1', 'a2']);
});

it('waits no longer than the queue stands still', () => {
  offline('1', ANN);
  offline('2', ANN);
  offline('passed over', ANN);
  take('live', ANN);
  vi.advanceTimersByTime(9_000);
  take('1', ANN);
  vi.advanceTimersByTime(9_000);
  take('2', ANN);
  vi.advanceTimersByTime(9_999);
  expect(passed).toEqual(['1', '2']);
  vi.advanceTimersByTime(1);
  expect(passed).toEqual(['1', '2', 'live']);
});

it('passes everything on at the end', () => {
  offline('1', ANN);
  take('2', ANN);
  order.stop();
  expect(passed).toEqual(['2']);
});
