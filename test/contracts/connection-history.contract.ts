import { soleTenure } from '@gateway/domain/instances/tenure.js';
import type { ConnectionHistory, ConnectionRecord } from '@gateway/ports/connection-history.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NOW } from './support/samples';

export interface OpenConnectionHistory { history: ConnectionHistory; close(): Promise<void> }

export function describeConnectionHistoryContract(name: string, open: () => Promise<OpenConnectionHistory>): void {
  describe(`connection history: ${name}`, () => {
    let opened: OpenConnectionHistory;
    let history: ConnectionHistory;
    beforeEach(async () => {
      opened = await open();
      ({ history } = opened);
    });
    afterEach(() => opened.close());

    const record = (after: number): ConnectionRecord => ({ at: NOW + after, status: 'CONNECTED', reason: 'connected' });
    const append = async (count: number, instanceId = 'one') => {
      for (let after = 0; after < count; after += 1) await history.append(soleTenure(instanceId), record(after));
    };

    it('tells the latest first, page by page, and of one instance only', async () => {
      await append(5);
      await append(1, 'two');
      const first = await history.list('one', { limit: 2 });
      expect(first.records).toEqual([record(4), record(3)]);
      const second = await history.list('one', { limit: 2, cursor: first.next ?? 0 });
      expect(second.records).toEqual([record(2), record(1)]);
      expect(await history.list('one', { limit: 2, cursor: second.next ?? 0 })).toEqual({ records: [record(0)], next: null });
      expect(await history.list('none', { limit: 2 })).toEqual({ records: [], next: null });
    });

    it('notes a change once, however often it is said', async () => {
      await history.append(soleTenure('one'), record(0));
      await history.append(soleTenure('one'), record(0));
      await history.append(soleTenure('two'), record(0));
      await history.append(soleTenure('one'), { ...record(0), reason: 'reconnecting' });
      expect((await history.list('one', { limit: 9 })).records.map(({ reason }) => reason)).toEqual(['reconnecting', 'connected']);
      expect((await history.list('two', { limit: 9 })).records).toHaveLength(1);
    });

    it('removes what is too old, and all of an instance, in small steps', async () => {
      await append(5);
      await append(2, 'two');
      expect(await history.prune(NOW + 2, 3)).toBe(3);
      expect(await history.prune(NOW + 2, 3)).toBe(1);
      expect((await history.list('one', { limit: 9 })).records).toEqual([record(4), record(3), record(2)]);
      expect(await history.deleteAll('one', 2)).toBe(2);
      expect(await history.deleteAll('one', 2)).toBe(1);
      expect(await history.deleteAll('one', 2)).toBe(0);
      expect((await history.list('two', { limit: 9 })).records).toEqual([]);
    });
  });
}
