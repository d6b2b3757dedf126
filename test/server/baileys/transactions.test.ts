import { createSystemClock } from '@gateway/adapters/system/clock.js';
import { soleTenure } from '@gateway/domain/instances/tenure.js';
import { openAuthState } from '@gateway/adapters/baileys/auth-state.js';
import { createBaileysLogger } from '@gateway/adapters/baileys/baileys-logger.js';
import { createReceivedStanzas } from '@gateway/adapters/baileys/received-stanzas.js';
import { wrapSocket } from '@gateway/adapters/baileys/socket.js';
import { afterEach, expect, it } from 'vitest';
import { getNextPreKeys, makeWASocket } from '../../../server/node_modules/@whiskeysockets/baileys/lib/index.js';
import { openTestStore } from '../../contracts/support/embedded';
import { collectingLogger } from '../../support/logger.js';

const OWN = '15550001111:1@s.whatsapp.net';
const closing: (() => Promise<void>)[] = [];
afterEach(async () => { for (const close of closing.splice(0)) await close(); });

/** A wrapped socket that never gets anywhere. */
async function openSocket() {
  const store = await openTestStore();
  const fail = (error: Error) => { throw error; };
  const auth = await openAuthState(store.sessions, soleTenure('one'), fail);
  auth.creds.me = { id: OWN };
  const logger = collectingLogger([]);
  const baileysLogger = createBaileysLogger(logger);
  const socket = makeWASocket({ auth, logger: baileysLogger, waWebSocketUrl: 'ws://127.0.0.1:9' });
  const nothing = async () => {};
  const wrapped = wrapSocket({
    instanceId: 'one', socket, auth, stanzas: createReceivedStanzas(), leftovers: [], markDone: nothing, isCurrent: () => true, onFatal: fail, clock: createSystemClock(), logger, baileysLogger,
    handlers: {
      onQr: () => {}, onPaired: () => {}, onOpen: () => {}, onCaughtUp: () => {}, onClose: () => {}, onActivity: () => {},
      onMessage: nothing, onServerAck: nothing, onReceipt: nothing,
    },
  });
  closing.push(() => wrapped.close(), () => store.close());
  return { socket, auth };
}

it('never gives the same prekey away twice, when keys are uploaded while a message is asked for again', async () => {
  const { socket, auth } = await openSocket();
  // As Baileys does for both, under the account's own name.
  const take = () => socket.authState.keys.transaction(async () => {
    const { update, preKeys } = await getNextPreKeys(socket.authState, 2);
    socket.ev.emit('creds.update', update);
    return preKeys;
  }, OWN);
  const [one, other] = await Promise.all([take(), take()]);
  expect([...Object.keys(one), ...Object.keys(other)]).toEqual(['1', '2', '3', '4']);
  const stored = await auth.keys.get('pre-key', ['1', '2', '3', '4']);
  for (const [id, { public: key }] of Object.entries({ ...one, ...other })) expect(Buffer.from(stored[id]?.public ?? []).equals(Buffer.from(key))).toBe(true);
});
