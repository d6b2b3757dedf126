import { DomainError } from '@gateway/domain/errors.js';
import { soleTenure } from '@gateway/domain/instances/tenure.js';
import { decodeCredentials, encodeValue } from '@gateway/adapters/baileys/codec.js';
import { hashOf } from '@gateway/adapters/baileys/decrypt-journal.js';
import { createSimulator, silenceLibsignal } from '@simulator/index.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { encodeBinaryNode, encodeWAMessage, proto } from '../../../server/node_modules/@whiskeysockets/baileys/lib/index.js';
import { until } from '../../support/until.js';
import { openReceiver, type Receiver } from './support/receiver';

const simulator = createSimulator({ quickPairing: true });
const { contacts } = simulator;
const receivers: Receiver[] = [];
let numbers = 0;

beforeAll(async () => {
  silenceLibsignal();
  await simulator.start();
});
afterEach(async () => {
  simulator.faults.clear();
  await Promise.all(receivers.splice(0).map(receiver => receiver.stop()));
});
afterAll(() => simulator.stop());

const forever = () => new Promise<never>(() => {});

async function open() {
  numbers += 1;
  const [phone, contact] = [`1556000${1000 + numbers}`, `1556100${1000 + numbers}`];
  const receiver = await openReceiver(simulator, phone);
  receivers.push(receiver);
  const write = async (text: string, messageId?: string) => (await contacts.write(contact, { to: phone, text, messageId })).messageId;
  const receiptsOf = (id: string) => contacts.sent(contact).find(({ messageId }) => messageId === id)?.receipts.filter(({ device }) => device > 0) ?? [];
  return { receiver, phone, contact, write, receiptsOf };
}

describe('a connection that ended before it was noted that the first synchronisation is through', () => {
  it('keeps nobody waiting for a history that WhatsApp has delivered already', { timeout: 40_000 }, async () => {
    const { receiver, write } = await open();
    await receiver.kill();
    const stored = await receiver.store.sessions.readCredentials('one');
    const credentials = decodeCredentials(stored ?? new Uint8Array());
    await receiver.store.sessions.commit(soleTenure('one'), { credentials: encodeValue({ ...credentials, accountSyncCounter: 0 }) });

    const id = await write('while it was away');
    await receiver.connect();
    // Baileys would hold it back for 20 s.
    await until('it is handed over', async () => (await receiver.stored()).includes(id), 10_000);
  });
});

