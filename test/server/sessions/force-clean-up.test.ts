import { createKeyedLock } from '@gateway/adapters/baileys/keyed-lock.js';
import { createMemoryStatusBoard } from '@gateway/adapters/memory/status-board.js';
import { createSystemClock } from '@gateway/adapters/system/clock.js';
import { DomainError } from '@gateway/domain/errors.js';
import { DEFAULT_SETTINGS } from '@gateway/domain/instances/instance.js';
import type { SocketHandlers, WhatsAppClient, WhatsAppSocket } from '@gateway/ports/whatsapp-client.js';
import { createSoleOwnership } from '@gateway/usecases/cluster/ownership.js';
import { createInstanceLookup } from '@gateway/usecases/instances/find-instance.js';
import { createConnectInstance } from '@gateway/usecases/sessions/connect-instance.js';
import { createForceCleanUp } from '@gateway/usecases/sessions/force-clean-up.js';
import type { SessionFact } from '@gateway/usecases/sessions/observe-session.js';
import { createSessionManager, type SessionManagerParts } from '@gateway/usecases/sessions/session-manager.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTestStore } from '../../contracts/support/embedded.js';
import { collectingLogger } from '../../support/logger.js';
import { until } from '../../support/until.js';

let store: Awaited<ReturnType<typeof openTestStore>>;
beforeEach(async () => {
  store = await openTestStore();
  await store.instances.create({ instanceId: 'one', name: 'One', settings: DEFAULT_SETTINGS }, 1);
});
afterEach(() => store.close());

/** Real sessions over a WhatsApp of which each part can be made to fail. */
function createRig() {
  const clock = createSystemClock();
  const logger = collectingLogger([], 'fatal');
  const board = createMemoryStatusBoard(clock);
  const ownership = createSoleOwnership();
  const turns = createKeyedLock();
  const find = createInstanceLookup(store.instances);
  const broken = new Set<string>();
  const did: string[] = [];
  const facts: SessionFact[] = [];
  const wired: SocketHandlers[] = [];
  let hang: Promise<void> = Promise.resolve();
  let closing: Promise<void> = Promise.resolve();
  let paired = false;
  let rows: Promise<void> = Promise.resolve();
  const step = async (name: string) => {
    did.push(name);
    if (broken.has(name)) throw name === 'close' ? new Error('secret detail') : new DomainError('store_unavailable', 'The database cannot be reached.');
  };
  const client = {
    async open(_tenure: unknown, handlers: SocketHandlers) {
      did.push('open');
      await hang;
      if (handlers.isWanted?.() === false) throw new DomainError('whatsapp_unavailable', 'Given up.');
      wired.push(handlers);
      return { close: () => step('close').then(() => closing), probe: async () => true } as unknown as WhatsAppSocket;
    },
    hasSession: async () => paired,
    discardHalfMadeSession: async () => {
      await step('discard');
      return !paired;
    },
    wipeSession: () => step('wipe'),
    release: () => {
      did.push('release');
      return true;
    },
  } as unknown as WhatsAppClient;
  const sessions = createSessionManager({
    client, ownership, clock, logger,
    instances: {
      update: async (...args: Parameters<typeof store.instances.update>) => {
        await rows;
        return store.instances.update(...args);
      },
    },
    random: { float: () => 0.5, bytes: () => new Uint8Array(), uuid: () => '' },
    board, outlet: { publish: async () => {} }, history: { append: async () => {} },
    trafficOf: () => ({ onMessage: async () => {}, onServerAck: async () => {}, onReceipt: async () => {}, onCaughtUp: () => {} }),
    onStatus: () => {}, endLeftovers: async () => {},
    observe: (fact: SessionFact) => { facts.push(fact); },
    limits: { pairingTimeoutMs: 120_000, flapping: { losses: 8, withinMs: 900_000, pauseMs: 600_000 } },
  } as unknown as SessionManagerParts);
  const forceCleanUp = createForceCleanUp({
    find, instances: store.instances, sessions, client, turns, clock, logger, receive: async () => {}, forget: () => {},
    keeper: { holds: () => true, release: () => step('consumer').then(() => true) },
  });
  const connect = createConnectInstance({ find, instances: store.instances, sessions, client, turns, clock, view: undefined as never });
  return {
    sessions, board, forceCleanUp, connect, broken, did, wired, facts,
    /** Resolves when it is CONNECTED over its so-manieth socket. */
    async connectAs(number: number) {
      const connecting = connect('one');
      await until('it is opened', () => wired.length === number);
      wired[number - 1]?.onOpen({ phoneNumber: '15550001111', lid: null } as never);
      await connecting;
    },
    hangIn: (until: Promise<void>) => { hang = until; },
    hangInClosing: (until: Promise<void>) => { closing = until; },
    pair: () => { paired = true; },
    hangRowsIn: (until: Promise<void>) => { rows = until; },
    outcomes: async () => Object.fromEntries((await forceCleanUp('one')).map(({ step: name, outcome }) => [name, outcome])),
    stop: () => sessions.stop(),
  };
}

