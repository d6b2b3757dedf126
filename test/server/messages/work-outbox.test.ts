import { DomainError } from '@gateway/domain/errors.js';
import { soleTenure } from '@gateway/domain/instances/tenure.js';
import { DEFAULT_SETTINGS } from '@gateway/domain/instances/instance.js';
import type { StoredMessage } from '@gateway/domain/messages/message.js';
import type { WhatsAppSocket } from '@gateway/ports/whatsapp-client.js';
import { createSoleOwnership } from '@gateway/usecases/cluster/ownership.js';
import { createAcknowledgements } from '@gateway/usecases/messages/acknowledgements.js';
import { createOutboxKeeper } from '@gateway/usecases/messages/keep-outbox.js';
import { createRelay } from '@gateway/usecases/messages/relay.js';
import { createOutboxWork, type OutboxWorkerParts } from '@gateway/usecases/messages/work-outbox.js';
import type { Session } from '@gateway/usecases/sessions/session.js';
import { expect, test } from 'vitest';
import { NOW, outgoing } from '../../contracts/support/samples';
import { collectingLogger } from '../../support/logger.js';
import { createTestClock, type TestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';

/** A worker over an outbox in memory, and a socket that writes what has its turn. */
function createRig(clock: TestClock = createTestClock(NOW)) {
  const logger = collectingLogger([]);
  const acknowledgements = createAcknowledgements(clock);
  const rows: StoredMessage[] = [];
  const written: string[] = [];
  const failed: string[] = [];
  const settings = { ...DEFAULT_SETTINGS, sendIntervalMs: 0, recipientIntervalMs: 0 };
  const socket = {
    async relay({ messageId, permit, turn }: Parameters<WhatsAppSocket['relay']>[0]) {
      if (!await permit || !await turn?.()) throw new Error('given up');
      written.push(messageId);
    },
  } as unknown as WhatsAppSocket;
  const tenure = { epoch: 0 };
  /** What making a message ready runs into; and after how many looks the queue cannot be read. */
  const trouble: { failure: Error | null; looks: number } = { failure: null, looks: Infinity };
  const leave = (messageId: string) => rows.splice(rows.findIndex(row => row.messageId === messageId), 1);
  const settler = {
    async fail({ messageId }: { messageId: string }) {
      failed.push(messageId);
      leave(messageId);
    },
  };
  const parts: OutboxWorkerParts = {
    outbox: {
      async next(_instanceId, limit) {
        trouble.looks -= 1;
        if (trouble.looks < 0) throw new DomainError('store_unavailable', 'Not now.');
        return rows.slice(0, limit);
      },
      begin: async ({ messageId, attempts }) => Boolean(Object.assign(rows.find(row => row.messageId === messageId) ?? {}, { state: 'sending', attempts })),
      putBack: async () => {},
    },
    messages: { find: async () => null },
    sessions: { find: () => ({ socket, tenure: { ...soleTenure('demo'), epoch: tenure.epoch } }) as unknown as Session },
    settler, acknowledgements, relay: createRelay(clock, logger),
    async prepare(_socket, { party, chatId, timestamp }) {
      if (trouble.failure) throw trouble.failure;
      return { party, chatId, timestamp, proto: new Uint8Array() };
    },
    settingsOf: async () => ({ ...settings }),
    clock, random: { float: () => 0 }, logger,
  };
  return {
    clock, tenure, trouble, rows, written, failed, settings, settler, acknowledgements, logger,
    work: createOutboxWork('one', parts),
    queue: (messageId: string, change: Partial<StoredMessage> = {}) =>
      rows.push(outgoing(messageId, { dueAt: clock.now(), createdAt: clock.now(), expiresAt: clock.now() + 60_000, ...change })),
    acknowledge(messageId: string) {
      leave(messageId);
      acknowledgements.settleQueue('one', { messageId, errorCode: null, at: clock.now() });
    },
  };
}

test('what expires while it waits for its turn does not leave, though it was encrypted', async () => {
  const { clock, work, queue, written, failed, acknowledge } = createRig();
  queue('first');
  queue('stale', { expiresAt: clock.now() + 1_000 });
  queue('last');
  const turn = work(null);
  await until('the first is written', () => written.length === 1);
  await clock.advance(2_000);
  acknowledge('first');
  await until('the last is written', () => written.includes('last'));
  acknowledge('last');
  await turn;
  expect(written).toEqual(['first', 'last']);
  expect(failed).toEqual(['stale']);
});

test('what was acknowledged, and whose tenure ended before that came to the disk, goes out again in the next tenure', async () => {
  const { work, queue, written, acknowledge, acknowledgements, clock, tenure } = createRig();
  queue('one');
  let turn = work(null);
  await until('it is written', () => written.length === 1);
  acknowledgements.settleQueue('one', { messageId: 'one', errorCode: null, at: clock.now() });
  await turn;
  // Another node had the instance, or nobody; what the acknowledgement would have changed was refused.
  tenure.epoch = 2;
  turn = work(null);
  await until('it is written again', () => written.length === 2, 2_000);
  acknowledge('one');
  await turn;
  expect(written).toEqual(['one', 'one']);
});

test.each(['store_unavailable', 'instance_unowned'] as const)('a message that cannot be made ready for %s fails not, and uses up no attempt', async code => {
  const { work, queue, written, failed, rows, trouble, acknowledge } = createRig();
  queue('one');
  trouble.failure = new DomainError(code, 'Not now.');
  for (let time = 0; time < 5; time += 1) await expect(work(null)).rejects.toThrow('Not now.');
  expect([failed, rows.map(({ attempts }) => attempts)]).toEqual([[], [0]]);
  trouble.failure = null;
  const turn = work(null);
  await until('it is written', () => written.length === 1);
  acknowledge('one');
  await turn;
});

test('a turn that fails ends when nothing of it is under way any more', async () => {
  const { work, queue, written, trouble, acknowledge } = createRig();
  queue('one');
  // Behind the message it looks for more.
  trouble.looks = 1;
  const first = work(null).then(() => 'done', (error: Error) => error.message);
  let over = false;
  void first.then(() => { over = true; });
  await until('it is written', () => written.length === 1);
  await new Promise(resolve => setImmediate(resolve));
  expect(over).toBe(false);
  acknowledge('one');
  expect(await first).toBe('Not now.');
  trouble.looks = Infinity;
  expect(await work(null)).toBeNull();
  expect(written).toEqual(['one']);
});

test('a change of the settings is obeyed in the middle of a long queue', async () => {
  const { work, queue, written, settings, acknowledge, clock } = createRig();
  for (let number = 1; number <= 8; number += 1) queue(`m${number}`);
  const turn = work(null);
  await until('the first is written', () => written.length === 1);
  settings.sendIntervalMs = 5_000;
  for (let number = 1; number <= 5; number += 1) {
    await until(`message ${number} is written`, () => written.length === number);
    acknowledge(`m${number}`);
  }
  // Those that were on their way, or next, have gone; those behind them keep the gap.
  expect(await turn).toEqual({ again: clock.now() + 5_000 });
  expect(written).toEqual(['m1', 'm2', 'm3', 'm4', 'm5']);
});

test('a clock that is set back holds up nothing that was due', async () => {
  let shift = 0;
  const clock = createTestClock(NOW);
  const { work, queue, written, settings, acknowledge } = createRig({ ...clock, now: () => clock.now() + shift });
  settings.sendIntervalMs = 400;
  settings.recipientIntervalMs = 1_000;
  queue('before');
  queue('after');
  let turn = work(null);
  await until('the first is written', () => written.length === 1);
  acknowledge('before');
  expect(await turn).toEqual({ again: clock.now() + 1_000 });
  shift = -3_600_000;
  turn = work(null);
  await until('the second is written', () => written.length === 2, 2_000);
  acknowledge('after');
  await turn;
});

test('what was written in time and waits for its acknowledgement is not called expired', async () => {
  const { clock, work, queue, written, failed, rows, settler, acknowledge, acknowledgements, logger } = createRig();
  const keeper = createOutboxKeeper({
    outbox: { expired: async now => rows.filter(({ expiresAt }) => (expiresAt ?? 0) <= now), queued: async () => [] },
    queue: { announce: async () => {}, open: async () => {}, close: async () => {}, nudge: () => {}, release: async () => true, forget: async () => {}, stop: async () => {} },
    settler, acknowledgements, workOf: () => work, ownership: createSoleOwnership(), clock, logger,
  });
  queue('in time', { expiresAt: clock.now() + 1_000 });
  const turn = work(null);
  await until('it is written', () => written.length === 1);
  queue('too late', { expiresAt: clock.now() + 1_000 });
  await clock.advance(2_000);
  await keeper.sweep();
  expect(failed).toEqual(['too late']);
  acknowledge('in time');
  await turn;
});
