import type { LiveStatus, StatusBoard } from '@gateway/ports/status-board.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NOW } from './support/samples';

export interface OpenStatusBoard { board: StatusBoard; close(): Promise<void> }

const live = (instanceId: string, change: Partial<LiveStatus> = {}): LiveStatus => ({
  instanceId, epoch: 0, status: 'QR_READY', reason: 'waiting_for_scan', qr: { text: '2@abc', madeAt: NOW, expiresAt: NOW + 20_000 }, phoneNumber: null, lastSeen: null,
  connectedAt: null, updatedAt: NOW, ...change,
});

/** That, as it is shown: said again since. */
const shown = (instanceId: string, change: Partial<LiveStatus> = {}): LiveStatus => ({ ...live(instanceId, change), updatedAt: expect.any(Number) as number });

export function describeStatusBoardContract(name: string, open: () => Promise<OpenStatusBoard>): void {
  describe(`status board: ${name}`, () => {
    let opened: OpenStatusBoard;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.close());

    it('shows what was put last, until it is removed', async () => {
      const { board } = opened;
      expect(await board.get('one')).toBeNull();
      await board.put(live('one'));
      expect(await board.get('one')).toEqual(shown('one'));
      const connected = { status: 'CONNECTED', reason: 'connected', qr: null, phoneNumber: '15550001111', connectedAt: NOW, lastSeen: NOW } as const;
      await board.put(live('one', connected));
      expect(await board.get('one')).toEqual(shown('one', connected));
      await board.remove({ instanceId: 'one', epoch: 0 });
      await board.remove({ instanceId: 'one', epoch: 0 });
      expect(await board.get('one')).toBeNull();
      await board.put(live('one'));
      expect(await board.get('one')).toEqual(shown('one'));
    });

    it('answers many at once, without those it does not have', async () => {
      const { board } = opened;
      await board.put(live('one'));
      await board.put(live('two', { qr: null }));
      expect(await board.getMany(['two', 'none', 'one'])).toEqual(new Map([['one', shown('one')], ['two', shown('two', { qr: null })]]));
      expect(await board.getMany([])).toEqual(new Map());
    });

    it('is not changed by what callers do to their objects', async () => {
      const { board } = opened;
      const mine = live('one');
      await board.put(mine);
      mine.status = 'LOGGED_OUT';
      const got = await board.get('one');
      if (got?.qr) got.qr.text = 'changed';
      expect(await board.get('one')).toEqual(shown('one'));
    });

    it('knows how fresh it is', async () => {
      const before = Date.now();
      await opened.board.put(live('one'));
      expect((await opened.board.get('one'))?.updatedAt).toBeGreaterThanOrEqual(before);
    });

    it('lets what comes late from an earlier tenure change nothing', async () => {
      const { board } = opened;
      await board.put(live('one', { epoch: 7 }));
      await board.put(live('one', { epoch: 5, status: 'CONNECTED' }));
      await board.remove({ instanceId: 'one', epoch: 6 });
      await board.forget({ instanceId: 'one', epoch: 6 });
      expect(await board.get('one')).toEqual(shown('one', { epoch: 7 }));
      await board.put(live('one', { epoch: 8, status: 'CONNECTED' }));
      expect(await board.get('one')).toEqual(shown('one', { epoch: 8, status: 'CONNECTED' }));
    });

    it('forgets a tenure that is over', async () => {
      const { board } = opened;
      await board.put(live('one', { epoch: 7 }));
      await board.forget({ instanceId: 'one', epoch: 7 });
      expect(await board.get('one')).toBeNull();
      await board.forget({ instanceId: 'none', epoch: 7 });
      await board.put(live('one', { epoch: 8 }));
      expect(await board.get('one')).toEqual(shown('one', { epoch: 8 }));
    });
  });
}