describe('a message', () => {
  it('that was decrypted when the connection ended, and never handed over, is stored before the next connection', async () => {
    const { receiver, write, receiptsOf } = await open();
    let decrypted = '';
    receiver.hooks.committed = async ({ journal = [] }) => {
      decrypted = journal[0]?.messageId ?? decrypted;
      if (journal.length > 0) await forever();
    };
    const id = await write('not lost');
    await until('it is decrypted', () => decrypted === id);
    await receiver.kill();
    expect(await receiver.stored()).toEqual([]);
    expect(receiptsOf(id)).toEqual([]);

    await receiver.client.replay(soleTenure('one'), receiver.handlers.onMessage);
    expect(await receiver.stored()).toEqual([id]);
    expect(await receiver.events()).toEqual([id]);
    expect(await receiver.undone()).toEqual([]);
    // WhatsApp brings it again, since nobody told it; then it has been told.
    await receiver.connect();
    await until('WhatsApp knows that it arrived', () => receiver.pending().messages === 0);
    await until('the next one is there', async () => (await receiver.stored()).includes(await write('next', 'NEXT')));
    expect(await receiver.stored()).toEqual([id, 'NEXT']);
    expect(await receiver.events()).toEqual([id, 'NEXT']);
    expect(receiptsOf(id).map(({ type }) => type)).toEqual(['inactive']);
    expect(receiver.lines).toEqual([]);
  });

  it('that WhatsApp believes delivered, and that was not stored when the process ended, is stored with the next connection', async () => {
    const { receiver, write, receiptsOf } = await open();
    receiver.hooks.beforeMessage = forever;
    const id = await write('believed delivered');
    await until('WhatsApp believes it delivered', () => receiver.pending().messages === 0 && receiptsOf(id).length > 0);
    await receiver.kill();
    expect(await receiver.stored()).toEqual([]);
    expect(await receiver.undone()).toHaveLength(1);

    await receiver.connect();
    expect(await receiver.stored()).toEqual([id]);
    expect(await receiver.events()).toEqual([id]);
    expect(await receiver.undone()).toEqual([]);
  });

  it('is stored too when the account is unlinked meanwhile', async () => {
    const { receiver, write } = await open();
    receiver.hooks.beforeMessage = forever;
    const id = await write('before the end');
    await until('it is decrypted', async () => (await receiver.undone()).length === 1 && receiver.pending().messages === 0);
    await receiver.kill();
    await receiver.client.wipeSession(soleTenure('one'), receiver.handlers.onMessage, { cause: 'logout', unlinked: true });
    expect(await receiver.stored()).toEqual([id]);
    expect(await receiver.undone()).toEqual([]);
    expect(await receiver.client.hasSession('one')).toBe(false);
  });

  it('that comes twice, or comes broken and then again, is one message and one event', async () => {
    const { receiver, phone, write } = await open();
    await write('warm', 'WARM');
    simulator.faults.add({ kind: 'redeliver', phone, count: 1 });
    await write('twice', 'TWICE');
    simulator.faults.add({ kind: 'undecryptable', phone, count: 1 });
    await write('mended', 'MENDED');
    await until('all are there', async () => (await receiver.stored()).length === 3);
    simulator.faults.add({ kind: 'redeliver', phone, count: 1 });
    simulator.faults.add({ kind: 'undecryptable', phone, count: 1 });
    await write('broken, and then whole at once', 'BOTH');
    await write('last', 'LAST');
    await until('the last ones are there', async () => (await receiver.stored()).length === 5 && receiver.pending().messages === 0);
    expect((await receiver.events()).sort()).toEqual(['BOTH', 'LAST', 'MENDED', 'TWICE', 'WARM']);
    await until('all is done', async () => (await receiver.undone()).length === 0, 20_000);
  });

  it('that comes while older ones of its chat are still worked off stays behind them', async () => {
    const { receiver, write } = await open();
    await write('warm', 'WARM');
    await until('it is there', async () => (await receiver.stored()).length === 1);
    await receiver.disconnect();
    const ids = Array.from({ length: 40 }, (_, index) => `OLD${String(index).padStart(2, '0')}`);
    for (const id of ids) await write('waited', id);
    await receiver.connect();
    const live = Array.from({ length: 10 }, (_, index) => `NEW${index}`);
    for (const id of live) await write('live', id);
    await until('all are there', async () => (await receiver.stored()).length === 51, 20_000);
    expect(await receiver.events()).toEqual(['WARM', ...ids, ...live]);
  });

  it('keeps its place in a group whose other member is new, and has to be learnt first', async () => {
    const { receiver, phone, contact } = await open();
    const newcomer = `${contact}9`;
    const { jid } = simulator.groups.create({ subject: 'Chasquis', members: [phone, contact, newcomer] });
    const write = (from: string, messageId: string) => simulator.groups.write(jid, { from, text: messageId, messageId });
    await write(contact, 'A');
    await until('the first one is there', async () => (await receiver.stored()).includes('A'));
    receiver.hooks.committed = async ({ keys = [] }) => {
      if (keys.some(({ type }) => type === 'lid-mapping')) await until('it is overtaken', async () => (await receiver.stored()).includes('C'), 500).catch(() => {});
    };
    await write(newcomer, 'B');
    await write(contact, 'C');
    await until('all are there', async () => (await receiver.stored()).length === 3);
    expect(await receiver.stored()).toEqual(['A', 'B', 'C']);
  });
});

