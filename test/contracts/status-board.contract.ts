import type { LiveStatus, StatusBoard } from '@gateway/ports/status-board.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NOW } from './support/samples';

export interface OpenStatusBoard { board: StatusBoard; close(): Promise<void> }

const live = (instanceId: string, change: Partial<LiveStatus> = {}): LiveStatus => ({
  instanceId, status: 'QR_READY', reason: 'waiting_for_scan', qr: { text: '2@abc', madeAt: NOW, expiresAt: NOW + 20_000 }, phoneNumber: null, lastSeen: null,
  connectedAt: null, updatedAt: NOW, ...change,
});

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
      expect(await board.get('one')).toEqual(live('one'));
      const connected = live('one', { status: 'CONNECTED', reason: 'connected', qr: null, phoneNumber: '15550001111', connectedAt: NOW, lastSeen: NOW });
      await board.put(connected);
      expect(await board.get('one')).toEqual(connected);
      await board.remove('one');
      await board.remove('one');
      expect(await board.get('one')).toBeNull();
    });

    it('answers many at once, without those it does not have', async () => {
      const { board } = opened;
      await board.put(live('one'));
      await board.put(live('two', { qr: null }));
      expect(await board.getMany(['two', 'none', 'one'])).toEqual(new Map([['one', live('one')], ['two', live('two', { qr: null })]]));
      expect(await board.getMany([])).toEqual(new Map());
    });

    it('is not changed by what callers do to their objects', async () => {
      const { board } = opened;
      const mine = live('one');
      await board.put(mine);
      mine.status = 'LOGGED_OUT';
      const got = await board.get('one');
      if (got?.qr) got.qr.text = 'changed';
      expect(await board.get('one')).toEqual(live('one'));
    });
  });
}
