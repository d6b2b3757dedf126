import type { WhatsAppSocket } from '@gateway/ports/whatsapp-client.js';
import { createRelay } from '@gateway/usecases/messages/relay.js';
import { expect, test } from 'vitest';
import { collectingLogger } from '../../support/logger.js';
import { createTestClock } from '../../support/test-clock.js';

test('nothing is remembered of a message that was given up before it left; one that failed on the way may still be answered', async () => {
  const relay = createRelay(createTestClock(), collectingLogger([]));
  const socket = {
    async relay({ permit, turn }: Parameters<WhatsAppSocket['relay']>[0]) {
      if (!await permit || !await turn?.()) throw new Error('given up');
      throw new Error('the connection broke while it was written');
    },
  } as unknown as WhatsAppSocket;
  const facts = { party: 'x@lid', chatId: 'x@lid', correlationId: null, retries: 0, dueAt: null };
  const send = (messageId: string, permit: boolean, turn: boolean) =>
    relay.send(socket, { instanceId: 'one', messageId, proto: new Uint8Array(), facts, permit: Promise.resolve(permit), turn: async () => turn });
  expect([await send('cancelled', false, true), await send('overtaken', true, false), await send('broken', true, true)]).toEqual([false, false, false]);
  expect(['cancelled', 'overtaken', 'broken'].map(messageId => relay.isUnderWay(socket, 'one', messageId))).toEqual([false, false, true]);
  expect(['cancelled', 'overtaken', 'broken'].map(messageId => relay.settled('one', messageId))).toEqual([null, null, { ...facts, leftMs: expect.any(Number) }]);
});