describe('what makes no message', () => {
  it('is given to Baileys again', async () => {
    const { receiver, phone, contact } = await open();
    await receiver.disconnect();
    const own = simulator.phones.get(phone).lid;
    const journaled = (id: string, from: string, message: proto.IMessage, attrs: Record<string, string> = {}) => {
      const ciphertext = Buffer.from(`ciphertext of ${id}`);
      return {
        hash: hashOf({ type: 'msg', author: from, ciphertext }), messageId: id, sender: from, createdAt: 1,
        stanza: encodeBinaryNode({ tag: 'message', attrs: { id, from, t: '1700000000', type: 'text', ...attrs }, content: [{ tag: 'enc', attrs: { v: '2', type: 'msg' }, content: ciphertext }] }),
        plaintext: encodeWAMessage(proto.Message.fromObject(message)),
      };
    };
    const keyId = Buffer.from([0, 0, 0, 9]);
    await receiver.store.sessions.commit(soleTenure('one'), {
      journal: [
        journaled('KEYS', own, {
          protocolMessage: {
            type: proto.Message.ProtocolMessage.Type.APP_STATE_SYNC_KEY_SHARE,
            appStateSyncKeyShare: { keys: [{ keyId: { keyId }, keyData: { keyData: Buffer.alloc(32, 7), timestamp: 1 } }] },
          },
        }, { category: 'peer' }),
        journaled('REVOKE', contacts.get(contact).lid, {
          protocolMessage: { type: proto.Message.ProtocolMessage.Type.REVOKE, key: { id: 'GONE', fromMe: false, remoteJid: contacts.get(contact).lid } },
        }),
      ],
    });
    expect(await receiver.undone()).toHaveLength(2);
    // Without a connection there is nobody to give it to.
    await receiver.client.replay(soleTenure('one'), receiver.handlers.onMessage);
    expect(await receiver.undone()).toHaveLength(2);

    await receiver.connect();
    await until('Baileys has the key', async () => (await receiver.store.sessions.readKeys('one', 'app-state-sync-key', [keyId.toString('base64')])).size === 1);
    await until('both are done', async () => (await receiver.undone()).length === 0, 20_000);
    expect(await receiver.stored()).toEqual([]);
    expect(receiver.lines).toEqual([]);
  });

  it('and can never be read is given up, with a word in the log', async () => {
    const { receiver } = await open();
    await receiver.disconnect();
    const entry = { messageId: 'BAD', sender: 'x@lid', createdAt: 1 };
    const stanza = encodeBinaryNode({ tag: 'message', attrs: { id: 'BAD', from: '5@lid', t: '1' }, content: [{ tag: 'enc', attrs: { v: '2', type: 'msg' }, content: Buffer.from('x') }] });
    await receiver.store.sessions.commit(soleTenure('one'), {
      journal: [
        { ...entry, hash: 'h1', stanza: Buffer.from('no stanza'), plaintext: Buffer.from('x') },
        { ...entry, hash: 'h2', stanza, plaintext: Buffer.from('x') },
        { ...entry, hash: hashOf({ type: 'msg', author: '5@lid', ciphertext: Buffer.from('x') }), stanza, plaintext: Buffer.from('no protobuf') },
      ],
    });
    await receiver.connect();
    expect(await receiver.undone()).toEqual([]);
    expect(receiver.lines.filter(({ msg }) => String(msg).includes('cannot be read; it is given up'))).toHaveLength(3);
  });

  it('and cannot be stored again and again does not hold the instance for ever', async () => {
    const { receiver, write } = await open();
    receiver.hooks.beforeMessage = forever;
    await write('poison');
    await until('it is decrypted', async () => (await receiver.undone()).length === 1 && receiver.pending().messages === 0);
    await receiver.kill();
    receiver.hooks.beforeMessage = async () => {
      throw new Error('no way');
    };
    for (let attempt = 1; attempt < 5; attempt += 1) await expect(receiver.connect()).rejects.toThrow('no way');
    await receiver.connect();
    expect(await receiver.undone()).toEqual([]);
    expect(receiver.lines.map(({ msg }) => msg)).toContain('an incoming message could not be stored again and again; it is given up');
  });
});

describe('what the store could not be reached for, or refused to a former owner,', () => {
  it('is not given up, however often that happens', async () => {
    const { receiver, write } = await open();
    receiver.hooks.beforeMessage = forever;
    const id = await write('in every outage');
    await until('it is decrypted', async () => (await receiver.undone()).length === 1 && receiver.pending().messages === 0);
    await receiver.kill();
    for (const code of ['store_unavailable', 'instance_unowned'] as const) {
      receiver.hooks.beforeMessage = async () => {
        throw new DomainError(code, 'Not now.');
      };
      for (let attempt = 1; attempt < 7; attempt += 1) await expect(receiver.client.replay(soleTenure('one'), receiver.handlers.onMessage)).rejects.toThrow('Not now.');
    }
    receiver.hooks.beforeMessage = async () => {};
    await receiver.client.replay(soleTenure('one'), receiver.handlers.onMessage);
    expect(await receiver.stored()).toEqual([id]);
  });
});

