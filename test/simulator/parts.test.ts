import type { LinkedDevice } from '@simulator/accounts/linked-device.js';
import { createFaults } from '@simulator/faults.js';
import { lidOf, normaliseNumber, numberOfLid, parseUserJid, userJid } from '@simulator/jids.js';
import { createActivityLog } from '@simulator/log.js';
import { createDelivery } from '@simulator/messages/delivery.js';
import { groupAttributes } from '@simulator/messages/stanzas.js';
import { createNetwork } from '@simulator/network.js';
import { node } from '@simulator/nodes.js';
import { createFrameReader, encodeFrame } from '@simulator/noise/frames.js';
import { createNoiseIdentity } from '@simulator/noise/certificates.js';
import { isSignatureGood } from '@simulator/signal/keys.js';
import { silenceLibsignal } from '@simulator/signal/quiet.js';
import { createSignalEndpoint } from '@simulator/signal/endpoint.js';
import { createSenderKeys } from '@simulator/signal/sender-keys.js';
import { describe, expect, it } from 'vitest';
import { proto } from '../../server/node_modules/@whiskeysockets/baileys/lib/index.js';
import { systemClock } from '@simulator/clock.js';

describe('numbers and JIDs', () => {
  it.each(['+1 (555) 000-1111', '001 555 000 1111', '1.555.000.1111', '15550001111'])('%s is 15550001111', input => {
    expect(normaliseNumber(input)).toBe('15550001111');
  });

  it.each(['', 'abc', '1234', '1234567890123456', '0555000111'])('"%s" is none', input => {
    expect(() => normaliseNumber(input)).toThrow(/not a phone number/);
  });

  it('each number has one LID, which names it', () => {
    const numbers = ['10000', '15550001111', '15550001112', '999999999999999', '5521999998888'];
    const lids = numbers.map(lidOf);
    expect(new Set(lids).size).toBe(numbers.length);
    expect(lids.map(numberOfLid)).toEqual(numbers);
    expect(numberOfLid('15550001111')).toBeUndefined();
  });

  it('reads users of both servers, with and without device, and nothing else', () => {
    const lid = lidOf('15550001111');
    expect(parseUserJid('15550001111:7@s.whatsapp.net')).toEqual({ number: '15550001111', device: 7, server: 's.whatsapp.net' });
    expect(parseUserJid(`${lid}@lid`)).toEqual({ number: '15550001111', device: 0, server: 'lid' });
    expect(parseUserJid(userJid('15550001111', 'lid', 3))).toEqual({ number: '15550001111', device: 3, server: 'lid' });
    for (const other of ['120363000000000000@g.us', 'status@broadcast', '@s.whatsapp.net', 's.whatsapp.net', undefined]) {
      expect(parseUserJid(other)).toBeUndefined();
    }
  });
});

describe('frames', () => {
  const intro = Buffer.from([87, 65, 6, 3]);
  const routing = Buffer.concat([Buffer.from('ED'), Buffer.from([0, 1, 0, 0, 2, 9, 9])]);

  it.each([['without', intro], ['with', Buffer.concat([routing, intro])]])('are read byte by byte, %s routing information', (_how, start) => {
    const stream = Buffer.concat([start, encodeFrame(Buffer.from('one')), encodeFrame(Buffer.alloc(70_000, 1)), encodeFrame(Buffer.alloc(0))]);
    const reader = createFrameReader();
    const frames = [...stream].flatMap(byte => reader.push(Buffer.from([byte])));
    expect(frames.map(frame => frame.length)).toEqual([3, 70_000, 0]);
    expect(frames[0]?.toString()).toBe('one');
  });

  it('with another intro are refused', () => {
    expect(() => createFrameReader().push(Buffer.from('GET / HTTP/1.1'))).toThrow(/unknown intro/);
  });
});

describe('the certificate chain', () => {
  it('is signed from the root to the static key', () => {
    const identity = createNoiseIdentity(Date.now());
    const { intermediate, leaf } = proto.CertChain.decode(identity.certificateChain);
    const details = (encoded: Uint8Array | null | undefined) => proto.CertChain.NoiseCertificate.Details.decode(encoded ?? new Uint8Array());
    const verify = (key: Uint8Array | null | undefined, part: typeof leaf) =>
      isSignatureGood(key ?? new Uint8Array(), part?.details ?? new Uint8Array(), part?.signature ?? new Uint8Array());
    expect(details(intermediate?.details).issuerSerial).toBe(0);
    expect(verify(identity.rootPublicKey, intermediate)).toBe(true);
    expect(verify(details(intermediate?.details).key, leaf)).toBe(true);
    expect(verify(identity.rootPublicKey, leaf)).toBe(false);
    expect(Buffer.from(details(leaf?.details).key ?? []).equals(identity.staticKey.public)).toBe(true);
  });
});

