import type { AuditCursor, AuditLog, AuditQuery, NewAuditEntry } from '@gateway/ports/audit-log.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NOW } from './support/samples';

export function auditEntry(action: string, change: Partial<NewAuditEntry> = {}): NewAuditEntry {
  return { at: NOW, actor: { id: 'k1', name: 'Clave "uno"' }, action, instanceId: 'one', outcome: 'ok', detail: null, requestId: 'r1', ...change };
}

export function describeAuditLogContract(name: string, open: () => Promise<{ audit: AuditLog; close(): Promise<void> }>): void {
  describe(`audit log: ${name}`, () => {
    let opened: Awaited<ReturnType<typeof open>>;
    let audit: AuditLog;
    beforeEach(async () => {
      opened = await open();
      audit = opened.audit;
    });
    afterEach(() => opened.close());

    const actions = async (query: Partial<AuditQuery> = {}): Promise<string[]> => (await audit.list({ limit: 100, ...query })).entries.map(({ action }) => action);

    it('keeps what it was given', async () => {
      const full = auditEntry('webhook.create', { outcome: 'webhook_not_found', detail: { webhookId: 'w1', count: 2, list: ['ñ 🏃'] } });
      const bare = auditEntry('sessions.cleanup', { at: NOW + 1, instanceId: null, requestId: null });
      await audit.record(full);
      await audit.record(bare, true);
      const { entries, next } = await audit.list({ limit: 2 });
      expect(entries).toEqual([{ ...bare, seq: expect.any(Number) as number }, { ...full, seq: expect.any(Number) as number }]);
      expect(next).toBeNull();
    });

    it('lists by time, latest first, and of one moment the last that came', async () => {
      for (const [action, at] of [['b', 2], ['a', 1], ['c', 3], ['d', 3]] as const) await audit.record(auditEntry(action, { at }));
      expect(await actions()).toEqual(['d', 'c', 'b', 'a']);
      const seen: string[] = [];
      let cursor: AuditCursor | undefined;
      for (let pages = 0; pages < 9; pages += 1) {
        const page = await audit.list({ limit: 1, cursor });
        seen.push(...page.entries.map(({ action }) => action));
        if (page.next === null) break;
        cursor = page.next;
      }
      expect(seen).toEqual(['d', 'c', 'b', 'a']);
    });

    it('filters by everything, alone and together', async () => {
      await audit.record(auditEntry('a', { at: 1 }));
      await audit.record(auditEntry('a', { at: 2, instanceId: 'two', actor: { id: 'k2', name: 'two' } }));
      await audit.record(auditEntry('b', { at: 3, outcome: 'forbidden' }));
      await audit.record(auditEntry('c', { at: 4, instanceId: null, actor: { id: 'gateway', name: 'gateway' } }));
      expect(await actions({ instanceId: 'one' })).toEqual(['b', 'a']);
      expect(await actions({ actorId: 'k2' })).toEqual(['a']);
      expect(await actions({ action: 'a' })).toEqual(['a', 'a']);
      expect(await actions({ outcome: 'ok' })).toEqual(['c', 'a', 'a']);
      expect(await actions({ outcome: 'failed' })).toEqual(['b']);
      expect(await actions({ since: 2, until: 4 })).toEqual(['b', 'a']);
      expect(await actions({ until: 4, cursor: { at: 9, seq: 9 } })).toEqual(['b', 'a', 'a']);
      expect(await actions({ instanceId: 'one', actorId: 'k1', action: 'b', outcome: 'failed', since: 1, until: 9 })).toEqual(['b']);
      expect(await actions({ instanceId: 'one', actorId: 'k2' })).toEqual([]);
      // What concerns no instance is not for those who are bound to some.
      expect(await actions({ instances: ['one', 'three'] })).toEqual(['b', 'a']);
      expect(await actions({ instances: ['one'], instanceId: 'two' })).toEqual([]);
      expect(await actions({ instances: [] })).toEqual([]);
    });

    it('removes the oldest, so many at once', async () => {
      await Promise.all([1, 2, 3, 9].map(at => audit.record(auditEntry(`a${at}`, { at }))));
      expect(await audit.prune(4, 2)).toBe(2);
      expect(await actions()).toEqual(['a9', 'a3']);
      expect(await audit.prune(4, 2)).toBe(1);
      expect(await audit.prune(4, 2)).toBe(0);
      expect(await actions()).toEqual(['a9']);
    });
  });
}