describe('WhatsApp is told nothing', () => {
  it('of a message whose ratchet step could not be stored: the process has to end', async () => {
    const { receiver, write, receiptsOf } = await open();
    receiver.hooks.committed = async ({ journal }) => {
      if (journal?.length) throw new Error('disk full');
    };
    const id = await write('no room');
    await until('the end is asked for', () => receiver.fatal.length > 0);
    expect(receiver.fatal[0]?.message).toBe('disk full');
    expect(receiptsOf(id)).toEqual([]);
    expect(receiver.pending().messages).toBe(1);
  });

  it('when a message could not be stored; it comes with the next start', async () => {
    const { receiver, write } = await open();
    receiver.hooks.beforeMessage = async () => {
      throw new Error('disk full');
    };
    const id = await write('no room');
    await until('the end is asked for', () => receiver.fatal.length > 0);
    await receiver.kill();
    await receiver.connect();
    expect(await receiver.stored()).toEqual([id]);
  });

  it('of a receipt before it is stored, and nothing at all when it could not be', async () => {
    const { receiver, phone, contact } = await open();
    let store = () => {};
    receiver.hooks.receipt = () => new Promise(resolve => { store = resolve; });
    const message = await receiver.socket().prepare({ messageId: 'OUT1', jid: contacts.get(contact).jid, content: { type: 'text', text: 'hello', mentions: [] }, quoted: null });
    await receiver.socket().relay({ messageId: 'OUT1', jid: contacts.get(contact).jid, proto: message.proto });
    await until('the receipt is being stored', () => receiver.pending().receipts === 1);
    // A message that comes meanwhile need not wait for it.
    await contacts.write(contact, { to: phone, text: 'behind it', messageId: 'IN1' });
    await until('WhatsApp is told of it', async () => (await receiver.stored()).includes('IN1') && receiver.pending().messages === 0);
    expect(receiver.pending()).toMatchObject({ receipts: 1, messages: 0 });
    store();
    await until('WhatsApp is told of both', () => receiver.pending().receipts === 0 && receiver.pending().messages === 0);
    expect(receiver.receipts).toMatchObject([{ messageIds: ['OUT1'], status: 'delivered' }]);

    receiver.hooks.receipt = async () => {
      throw new Error('disk full');
    };
    contacts.sendReceipt(contact, 'OUT1', 'read');
    await until('the end is asked for', () => receiver.fatal.length > 0);
    expect(await receiver.socket().probe(500)).toBe(false);
    expect(receiver.pending().receipts).toBe(1);
  });
});

describe('a message that is sent again', () => {
  it('is the same ciphertext to its recipient, also after a restart', async () => {
    const { receiver, contact } = await open();
    const { jid } = contacts.get(contact);
    const send = async (again: boolean, permit?: Promise<boolean>) => {
      const { proto: bytes } = await receiver.socket().prepare({ messageId: 'AGAIN', jid, content: { type: 'text', text: 'once', mentions: [] }, quoted: null });
      await receiver.socket().relay({ messageId: 'AGAIN', jid, proto: bytes, again, ...(permit ? { permit } : {}) });
    };
    await send(false);
    await until('it arrives', () => contacts.received(contact).length === 1);
    await receiver.disconnect();
    await receiver.connect();
    await send(true);
    await until('it arrives again', () => contacts.received(contact)[0]?.duplicates === 1);
    expect(contacts.received(contact)).toMatchObject([{ messageId: 'AGAIN', times: 1, duplicates: 1 }]);
    await expect(send(true, Promise.resolve(false))).rejects.toMatchObject({ code: 'whatsapp_unavailable' });
    expect(contacts.received(contact)[0]?.duplicates).toBe(1);
  });
});