describe('the log', () => {
  it('keeps the newest entries in order, and filters', () => {
    const log = createActivityLog(systemClock, 3);
    for (const socket of [1, 2, 3, 4, 5]) log.add({ event: 'open', socket, phone: socket % 2 ? 'odd' : 'even' });
    expect(log.read().map(({ socket }) => socket)).toEqual([3, 4, 5]);
    expect(log.read({ phone: 'odd', limit: 1 }).map(({ socket }) => socket)).toEqual([5]);
  });

  it('never holds content', () => {
    const log = createActivityLog(systemClock);
    log.add({ event: 'in', socket: 1, node: { tag: 'message', attrs: { id: 'A' }, content: [{ tag: 'enc', attrs: {}, content: Buffer.from('secret') }] } });
    log.add({ event: 'in', socket: 1, node: { tag: 'ib', attrs: {}, content: 'secret' } });
    expect(JSON.stringify(log.read())).not.toContain('secret');
    expect(log.read()[0]?.stanza).toEqual({ tag: 'message', attrs: { id: 'A' }, children: ['enc'] });
  });
});

describe('faults', () => {
  it('are used up, for their phone only', () => {
    const faults = createFaults();
    faults.add({ kind: 'drop-ack', phone: 'a', count: 2 });
    expect(faults.take('drop-ack', 'b')).toBeUndefined();
    expect(faults.take('drop-ack', undefined)).toBeUndefined();
    expect(faults.take('drop-ack', 'a')).toBeDefined();
    expect(faults.take('drop-ack', 'a')).toBeDefined();
    expect(faults.take('drop-ack', 'a')).toBeUndefined();
    faults.add({ kind: 'redeliver' });
    expect(faults.take('redeliver', 'b')).toBeDefined();
    expect(faults.take('redeliver', 'c')).toBeDefined();
    faults.clear();
    expect(faults.take('redeliver', 'c')).toBeUndefined();
  });
});

describe('the queue of a linked device', () => {
  const network = createNetwork(systemClock, { debug: () => {}, info: () => {}, warn: () => {} });
  const delivery = createDelivery(network);
  const newDevice = (): LinkedDevice => ({
    account: network.directory.get('15550001111'), id: 1, keyIndex: 1, noiseKey: Buffer.alloc(32), identityKey: Buffer.alloc(32),
    registrationId: 1, linkedAt: 0, signedPreKey: { keyId: 1, publicKey: Buffer.alloc(32), signature: Buffer.alloc(64) }, preKeys: [],
    toldLow: false, active: false, pending: new Map(), bootstrapped: true, linked: true,
  });
  const from = userJid('15550002222', 'lid');
  const message = (count?: string) => node('message', { from, id: 'A' }, [node('enc', { count }, Buffer.from('x'))]);
  const ack = (error?: string) => node('ack', { class: 'message', id: 'A', to: from, error });

  it('holds a message until it is acknowledged, by either name of its sender', () => {
    const device = newDevice();
    delivery.deliver(device, message());
    delivery.settle(device, 'message', { from: userJid('15550003333', 'lid'), id: 'A' });
    delivery.settle(device, 'receipt', { from, id: 'A' });
    expect(device.pending.size).toBe(1);
    delivery.settle(device, 'message', { from: userJid('15550002222', 's.whatsapp.net', 4), id: 'A' });
    expect(device.pending.size).toBe(0);
  });

  it('tells the members of a group apart, who all send a receipt of the same message', () => {
    const device = newDevice();
    const group = '120363000000000001@g.us';
    const [ana, ben] = ['15550002222', '15550003333'].map(number => groupAttributes(group, { number, device: 0 }));
    for (const names of [ana, ben]) delivery.deliver(device, node('receipt', { ...names, id: 'A' }));
    expect(device.pending.size).toBe(2);
    delivery.acknowledged(device, node('ack', { class: 'receipt', id: 'A', to: group, participant: ana?.['participant'] }));
    expect([...device.pending.values()].map(({ attrs }) => attrs['participant'])).toEqual([ben?.['participant']]);
  });

  it('takes the refusal of a first attempt for its end, and not for that of the second', () => {
    const device = newDevice();
    delivery.deliver(device, message());
    delivery.acknowledged(device, ack('500'));
    expect(device.pending.size).toBe(0);
    delivery.deliver(device, message('1'));
    delivery.acknowledged(device, ack('500'));
    expect(device.pending.size).toBe(1);
    delivery.acknowledged(device, ack());
    expect(device.pending.size).toBe(0);
  });
});

