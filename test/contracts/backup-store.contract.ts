import type { NewBackup } from '@gateway/domain/instances/backup.js';
import { soleTenure } from '@gateway/domain/instances/tenure.js';
import type { BackupStore } from '@gateway/ports/backup-store.js';
import type { SessionStore } from '@gateway/ports/session-store.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NOW, utf8 } from './support/samples';

export interface OpenBackupStore { sessions: SessionStore; backups: BackupStore; close(): Promise<void> }

export function describeBackupStoreContract(name: string, open: () => Promise<OpenBackupStore>): void {
  describe(`backup store: ${name}`, () => {
    let opened: OpenBackupStore;
    let sessions: SessionStore;
    let backups: BackupStore;
    beforeEach(async () => {
      opened = await open();
      ({ sessions, backups } = opened);
    });
    afterEach(() => opened.close());

    const one = soleTenure('one');
    const backup = (id: string, change: Partial<NewBackup> = {}): NewBackup =>
      ({ id, createdAt: NOW, cause: 'manual', phoneNumber: '15550001111', device: 'device a', endedAt: null, ...change });
    const ids = async (instanceId = 'one') => (await backups.list(instanceId)).map(({ id }) => id);
    const text = (bytes: Uint8Array | null) => bytes && Buffer.from(bytes).toString();
    const pair = (credentials: string, instanceId = 'one') => sessions.commit(soleTenure(instanceId), {
      credentials: utf8(credentials), keys: [{ type: 'session', id: 'a', value: utf8('ratchet') }], memos: [{ messageId: 'm', jid: 'x', type: 'msg', ciphertext: utf8('c'), createdAt: NOW }],
    });

    it('keeps what the credentials were, and tells it', async () => {
      await pair('first');
      expect(await sessions.backUp(one, backup('b1'))).toBe(true);
      await pair('second');
      expect(await backups.find('one', 'b1')).toEqual({ ...backup('b1'), instanceId: 'one' });
      expect(text(await sessions.readBackup('one', 'b1'))).toBe('first');
      expect(await backups.find('one', 'b2')).toBeNull();
      expect(await sessions.readBackup('one', 'b2')).toBeNull();
    });

    it('keeps nothing where there is nothing', async () => {
      expect(await sessions.backUp(one, backup('b1'))).toBe(false);
      await sessions.wipe(one, backup('b2'));
      expect(await ids()).toEqual([]);
    });

    it('keeps the credentials that a wipe deletes', async () => {
      await pair('gone');
      await sessions.wipe(one, backup('b1', { cause: 'logout' }));
      expect(await sessions.readCredentials('one')).toBeNull();
      expect(text(await sessions.readBackup('one', 'b1'))).toBe('gone');
    });

    it('deletes nothing where the backup cannot be written', async () => {
      await pair('stays');
      await sessions.backUp(one, backup('taken'));
      await expect(sessions.wipe(one, backup('taken'))).rejects.toThrow();
      expect(text(await sessions.readCredentials('one'))).toBe('stays');
      expect((await sessions.readKeys('one', 'session', ['a'])).size).toBe(1);
    });

    it('puts credentials in the place of a session, and nothing of that one stays but its backup', async () => {
      await pair('of today');
      await sessions.replace(one, utf8('of the past'), backup('b1', { cause: 'restore' }));
      expect(text(await sessions.readCredentials('one'))).toBe('of the past');
      expect((await sessions.readKeys('one', 'session', ['a'])).size).toBe(0);
      expect(text(await sessions.readBackup('one', 'b1'))).toBe('of today');
      await sessions.replace(one, utf8('again'));
      expect(text(await sessions.readCredentials('one'))).toBe('again');
      expect(await ids()).toEqual(['b1']);
    });

    it('says of every backup of a device that was unlinked that it ended, and of no other', async () => {
      await pair('a');
      await sessions.backUp(one, backup('early'));
      await sessions.backUp(one, backup('other', { device: 'device b' }));
      await pair('b', 'two');
      await sessions.backUp(soleTenure('two'), backup('elsewhere'));
      await sessions.wipe(one, backup('last', { createdAt: NOW + 5, cause: 'logged_out', endedAt: NOW + 5 }));
      expect((await backups.list('one')).map(({ id, endedAt }) => [id, endedAt])).toEqual([['last', NOW + 5], ['other', null], ['early', NOW + 5]]);
      expect(await backups.find('two', 'elsewhere')).toMatchObject({ endedAt: null });
    });

    it('lists the latest first, and those of one instance only', async () => {
      await pair('a');
      await pair('b', 'two');
      await sessions.backUp(one, backup('b1', { createdAt: NOW + 1 }));
      await sessions.backUp(one, backup('b2', { createdAt: NOW + 3, phoneNumber: null }));
      await sessions.backUp(one, backup('b3', { createdAt: NOW + 2 }));
      await sessions.backUp(soleTenure('two'), backup('b4'));
      expect(await ids()).toEqual(['b2', 'b3', 'b1']);
      expect(await backups.find('one', 'b4')).toBeNull();
      expect(await sessions.readBackup('one', 'b4')).toBeNull();
      expect(await backups.remove('one', 'b4')).toBe(false);
      expect(await backups.remove('two', 'b4')).toBe(true);
      expect(await backups.remove('two', 'b4')).toBe(false);
    });

    it('removes what is too old, in small steps, and all of an instance with a purge', async () => {
      await pair('a');
      for (const [index, id] of ['b1', 'b2', 'b3', 'b4'].entries()) await sessions.backUp(one, backup(id, { createdAt: NOW + index }));
      expect(await backups.prune(NOW + 3, 2)).toBe(2);
      expect(await backups.prune(NOW + 3, 2)).toBe(1);
      expect(await backups.prune(NOW + 3, 2)).toBe(0);
      expect(await ids()).toEqual(['b4']);
      await sessions.purge(one);
      expect(await ids()).toEqual([]);
    });
  });
}
