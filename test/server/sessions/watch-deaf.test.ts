import type { WhatsAppSocket } from '@gateway/ports/whatsapp-client.js';
import { createDeafWatch } from '@gateway/usecases/sessions/watch-deaf.js';
import type { Session } from '@gateway/usecases/sessions/session.js';
import { expect, test } from 'vitest';
import { createTestClock } from '../../support/test-clock.js';

/** One connected session whose WhatsApp answers or not. */
function createRig() {
  const clock = createTestClock(0);
  const whatsapp = { answers: true, answeredAt: 0, probes: 0 };
  const dispatched: unknown[] = [];
  const socket = {
    unansweredFor: () => clock.elapsed() - whatsapp.answeredAt,
    probe: (timeoutMs: number) => new Promise<boolean>(resolve => {
      whatsapp.probes += 1;
      if (!whatsapp.answers) return clock.after(timeoutMs, () => resolve(false));
      whatsapp.answeredAt = clock.elapsed();
      resolve(true);
      return undefined;
    }),
  } as unknown as WhatsAppSocket;
  const session = {
    socket,
    view: () => ({ connection: { socket: 7 } }),
    dispatch: async (event: unknown) => void dispatched.push({ at: clock.elapsed(), event }),
  } as unknown as Session;
  const watch = createDeafWatch({ sessions: { all: () => [{ instanceId: 'one', session }], find: () => session }, silenceMs: 30_000, clock });
  watch.start();
  return { clock, whatsapp, dispatched, watch };
}

test('a connection that answers what is asked is never probed', async () => {
  const { clock, whatsapp, dispatched, watch } = createRig();
  for (let round = 0; round < 20; round += 1) {
    await clock.advance(25_000);
    whatsapp.answeredAt = clock.elapsed();
  }
  expect(whatsapp.probes).toBe(0);
  expect(dispatched).toEqual([]);
  watch.stop();
});

test('one that answers nothing is found within 90 seconds, after two probes', async () => {
  const { clock, whatsapp, dispatched, watch } = createRig();
  whatsapp.answers = false;
  await clock.advance(90_000);
  expect(dispatched[0]).toEqual({ at: expect.any(Number) as number, event: { type: 'closed', socket: 7, cause: 'deaf' } });
  expect(whatsapp.probes).toBeGreaterThanOrEqual(2);
  watch.stop();
});

test('an answer to anything else is enough, and so is one to the second probe', async () => {
  const { clock, whatsapp, dispatched, watch } = createRig();
  whatsapp.answers = false;
  await clock.advance(40_000);
  expect(whatsapp.probes).toBe(1);
  whatsapp.answeredAt = clock.elapsed();
  await clock.advance(20_000);
  expect(dispatched).toEqual([]);
  watch.stop();
});