describe('a Signal endpoint', () => {
  it('talks to another, and a failed attempt leaves no trace', async () => {
    const restore = silenceLibsignal();
    try {
      const [a, b] = [createSignalEndpoint('1'), createSignalEndpoint('2')];
      await a.startSession({ number: '2', device: 0 }, b.createBundle());
      const first = await a.encrypt({ number: '2', device: 0 }, Buffer.from('one'));
      expect(first.type).toBe('pkmsg');
      const broken = Buffer.from(first.ciphertext);
      broken[broken.length - 8] = (broken.at(-8) ?? 0) ^ 0xff;
      await expect(b.decrypt({ number: '1', device: 0 }, 'pkmsg', broken)).rejects.toThrow();
      expect((await b.decrypt({ number: '1', device: 0 }, 'pkmsg', first.ciphertext)).toString()).toBe('one');
      const answer = await b.encrypt({ number: '1', device: 0 }, Buffer.from('two'));
      expect(answer.type).toBe('msg');
      expect((await a.decrypt({ number: '2', device: 0 }, 'msg', answer.ciphertext)).toString()).toBe('two');
      await expect(a.decrypt({ number: '2', device: 0 }, 'msg', answer.ciphertext)).rejects.toThrow();
    } finally {
      restore();
    }
  });

  it('reads a late message of an older session, as a phone does, and then the next of the newer one', async () => {
    const restore = silenceLibsignal();
    try {
      const [a, b] = [createSignalEndpoint('3'), createSignalEndpoint('4')];
      const [toA, toB] = [{ number: '3', device: 0 }, { number: '4', device: 0 }];
      const read = async (sealed: { type: 'pkmsg' | 'msg'; ciphertext: Buffer }) => (await b.decrypt(toA, sealed.type, sealed.ciphertext)).toString();
      const begin = async () => {
        await a.startSession(toB, b.createBundle());
        await read(await a.encrypt(toB, Buffer.from('hello')));
        const { type, ciphertext } = await b.encrypt(toA, Buffer.from('hello'));
        await a.decrypt(toB, type, ciphertext);
      };
      await begin();
      const late = await a.encrypt(toB, Buffer.from('late'));
      await begin();
      const next = await a.encrypt(toB, Buffer.from('next'));
      expect(await read(late)).toBe('late');
      expect(await read(next)).toBe('next');
    } finally {
      restore();
    }
  });
});

describe('sender keys', () => {
  const group = '120363000000000001@g.us';
  const ana = { number: '15550002222', device: 0 };

  it('read each message once, in any order, and only what was written', () => {
    const [writer, reader] = [createSenderKeys(), createSenderKeys()];
    const distribution = writer.distribution(group);
    const sealed = ['one', 'two', 'three', 'four'].map(text => writer.encrypt(group, Buffer.from(text)));
    const read = (index: number) => reader.decrypt(group, ana, sealed[index] ?? Buffer.alloc(0)).toString();
    expect(() => read(0)).toThrow(/No sender key/);
    reader.learn(group, ana, distribution);
    expect(() => reader.decrypt('another@g.us', ana, sealed[0] ?? Buffer.alloc(0))).toThrow(/No sender key/);

    const broken = Buffer.from(sealed[3] ?? []);
    broken[20] = (broken[20] ?? 0) ^ 1;
    expect(() => reader.decrypt(group, ana, broken)).toThrow();
    expect([read(2), read(0), read(3), read(1)]).toEqual(['three', 'one', 'four', 'two']);
    expect(() => read(1)).toThrow(/used already/);
    reader.learn(group, ana, distribution);
    expect(() => read(0)).toThrow(/used already/);
  });

  it('that are learnt late do not read what came before', () => {
    const [writer, reader] = [createSenderKeys(), createSenderKeys()];
    const before = writer.encrypt(group, Buffer.from('before'));
    reader.learn(group, ana, writer.distribution(group));
    expect(() => reader.decrypt(group, ana, before)).toThrow(/used already/);
    expect(reader.decrypt(group, ana, writer.encrypt(group, Buffer.from('after'))).toString()).toBe('after');
  });
});

describe('silenceLibsignal', () => {
  it('drops session dumps, passes the rest, and can be undone', () => {
    const lines: unknown[][] = [];
    const target = { info: (...args: unknown[]) => void lines.push(args), warn: () => {}, error: () => {} } as unknown as Console;
    const restore = silenceLibsignal(target);
    target.info('Closing session:', { privKey: 'secret' });
    target.info('hello');
    restore();
    target.info('Closing session:', 'as before');
    expect(lines).toEqual([['hello'], ['Closing session:', 'as before']]);
  });
});
