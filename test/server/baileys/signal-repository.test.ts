import { soleTenure } from '@gateway/domain/instances/tenure.js';
import { createKeyStore } from '@gateway/adapters/baileys/auth-state.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addTransactionCapability } from '../../../server/node_modules/@whiskeysockets/baileys/lib/index.js';
import { collectingLogger } from '../../support/logger.js';
import { until } from '../../support/until.js';
import { bytes, openParties } from './support/parties';

describe('the Signal repository', () => {
  let world: Awaited<ReturnType<typeof openParties>>;
  const logger = collectingLogger([], 'silent');

  beforeAll(async () => {
    world = await openParties();
  });
  afterAll(() => world?.close());

  it('commits once per operation: the ratchet, the identity and the used prekey together', async () => {
    const [alice, bob] = [world.party(), world.party()];
    await world.introduce(alice, bob);
    const sealed = await alice.repository.encryptMessage({ jid: bob.jid, data: bytes('one') });
    expect(alice.commits).toHaveLength(1);
    expect(Buffer.from(await bob.repository.decryptMessage({ jid: alice.jid, ...sealed })).toString()).toBe('one');
    expect(bob.commits).toHaveLength(1);
    const changed = bob.commits[0]?.keys?.map(key => `${key.type}${key.value === null ? ' gone' : ''}`).sort();
    expect(changed).toEqual(['identity-key', 'pre-key gone', 'session']);
  });

  it('gives a ciphertext out only when its ratchet step is durable, also inside a transaction of Baileys', async () => {
    let release: (() => void) | null = null;
    let held = false;
    const alice = world.party({
      async intercept(changes) {
        if (held && changes.keys?.some(key => key.type === 'session')) await new Promise<void>(resolve => { release = resolve; });
      },
    });
    const bob = world.party();
    await world.introduce(alice, bob);
    held = true;
    let done = false;
    const outer = addTransactionCapability(createKeyStore(alice.store, soleTenure('outer')), logger, { maxCommitRetries: 1, delayBetweenTriesMs: 1 });
    const sealing = outer.transaction(() => alice.repository.encryptMessage({ jid: bob.jid, data: bytes('x') }), 'me').then(() => { done = true; });
    await until('the commit is under way', () => release !== null);
    expect(done).toBe(false);
    (release as (() => void) | null)?.();
    await sealing;
    expect(alice.commits).toHaveLength(1);
  });

  it('hands out nothing and keeps nothing when the commit fails', async () => {
    let broken = false;
    const alice = world.party({
      async intercept() {
        if (broken) throw new Error('disk full');
      },
    });
    const bob = world.party();
    await world.introduce(alice, bob);
    broken = true;
    await expect(alice.repository.encryptMessage({ jid: bob.jid, data: bytes('lost') })).rejects.toThrow('disk full');
    broken = false;
    const sealed = await alice.repository.encryptMessage({ jid: bob.jid, data: bytes('again') });
    expect(Buffer.from(await bob.repository.decryptMessage({ jid: alice.jid, ...sealed })).toString()).toBe('again');
  });

  it('leaves no trace of a message that cannot be decrypted', async () => {
    const [alice, bob] = [world.party(), world.party()];
    await world.introduce(alice, bob);
    const sealed = await alice.repository.encryptMessage({ jid: bob.jid, data: bytes('first') });
    const bent = Buffer.from(sealed.ciphertext);
    bent[bent.length - 12] = (bent[bent.length - 12] ?? 0) ^ 0xff;
    await expect(bob.repository.decryptMessage({ jid: alice.jid, type: sealed.type, ciphertext: bent })).rejects.toThrow();
    expect(bob.commits).toHaveLength(0);
    expect(Buffer.from(await bob.repository.decryptMessage({ jid: alice.jid, ...sealed })).toString()).toBe('first');
  });

  it('keeps one user\'s ratchet in step when many encrypt and decrypt at once', async () => {
    const [alice, bob] = [world.party(), world.party()];
    await world.introduce(alice, bob);
    const opening = await alice.repository.encryptMessage({ jid: bob.jid, data: bytes('hello') });
    await bob.repository.decryptMessage({ jid: alice.jid, ...opening });
    const texts = Array.from({ length: 40 }, (_, index) => `message ${index}`);
    const [toBob, toAlice] = await Promise.all([
      Promise.all(texts.map(text => alice.repository.encryptMessage({ jid: bob.jid, data: bytes(text) }))),
      Promise.all(texts.map(text => bob.repository.encryptMessage({ jid: alice.jid, data: bytes(text) }))),
    ]);
    const [atBob, atAlice] = await Promise.all([
      Promise.all(toBob.map(sealed => bob.repository.decryptMessage({ jid: alice.jid, ...sealed }))),
      Promise.all(toAlice.map(sealed => alice.repository.decryptMessage({ jid: bob.jid, ...sealed }))),
    ]);
    expect(atBob.map(read => Buffer.from(read).toString())).toEqual(texts);
    expect(atAlice.map(read => Buffer.from(read).toString())).toEqual(texts);
  });

  it('never uses a message key twice: every ciphertext of one text differs', async () => {
    const [alice, bob] = [world.party(), world.party()];
    await world.introduce(alice, bob);
    const sealed = await Promise.all(Array.from({ length: 10 }, () => alice.repository.encryptMessage({ jid: bob.jid, data: bytes('same') })));
    expect(new Set(sealed.map(message => Buffer.from(message.ciphertext).toString('hex'))).size).toBe(10);
  });
});
