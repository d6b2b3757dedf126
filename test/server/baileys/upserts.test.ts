import { takeUpserts } from '@gateway/adapters/baileys/upserts.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeEventBuffer, type WAMessage } from '../../../server/node_modules/@whiskeysockets/baileys/lib/index.js';
import { collectingLogger } from '../../support/logger.js';

const message = (id: string): WAMessage => ({ key: { id, remoteJid: '15550001111@s.whatsapp.net' } });

function open() {
  const ev = makeEventBuffer(collectingLogger([], 'silent'));
  const taken: string[] = [];
  const emitted: string[] = [];
  const ended: string[] = [];
  takeUpserts(ev, ({ key }, end) => {
    taken.push(key.id ?? '');
    void end.then(() => ended.push(key.id ?? ''));
  });
  ev.on('messages.upsert', ({ messages }) => emitted.push(...messages.map(({ key }) => key.id ?? '')));
  return { ev, taken, emitted, ended };
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

it('what takes a message is told when Baileys has told its own listeners, of each time that it came', async () => {
  const { ev, ended } = open();
  ev.buffer();
  for (const id of ['1', '2', '1']) ev.emit('messages.upsert', { messages: [message(id)], type: 'append' });
  await Promise.resolve();
  expect(ended).toEqual([]);
  ev.flush();
  await Promise.resolve();
  expect(ended.sort()).toEqual(['1', '1', '2']);
  ev.destroy();
});

describe('where the buffer has left its timer behind', () => {
  beforeEach(() => { vi.useFakeTimers(); });
  afterEach(() => { vi.useRealTimers(); });

  it('Baileys keeps a message for half a minute, and here it is taken at once; once Baileys is mended this fails', async () => {
    const { ev, taken, emitted } = open();
    let end = () => {};
    const slow = ev.createBufferedFunction(() => new Promise<void>(resolve => { end = resolve; }))();
    ev.flush();
    end();
    await slow;
    // Its timer fires in vain, and is taken for one that is yet to fire.
    await vi.advanceTimersByTimeAsync(1_000);
    await ev.createBufferedFunction(async () => { ev.emit('messages.upsert', { messages: [message('3')], type: 'notify' }); })();
    expect(taken).toEqual(['3']);
    await vi.advanceTimersByTimeAsync(29_000);
    expect(emitted).toEqual([]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect([taken, emitted]).toEqual([['3'], ['3']]);
    ev.destroy();
  });
});