test('every step is tried although others fail, and says so without a secret', async () => {
  const rig = createRig();
  void rig.connect('one').catch(() => {});
  await until('it is opened', () => rig.wired.length === 1);
  rig.wired[0]?.onQr('code', 60_000);
  for (const part of ['close', 'consumer', 'discard']) rig.broken.add(part);
  rig.did.length = 0;
  const steps = await rig.forceCleanUp('one');
  expect(steps).toEqual([
    { step: 'socket', outcome: 'failed', message: 'It failed unexpectedly; the gateway\'s log tells more.' },
    { step: 'timers', outcome: 'released' },
    { step: 'qr', outcome: 'released' },
    { step: 'caches', outcome: 'released' },
    { step: 'queue_consumer', outcome: 'failed', message: 'The database cannot be reached.' },
    { step: 'half_made_credentials', outcome: 'failed', message: 'The database cannot be reached.' },
    { step: 'credentials', outcome: 'nothing' },
  ]);
  expect(rig.did).toEqual(['close', 'release', 'consumer', 'discard']);
  expect(await store.instances.find('one')).toMatchObject({ status: 'DISCONNECTED', reason: 'cleaned_up', active: false, qr: null });
  await rig.stop();
});

test('what hangs while it is made holds nothing up, and comes to nothing when it wakes', async () => {
  const rig = createRig();
  let wake = () => {};
  rig.hangIn(new Promise(resolve => { wake = resolve; }));
  const hanging = rig.connect('one');
  await until('it hangs', () => rig.did.includes('open'));
  expect(await rig.outcomes()).toMatchObject({ socket: 'released', half_made_credentials: 'released' });
  // Whoever waited for it goes on.
  await hanging;
  wake();
  await until('the next one connects', async () => {
    void rig.connect('one').catch(() => {});
    return rig.wired.length > 0;
  });
  expect(rig.wired).toHaveLength(1);
  expect(rig.wired[0]?.isWanted?.()).toBe(true);
  await rig.stop();
});

test('whoever connects while it is cleaned up does not keep a connection whose credentials are deleted', async () => {
  const rig = createRig();
  rig.pair();
  let wake = () => {};
  rig.hangInClosing(new Promise(resolve => { wake = resolve; }));
  await rig.connectAs(1);
  const cleaning = rig.forceCleanUp('one', { wipeCredentials: true });
  await until('its socket is being closed', () => rig.did.includes('close'));
  await rig.connectAs(2);
  expect(rig.wired[1]?.isWanted?.()).toBe(true);
  wake();
  expect((await cleaning).find(({ step }) => step === 'socket')).toMatchObject({ outcome: 'released' });
  expect(rig.wired[1]?.isWanted?.()).toBe(false);
  expect(rig.did.filter(step => step === 'close' || step === 'wipe')).toEqual(['close', 'close', 'wipe']);
  expect(await store.instances.find('one')).toMatchObject({ status: 'DISCONNECTED', reason: 'cleaned_up', active: false });
  await rig.stop();
});

test('a step that failed before somebody connected meanwhile says so, although it succeeds with the new connection', async () => {
  const rig = createRig();
  rig.pair();
  let fail = (_: Error) => {};
  rig.hangInClosing(new Promise((_, reject) => { fail = reject; }));
  await rig.connectAs(1);
  const cleaning = rig.outcomes();
  await until('its socket is being closed', () => rig.did.includes('close'));
  rig.hangInClosing(Promise.resolve());
  await rig.connectAs(2);
  fail(new Error('It cannot be closed.'));
  expect(await cleaning).toMatchObject({ socket: 'failed', timers: 'nothing', queue_consumer: 'released' });
  expect(rig.did.filter(step => step === 'close')).toEqual(['close', 'close']);
  await rig.stop();
});

test('nothing stands on the board afterwards; what somebody has connected meanwhile does', async () => {
  const rig = createRig();
  const show = async (number: number) => {
    void rig.connect('one').catch(() => {});
    await until('it is opened', () => rig.wired.length === number);
    rig.wired[number - 1]?.onQr('code', 60_000);
    await until('its code is shown', async () => (await rig.board.get('one'))?.status === 'QR_READY');
    await rig.sessions.settled('one');
  };
  await show(1);
  await rig.forceCleanUp('one');
  expect(await rig.board.get('one')).toBeNull();

  await show(2);
  let goOn = () => {};
  rig.hangRowsIn(new Promise(resolve => { goOn = resolve; }));
  const { offBoard } = rig.sessions.abandon({ instanceId: 'one', status: 'QR_READY', reason: 'waiting_for_scan' });
  void rig.connect('one').catch(() => {});
  await until('the next connection is shown', async () => (await rig.board.get('one'))?.status === 'CONNECTING');
  goOn();
  await offBoard;
  expect(await rig.board.get('one')).toMatchObject({ status: 'CONNECTING' });
  await rig.stop();
});

test.each([[[], null], [['wipe'], 'store_unavailable']])('that credentials were deleted is said when they are, and why they could not be: %j', async (broken, failure) => {
  const rig = createRig();
  rig.pair();
  await rig.connectAs(1);
  for (const part of broken) rig.broken.add(part);
  rig.wired[0]?.onClose({ cause: 'logged_out', code: 401, message: 'unlinked' });
  await until('it is said', () => rig.facts.some(({ type }) => type === 'wiped'));
  expect(rig.did).toContain('wipe');
  expect(rig.facts.filter(({ type }) => type === 'wiped')).toEqual([{ instanceId: 'one', type: 'wiped', cause: 'logged_out', failure }]);
  await rig.stop();
});
