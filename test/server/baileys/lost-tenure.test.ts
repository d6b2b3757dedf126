import { DomainError } from '@gateway/domain/errors.js';
import { soleTenure } from '@gateway/domain/instances/tenure.js';
import { createSimulator, silenceLibsignal } from '@simulator/index.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
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
  await Promise.all(receivers.splice(0).map(receiver => receiver.stop()));
});
afterAll(() => simulator.stop());

async function open() {
  numbers += 1;
  const [phone, contact] = [`1557000${1000 + numbers}`, `1557100${1000 + numbers}`];
  const receiver = await openReceiver(simulator, phone);
  receivers.push(receiver);
  return { receiver, phone, write: async (text: string) => (await contacts.write(contact, { to: phone, text })).messageId };
}

const refuse = async () => {
  throw new DomainError('instance_unowned', 'Another node owns the instance now; nothing was written.');
};
const logins = () => simulator.log({ event: 'login' }).length;

describe('when the store refuses a tenure', () => {
  it('in the middle of writing credentials, the connection can be closed all the same', { timeout: 20_000 }, async () => {
    const { receiver } = await open();
    await receiver.disconnect();
    receiver.hooks.committed = ({ credentials }) => (credentials ? refuse() : Promise.resolve());
    await receiver.connect();
    await until('the end is asked for', () => receiver.fatal.length > 0);
    let closed = false;
    void receiver.disconnect().then(() => { closed = true; });
    await until('it is closed', () => closed);
    receiver.hooks.committed = async () => {};
  });

  it('while what was decrypted before is taken up, nobody waits for ever for the connection', { timeout: 20_000 }, async () => {
    const { receiver, write } = await open();
    receiver.hooks.beforeMessage = () => new Promise(() => {});
    await write('to be taken up');
    await until('it is decrypted', async () => (await receiver.undone()).length === 1);
    await receiver.kill();

    receiver.hooks.asked = refuse;
    const before = logins();
    const ends = [receiver.client.open(soleTenure('one'), receiver.handlers), receiver.client.replay(soleTenure('one'), receiver.handlers.onMessage), receiver.client.wipeSession(soleTenure('one'), receiver.handlers.onMessage, { cause: 'logout', unlinked: true })];
    let settled: PromiseSettledResult<unknown>[] = [];
    void Promise.allSettled(ends).then(all => { settled = all; });
    await until('all have ended', () => settled.length === ends.length);
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(logins()).toBe(before);
    expect(await receiver.undone()).toHaveLength(1);
  });
});

describe('when a connection is closed', () => {
  /** libsignal has one queue of jobs for each address, for all connections of the process: a job that never ends would hold up the next connection, too. */
  it.each([
    ['the store failed', async () => { throw new Error('the store is away'); }],
    ['the store does not answer', () => new Promise<never>(() => {})],
  ])('while a message is being decrypted, because %s, the next one can decrypt what the contact wrote', { timeout: 20_000 }, async (_, trouble) => {
    const { receiver, write } = await open();
    let troubled = false;
    receiver.hooks.reading = async type => {
      if (type !== 'pre-key') return;
      troubled = true;
      await trouble();
    };
    const messageId = await write('hello');
    await until('the store was asked', () => troubled);
    await receiver.disconnect();
    receiver.hooks.reading = async () => {};
    expect(await receiver.stored()).toEqual([]);

    await receiver.connect();
    await until('it is there', async () => (await receiver.stored()).includes(messageId), 10_000);
    await until('WhatsApp knows that it arrived', () => receiver.pending().messages === 0);
  });

  it('nobody waits any more for what WhatsApp had not answered', { timeout: 20_000 }, async () => {
    const { receiver } = await open();
    // It is asked, and does not answer.
    receiver.hooks.isCurrent = () => false;
    const socket = receiver.socket();
    const proto = await socket.prepare({ messageId: 'M1', jid: '15571009999@s.whatsapp.net', content: { type: 'text', text: 'hello', mentions: [] }, quoted: null });
    const asking = [
      socket.relay({ messageId: 'M1', jid: '15571009999@s.whatsapp.net', proto: proto.proto }),
      socket.lookUp('15571009999'),
      socket.isMemberOf('120363000000000001@g.us'),
    ];
    let settled: PromiseSettledResult<unknown>[] = [];
    void Promise.allSettled(asking).then(all => { settled = all; });
    await receiver.disconnect();
    await until('all have ended', () => settled.length === asking.length, 1_000);
    for (const end of settled) expect(end).toMatchObject({ status: 'rejected', reason: { code: 'whatsapp_unavailable' } });
  });
});

describe('when a tenure is over by the clock', () => {
  it('nobody logs in who was about to', async () => {
    const { receiver } = await open();
    await receiver.disconnect();
    const before = logins();
    receiver.hooks.isCurrent = () => false;
    await expect(receiver.client.open(soleTenure('one'), receiver.handlers)).rejects.toMatchObject({ code: 'instance_unowned' });
    expect(logins()).toBe(before);
  });

  it('nobody logs in whose socket was made already', async () => {
    const { receiver } = await open();
    await receiver.disconnect();
    const before = logins();
    let looks = 0;
    receiver.hooks.isCurrent = () => (looks += 1) === 1;
    const socket = await receiver.client.open(soleTenure('one'), receiver.handlers);
    await until('it would have greeted WhatsApp', () => looks > 1);
    await socket.close();
    expect(logins()).toBe(before);
  });

  it('nothing is told to WhatsApp any more', async () => {
    const { receiver, write } = await open();
    await write('hello');
    await until('WhatsApp knows that it arrived', async () => (await receiver.stored()).length === 1 && receiver.pending().messages === 0);
    receiver.hooks.isCurrent = () => false;
    await write('is anybody there?');
    await until('it was decrypted', async () => (await receiver.undone()).length + (await receiver.stored()).length === 2);
    expect(await receiver.socket().probe(200)).toBe(false);
    expect(receiver.pending().messages).toBe(1);
  });
});
