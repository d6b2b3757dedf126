import { expect, test } from 'vitest';
import type { WhatsAppSocket } from '@gateway/ports/whatsapp-client.js';
import type { Session } from '@gateway/usecases/sessions/session.js';
import { createRelay } from '@gateway/usecases/messages/relay.js';
import { createResendUnacknowledged } from '@gateway/usecases/messages/resend-unacknowledged.js';
import { collectingLogger } from '../../support/logger.js';
import { createTestClock } from '../../support/test-clock.js';

test('however often it is asked to, it looks again once, and no more when nothing is under way', async () => {
  const clock = createTestClock();
  const logger = collectingLogger([]);
  const relay = createRelay(clock, logger);
  const socket = { relay: async () => {} } as unknown as WhatsAppSocket;
  const message = { instanceId: 'demo', messageId: 'M1', proto: new Uint8Array(), attempts: 1, party: 'x@lid', chatId: 'x@lid', correlationId: null };
  let waiting = [message];
  let looks = 0;
  const messages = {
    listUnacknowledged: async () => { looks += 1; return waiting; },
    markAttempt: async () => true,
  } as unknown as Parameters<typeof createResendUnacknowledged>[0]['messages'];
  const followUp = createResendUnacknowledged({
    sessions: { find: () => ({ socket }) as unknown as Session }, messages, relay, clock, logger, settler: { fail: async () => {} },
  });
  await relay.send(socket, { ...message, facts: { ...message, retries: 0, dueAt: null } });

  for (let i = 0; i < 5; i++) await followUp('demo');
  expect(clock.timers()).toBe(1);
  await clock.advance(30_000);
  expect(looks).toBe(6);
  expect(clock.timers()).toBe(1);
  waiting = [];
  await clock.advance(30_000);
  expect(looks).toBe(7);
  expect(clock.timers()).toBe(0);
});

test('what is acknowledged while others go out again stays what it was', async () => {
  const clock = createTestClock();
  const logger = collectingLogger([]);
  const written: string[] = [];
  const socket = { relay: async ({ messageId }: { messageId: string }) => { written.push(messageId); } } as unknown as WhatsAppSocket;
  const sending = ['M1', 'M2', 'M3'].map(messageId => ({ instanceId: 'demo', messageId, proto: new Uint8Array(), attempts: 1, party: 'x@lid', chatId: 'x@lid', correlationId: null }));
  const messages = {
    listUnacknowledged: async () => sending,
    // Its receipt was on its way to the disk when the list was read.
    markAttempt: async (_tenure: unknown, messageId: string) => messageId !== 'M2',
  } as unknown as Parameters<typeof createResendUnacknowledged>[0]['messages'];
  const followUp = createResendUnacknowledged({
    sessions: { find: () => ({ socket }) as unknown as Session }, messages, relay: createRelay(clock, logger), clock, logger, settler: { fail: async () => {} },
  });
  await followUp('demo');
  expect(written).toEqual(['M1', 'M3']);
});
