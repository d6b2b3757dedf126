import { takeUpserts } from '@gateway/adapters/baileys/upserts.js';
import { expect, it } from 'vitest';
import { makeEventBuffer, type WAMessage } from '../../../server/node_modules/@whiskeysockets/baileys/lib/index.js';
import { collectingLogger } from '../../support/logger.js';

const message = (id: string): WAMessage => ({ key: { id, remoteJid: '15550001111@s.whatsapp.net' } });

function open() {
  const ev = makeEventBuffer(collectingLogger([], 'silent'));
  const taken: string[] = [];
  const emitted: string[] = [];
  takeUpserts(ev, ({ key }) => taken.push(key.id ?? ''));
  ev.on('messages.upsert', ({ messages }) => emitted.push(...messages.map(({ key }) => key.id ?? '')));
  return { ev, taken, emitted };
}

it('a message does not wait in the buffer of Baileys, which gets it all the same', () => {
  const { ev, taken, emitted } = open();
  ev.buffer();
  ev.emit('messages.upsert', { messages: [message('1'), message('2')], type: 'notify' });
  expect(taken).toEqual(['1', '2']);
  expect(emitted).toEqual([]);
  ev.flush();
  expect(emitted).toEqual(['1', '2']);
  expect(taken).toEqual(['1', '2']);
  ev.destroy();
});

it('nor where the buffer has left its timer behind', async () => {
  const { ev, taken } = open();
  let end = () => {};
  const slow = ev.createBufferedFunction(() => new Promise<void>(resolve => { end = resolve; }))();
  ev.flush();
  end();
  await slow;
  await ev.createBufferedFunction(async () => { ev.emit('messages.upsert', { messages: [message('3')], type: 'notify' }); })();
  expect(ev.isBuffering()).toBe(true);
  expect(taken).toEqual(['3']);
  ev.destroy();
});
