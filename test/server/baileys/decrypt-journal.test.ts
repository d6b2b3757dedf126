import { soleTenure } from '@gateway/domain/instances/tenure.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeBinaryNode, type BinaryNode } from '../../../server/node_modules/@whiskeysockets/baileys/lib/index.js';
import { bytes, openParties, type Party } from './support/parties';

const GROUP = '120363000000000001@g.us';

describe('the journal of what was decrypted', () => {
  let world: Awaited<ReturnType<typeof openParties>>;
  beforeAll(async () => {
    world = await openParties();
  });
  afterAll(() => world?.close());

  const undone = (party: Party) => world.journal.listUndone(party.name, 0, 100);
  /** The same stanza, as it comes again: other objects, the same bytes. */
  const again = (node: BinaryNode): BinaryNode => ({ ...node, content: (node.content as BinaryNode[]).map(enc => ({ ...enc, content: Buffer.from(enc.content as Uint8Array) })) });
  const acquainted = async () => {
    const [alice, bob] = [world.party(), world.party()];
    await world.introduce(alice, bob);
    await world.read(bob, await world.write(alice, bob, 'HELLO', 'hello'));
    await world.read(alice, await world.write(bob, alice, 'HI', 'hi'));
    return { alice, bob };
  };

  it('has the stanza and the plaintext in the commit of the ratchet step, and costs no look-up', async () => {
    const { alice, bob } = await acquainted();
    bob.commits.length = 0;
    bob.lookUps = 0;
    const node = await world.write(alice, bob, 'M1', 'one');
    expect(await world.read(bob, node)).toBe('one');
    expect(bob.commits).toHaveLength(1);
    expect(bob.commits[0]?.keys?.map(({ type }) => type)).toEqual(['session']);
    expect(bob.commits[0]?.journal).toMatchObject([{ messageId: 'M1', sender: alice.jid }]);
    expect(bob.lookUps).toBe(0);
    const row = (await undone(bob)).at(-1);
    expect(await decodeBinaryNode(Buffer.from(row?.stanza ?? []))).toEqual(node);
    expect(bob.stanzas.take({ id: 'M1', fromMe: false, remoteJid: alice.jid })).toEqual([row?.hash]);
    expect(bob.stanzas.take({ id: 'M1', fromMe: false, remoteJid: alice.jid })).toEqual([]);
  });

  it('answers a message that comes again, after a crash too, and leaves the ratchet alone', async () => {
    const { alice, bob } = await acquainted();
    const node = await world.write(alice, bob, 'M1', 'one');
    await world.read(bob, node);
    const rows = await undone(bob);
    bob.commits.length = 0;
    expect(await world.read(bob, again(node))).toBe('one');
    expect(await world.read(bob, again(node), bob.again())).toBe('one');
    await world.journal.markDone(soleTenure(bob.name), rows.map(({ hash }) => hash), 1);
    expect(await world.read(bob, again(node))).toBe('one');
    expect(bob.commits).toEqual([]);
    expect(await undone(bob)).toEqual([]);
    expect(await world.read(bob, await world.write(alice, bob, 'M2', 'two'))).toBe('two');
  });

  it('answers a pre-key message that comes again: with its session, without it, and with its identity replaced', async () => {
    const [alice, bob] = [world.party(), world.party()];
    await world.introduce(alice, bob);
    const node = await world.write(alice, bob, 'P1', 'first');
    expect(await world.read(bob, node)).toBe('first');
    expect(await world.read(bob, again(node))).toBe('first');

    await bob.repository.deleteSession([alice.jid]);
    expect(await world.read(bob, again(node))).toBe('first');
    // Another phone under the same number, and then the old stanza once more: it must not bring the old identity back.
    const reinstalled = { ...world.party(), jid: alice.jid };
    await world.introduce(reinstalled, bob, { id: 8 });
    await world.read(bob, await world.write(reinstalled, bob, 'P2', 'new phone'));
    bob.commits.length = 0;
    expect(await world.read(bob, again(node))).toBe('first');
    expect(bob.commits).toEqual([]);
    expect(await world.read(bob, await world.write(reinstalled, bob, 'P3', 'still new'))).toBe('still new');
  });

  it('decrypts a pre-key message without a one-time prekey anew when its session is gone, to the same entry', async () => {
    const [alice, bob] = [world.party(), world.party()];
    await world.introduce(alice, bob, { oneTime: false });
    const node = await world.write(alice, bob, 'P1', 'first');
    await world.read(bob, node);
    const [row] = await undone(bob);
    await world.journal.markDone(soleTenure(bob.name), [row?.hash ?? ''], 1);
    await bob.repository.deleteSession([alice.jid]);
    expect(await world.read(bob, again(node))).toBe('first');
    expect(await undone(bob)).toEqual([]);
    expect(bob.stanzas.take({ id: 'P1', fromMe: false, remoteJid: alice.jid })).toEqual([row?.hash]);
    expect(await world.read(bob, await world.write(alice, bob, 'P2', 'second'))).toBe('second');
  });

  it('answers a group message that comes again', async () => {
    const [alice, bob] = [world.party(), world.party()];
    const { ciphertext, senderKeyDistributionMessage } = await alice.repository.encryptGroupMessage({ group: GROUP, meId: alice.jid, data: bytes('to all') });
    await bob.repository.processSenderKeyDistributionMessage({ authorJid: alice.jid, item: { groupId: GROUP, axolotlSenderKeyDistributionMessage: senderKeyDistributionMessage } });
    const node = world.stanza(alice, 'G1', [{ type: 'skmsg', ciphertext }], { from: GROUP, participant: alice.jid });
    expect(await world.read(bob, node)).toBe('to all');
    expect((await undone(bob)).map(({ messageId }) => messageId)).toEqual(['G1']);
    bob.commits.length = 0;
    expect(await world.read(bob, again(node), bob.again())).toBe('to all');
    expect(bob.commits).toEqual([]);
    expect(bob.stanzas.take({ id: 'G1', fromMe: false, remoteJid: GROUP, participant: alice.jid })).toHaveLength(1);
  });

  it('knows a message again that comes under the LID where it came under the number before', async () => {
    const [alice, bob] = [world.party(), world.party()];
    const [pn, lid] = [`${alice.name.replace('party-', '1555')}@s.whatsapp.net`, alice.jid];
    await world.introduce(alice, bob);
    const node = await world.write(alice, bob, 'M1', 'one');
    const underPn = { ...again(node), attrs: { ...node.attrs, from: pn } };
    expect(await world.read(bob, underPn)).toBe('one');
    await bob.repository.lidMapping.storeLIDPNMappings([{ lid, pn }]);
    expect(await world.read(bob, again(node))).toBe('one');
    expect(await undone(bob)).toHaveLength(1);
  });

  it('answers nobody who passes another\'s message off as their own', async () => {
    const { alice, bob } = await acquainted();
    const mallory = world.party();
    await world.introduce(mallory, bob, { id: 9 });
    await world.read(bob, await world.write(mallory, bob, 'X1', 'I am Mallory'));
    const node = await world.write(alice, bob, 'M1', 'secret');
    await world.read(bob, node);
    await expect(world.read(bob, { ...again(node), attrs: { ...node.attrs, from: mallory.jid } })).rejects.toThrow();
  });

  it('asks once for what cannot be decrypted, and passes the failure on', async () => {
    const { alice, bob } = await acquainted();
    const node = await world.write(alice, bob, 'M1', 'one');
    const bent = again(node);
    const [enc] = bent.content as BinaryNode[];
    const content = enc?.content as Buffer;
    content[content.length - 8] = (content[content.length - 8] ?? 0) ^ 0xff;
    bob.lookUps = 0;
    await expect(world.read(bob, bent)).rejects.toThrow('No matching sessions');
    expect(bob.lookUps).toBe(1);
    expect(await world.read(bob, node)).toBe('one');
  });

  it('asks first in a replay, and decrypts what it does not know', async () => {
    const { alice, bob } = await acquainted();
    const [one, two] = [await world.write(alice, bob, 'M1', 'one'), await world.write(alice, bob, 'M2', 'two')];
    await world.read(bob, one);
    const replaying = bob.again({ known: true });
    bob.commits.length = 0;
    bob.lookUps = 0;
    expect(await world.read(bob, again(one), replaying)).toBe('one');
    expect(bob.commits).toEqual([]);
    expect(await world.read(bob, again(two), replaying)).toBe('two');
    expect(bob.commits[0]?.journal).toMatchObject([{ messageId: 'M2' }]);
    expect(bob.lookUps).toBe(2);
  });
});
