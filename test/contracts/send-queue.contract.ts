import type { Logger } from 'pino';
import type { QueueEntry } from '@gateway/ports/message-store.js';
import type { QueueWork, SendQueue } from '@gateway/ports/send-queue.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collectingLogger } from '../support/logger';
import { until } from '../support/until';
import { createFakeOutbox } from './support/fake-outbox';

export interface OpenSendQueue {
  queue: SendQueue;
  close(): Promise<void>;
}

/** An hour: nothing in a test comes to that by itself. */
const LONG_MS = 3_600_000;

export function describeSendQueueContract(name: string, open: (logger: Logger) => Promise<OpenSendQueue>): void {
  describe(`send queue: ${name}`, () => {
    let opened: OpenSendQueue;
    let queue: SendQueue;
    let log: Record<string, unknown>[];
    beforeEach(async () => {
      log = [];
      opened = await open(collectingLogger(log));
      queue = opened.queue;
    });
    afterEach(() => opened.close());

    const now = (...messageIds: string[]): QueueEntry[] => messageIds.map(messageId => ({ messageId, dueAt: Date.now() }));

    /** Announces what it accepts. */
    async function accept(outbox: ReturnType<typeof createFakeOutbox>, entries: QueueEntry[], instanceId = 'one'): Promise<void> {
      outbox.accept(entries);
      await queue.announce(instanceId, entries);
    }

    it('works what is announced, in the order of the outbox', async () => {
      const outbox = createFakeOutbox();
      await queue.open('one', outbox.work);
      await accept(outbox, now('a', 'b'));
      await accept(outbox, now('c'));
      await until('all are sent', () => outbox.sent.length === 3);
      expect(outbox.sent).toEqual(['a', 'b', 'c']);
    });

    it('works what was announced before it was opened, by whoever opens it', async () => {
      const outbox = createFakeOutbox();
      await accept(outbox, now('a', 'b', 'c'));
      await queue.open('one', outbox.work);
      await until('all are sent', () => outbox.sent.length === 3);
      expect(outbox.sent).toEqual(['a', 'b', 'c']);
    });

    it('works what nobody announced when it is opened', async () => {
      const outbox = createFakeOutbox();
      outbox.accept(now('a'));
      await queue.open('one', outbox.work);
      await until('it is sent', () => outbox.sent.length === 1);
    });

    it('gives an instance one turn at a time, whatever happens', async () => {
      let [turns, most, done] = [0, 0, 0];
      const work: QueueWork = async () => {
        most = Math.max(most, ++turns);
        await new Promise(resolve => setTimeout(resolve, 5));
        turns -= 1;
        done += 1;
        return null;
      };
      await queue.open('one', work);
      await queue.open('one', work);
      for (let round = 0; round < 20; round++) {
        queue.nudge('one');
        await queue.announce('one', now(`m${round}`));
        if (round === 10) {
          void queue.close('one');
          await queue.open('one', work);
        }
      }
      await until('turns were taken', () => done >= 2);
      await queue.close('one');
      expect(most).toBe(1);
      expect(turns).toBe(0);
    });

    it('keeps instances apart: one that waits holds up no other', async () => {
      const [waiting, going] = [createFakeOutbox(), createFakeOutbox()];
      waiting.pauseUntil(Date.now() + LONG_MS);
      await queue.open('one', waiting.work);
      await queue.open('two', going.work);
      await accept(waiting, now('a'));
      await accept(going, now('a', 'b'), 'two');
      await until('the other has sent', () => going.sent.length === 2);
      expect(waiting.sent).toEqual([]);
    });

    it('comes again when the work says so, and lets nothing overtake', async () => {
      const outbox = createFakeOutbox();
      const at = Date.now() + 300;
      outbox.pauseUntil(at);
      await queue.open('one', outbox.work);
      await accept(outbox, now('a', 'b', 'c'));
      await until('all are sent', () => outbox.sent.length === 3);
      expect(outbox.sent).toEqual(['a', 'b', 'c']);
      expect(Math.min(...outbox.times)).toBeGreaterThanOrEqual(at);
    });

    it('looks again at once when it is nudged', async () => {
      const outbox = createFakeOutbox();
      outbox.pauseUntil(Date.now() + LONG_MS);
      await queue.open('one', outbox.work);
      await accept(outbox, now('a'));
      await until('it waits', () => outbox.refusals() > 0);
      outbox.pauseUntil(0);
      queue.nudge('one');
      await until('it is sent', () => outbox.sent.length === 1);
      queue.nudge('nobody');
    });

    it('looks again when something is announced', async () => {
      const outbox = createFakeOutbox();
      outbox.pauseUntil(Date.now() + LONG_MS);
      await queue.open('one', outbox.work);
      await accept(outbox, now('a'));
      await until('it waits', () => outbox.refusals() > 0);
      outbox.pauseUntil(0);
      await accept(outbox, now('b'));
      await until('both are sent', () => outbox.sent.length === 2);
      expect(outbox.sent).toEqual(['a', 'b']);
    });

    it('does not sleep through a nudge that comes during a turn', async () => {
      let [calls, ready] = [0, false];
      await queue.open('one', async () => {
        calls += 1;
        if (ready) return null;
        // Whatever it waits for comes after it looked and before it answers.
        ready = true;
        queue.nudge('one');
        return { again: Date.now() + LONG_MS };
      });
      await queue.announce('one', now('a'));
      await until('it looks again', () => calls >= 2);
    });

    it('is not disturbed by what is announced twice, or is gone already', async () => {
      const outbox = createFakeOutbox();
      const entries = now('a', 'b');
      outbox.accept(entries);
      for (let time = 0; time < 3; time++) await queue.announce('one', entries);
      await queue.open('one', outbox.work);
      await until('both are sent', () => outbox.sent.length === 2);
      await queue.announce('one', entries);
      await accept(outbox, now('c'));
      await until('the next is sent', () => outbox.sent.length === 3);
      expect(outbox.sent).toEqual(['a', 'b', 'c']);
    });

    it('takes nothing before its time, and lets what is due now go first', async () => {
      const outbox = createFakeOutbox();
      // Not known to the outbox's work as a time to come again at: the queue itself has to keep it.
      outbox.forgetsTimes();
      await queue.open('one', outbox.work);
      const dueAt = Date.now() + 400;
      await accept(outbox, [{ messageId: 'later', dueAt }, { messageId: 'latest', dueAt: dueAt + 100 }]);
      await accept(outbox, now('now'));
      await until('all are sent', () => outbox.sent.length === 3);
      expect(outbox.sent).toEqual(['now', 'later', 'latest']);
      expect(outbox.asked('later').filter(at => at < dueAt)).toEqual([]);
    });

    it('comes again when the work says so, for what nobody announced', async () => {
      const outbox = createFakeOutbox();
      // The second is further away than a queue would wait in one go.
      outbox.accept([{ messageId: 'a', dueAt: Date.now() + 300 }, { messageId: 'b', dueAt: Date.now() + 6_000 }]);
      await queue.open('one', outbox.work);
      await until('both are sent', () => outbox.sent.length === 2);
    });

    it('closes after the turn under way; what waits goes on when it is opened again', async () => {
      const outbox = createFakeOutbox();
      const held = outbox.hold();
      await queue.open('one', outbox.work);
      await accept(outbox, now('a', 'b'));
      await until('a turn is under way', () => outbox.underWay());
      let closed = false;
      const closing = queue.close('one').then(() => { closed = true; });
      await queue.announce('one', now('c'));
      await new Promise(resolve => setImmediate(resolve));
      expect(closed).toBe(false);
      // Of a turn under way it may send the rest; that is its own matter.
      held.release();
      await closing;
      expect(outbox.underWay()).toBe(false);
      const before = outbox.sent.length;
      await queue.close('one');
      await accept(outbox, now('d'));
      expect(outbox.sent).toHaveLength(before);
      await queue.open('one', outbox.work);
      await until('the rest is sent', () => outbox.sent.includes('d'));
      expect(outbox.sent).toEqual(['a', 'b', 'd']);
    });

    it('closes while it waits, and goes on with the same message when it is opened again', async () => {
      const outbox = createFakeOutbox();
      outbox.pauseUntil(Date.now() + LONG_MS);
      await queue.open('one', outbox.work);
      await accept(outbox, now('a', 'b'));
      await until('it waits', () => outbox.refusals() > 0);
      await queue.close('one');
      outbox.pauseUntil(0);
      await queue.open('one', outbox.work);
      await until('both are sent', () => outbox.sent.length === 2);
      expect(outbox.sent).toEqual(['a', 'b']);
    });

    it('gives the work that was given last', async () => {
      const [first, second] = [createFakeOutbox(), createFakeOutbox()];
      first.pauseUntil(Date.now() + LONG_MS);
      await queue.open('one', first.work);
      await accept(first, now('a'));
      await until('the first waits', () => first.refusals() > 0);
      second.accept(now('a'));
      await queue.open('one', second.work);
      await until('the second sends', () => second.sent.length === 1);
      expect(first.sent).toEqual([]);
    });

    it('survives work that throws: says so, and tries again', async () => {
      const outbox = createFakeOutbox();
      let failures = 0;
      await accept(outbox, now('a', 'b'));
      await queue.open('one', async upTo => {
        if (failures++ < 1) throw new Error('the store is away');
        return outbox.work(upTo);
      });
      await until('both are sent', () => outbox.sent.length === 2);
      expect(outbox.sent).toEqual(['a', 'b']);
      expect(log.filter(line => JSON.stringify(line).includes('the store is away'))).toHaveLength(1);
    });

    it('forgets an instance, and serves it anew when it comes back', async () => {
      const outbox = createFakeOutbox();
      const soon = Date.now() + 200;
      await queue.announce('one', [...now('a', 'b'), { messageId: 'later', dueAt: soon }]);
      await queue.forget('one');
      await queue.forget('never there');
      const asked: (string | null)[] = [];
      await queue.open('one', async upTo => {
        asked.push(upTo);
        return outbox.work(upTo);
      });
      await accept(outbox, [{ messageId: 'c', dueAt: soon + 100 }]);
      await until('the new one is sent', () => outbox.sent.length === 1);
      expect(asked.filter(upTo => upTo !== null && upTo !== 'c')).toEqual([]);
    });

    it('takes no turn after stop, which can be called twice', async () => {
      const outbox = createFakeOutbox();
      outbox.pauseUntil(Date.now() + LONG_MS);
      await queue.open('one', outbox.work);
      await accept(outbox, now('a'));
      await until('it waits', () => outbox.refusals() > 0);
      await Promise.all([queue.stop(), queue.stop()]);
      await queue.stop();
      outbox.pauseUntil(0);
      const calls = outbox.refusals();
      await queue.announce('one', now('b'));
      await queue.open('one', outbox.work);
      queue.nudge('one');
      await queue.close('one');
      await queue.forget('one');
      expect([outbox.sent, outbox.refusals()]).toEqual([[], calls]);
    });

    it('works many at once, each once', async () => {
      const outbox = createFakeOutbox();
      const ids = Array.from({ length: 1_200 }, (_, index) => `m${index}`);
      await queue.open('one', outbox.work);
      await accept(outbox, now(...ids));
      await until('all are sent', () => outbox.sent.length >= ids.length);
      expect(outbox.sent).toEqual(ids);
    });
  });
}
