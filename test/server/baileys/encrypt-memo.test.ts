import { relayed } from '@gateway/adapters/baileys/encrypt-memo.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outgoing } from '../../contracts/support/samples';
import { bytes, openParties, type Party } from './support/parties';

const GROUP = '120363000000000002@g.us';

describe('ciphertext memos', () => {
  let world: Awaited<ReturnType<typeof openParties>>;
  beforeAll(async () => {
    world = await openParties();
  });
  afterAll(() => world?.close());

  const hex = (value: Uint8Array) => Buffer.from(value).toString('hex');
  const send = (from: Party, to: { jid: string }, messageId: string, { again = false, permit = Promise.resolve(true), repository = from.repository } = {}) =>
    relayed.run({ messageId, again, permit, turn: async () => true }, () => repository.encryptMessage({ jid: to.jid, data: bytes(`text of ${messageId}`) }));
  const acquainted = async () => {
    const [alice, bob] = [world.party(), world.party()];
    await world.introduce(alice, bob);
    return { alice, bob };
  };

  it('make a message that is sent again the same, after a crash too, and leave the ratchet alone', async () => {
    const { alice, bob } = await acquainted();
    const first = await send(alice, bob, 'M1');
    expect(alice.commits).toHaveLength(1);
    expect(alice.commits[0]?.memos).toMatchObject([{ messageId: 'M1', jid: bob.jid, type: 'pkmsg' }]);
    expect(alice.commits[0]?.keys?.map(({ type }) => type)).toEqual(['session']);

    alice.commits.length = 0;
    const second = await send(alice, bob, 'M1', { again: true, repository: alice.again() });
    expect([second.type, hex(second.ciphertext)]).toEqual([first.type, hex(first.ciphertext)]);
    expect(alice.commits).toEqual([]);
    const next = await send(alice, bob, 'M2', { again: true });
    expect(hex(next.ciphertext)).not.toBe(hex(first.ciphertext));
    expect(await world.read(bob, world.stanza(alice, 'M1', [second]))).toBe('text of M1');
    expect(await world.read(bob, world.stanza(alice, 'M2', [next]))).toBe('text of M2');
  });

  it('are gone with the acknowledgement, and then the message does not go out again, encrypted anew', async () => {
    const { alice, bob } = await acquainted();
    const group = (again: boolean) =>
      relayed.run({ messageId: 'M2', again, permit: Promise.resolve(true), turn: async () => true }, () => alice.repository.encryptGroupMessage({ group: GROUP, meId: alice.jid, data: bytes('M2') }));
    for (const messageId of ['M1', 'M2']) await world.messages.insertOutgoing(outgoing(messageId, { instanceId: alice.name }));
    await send(alice, bob, 'M1');
    await group(false);
    // It was about to go out again when a receipt came in that had waited at WhatsApp.
    for (const messageId of ['M1', 'M2']) await world.messages.advance({ instanceId: alice.name, messageId, to: 'delivered', at: 1 }, []);
    alice.commits.length = 0;
    await expect(send(alice, bob, 'M1', { again: true })).rejects.toThrow('does not go out again');
    await expect(group(true)).rejects.toThrow('does not go out again');
    expect(alice.commits).toEqual([]);
  });

  it('are not looked for on the first attempt, and not used for what Baileys sends again by itself', async () => {
    const { alice, bob } = await acquainted();
    const first = await send(alice, bob, 'M1');
    expect(hex((await send(alice, bob, 'M1')).ciphertext)).not.toBe(hex(first.ciphertext));
    const outside = await alice.repository.encryptMessage({ jid: bob.jid, data: bytes('for a retry receipt') });
    expect(alice.commits.at(-1)?.memos).toBeUndefined();
    expect(await world.read(bob, world.stanza(alice, 'M1', [outside]))).toBe('for a retry receipt');
  });

  it('find the device under the other name that it went by', async () => {
    const { alice, bob } = await acquainted();
    const pn = `${bob.name.replace('party-', '1555')}@s.whatsapp.net`;
    const first = await send(alice, bob, 'M1');
    await alice.repository.lidMapping.storeLIDPNMappings([{ lid: bob.jid, pn }]);
    expect(hex((await send(alice, { jid: pn }, 'M1', { again: true })).ciphertext)).toBe(hex(first.ciphertext));
  });

  it('let nothing out before it is permitted, and nothing at all when it is not', async () => {
    const { alice, bob } = await acquainted();
    let permit = (_: boolean) => {};
    let out = false;
    const sealing = send(alice, bob, 'M1', { permit: new Promise(resolve => { permit = resolve; }) }).then(() => { out = true; });
    // Something that goes the same way, without waiting, is out by then.
    await send(alice, bob, 'M2');
    expect(out).toBe(false);
    permit(true);
    await sealing;
    await expect(send(alice, bob, 'M3', { permit: Promise.resolve(false) })).rejects.toThrow('given up');
    const refused = Promise.reject<boolean>(new Error('no row'));
    refused.catch(() => {});
    await expect(send(alice, bob, 'M4', { permit: refused })).rejects.toThrow('no row');
  });

  it('keep a group message with the sender key that opens it', async () => {
    const [alice, bob] = [world.party(), world.party()];
    const group = (messageId: string, again: boolean, repository = alice.repository) =>
      relayed.run({ messageId, again, permit: Promise.resolve(true), turn: async () => true }, () => repository.encryptGroupMessage({ group: GROUP, meId: alice.jid, data: bytes(messageId) }));
    const first = await group('G1', false);
    await group('G2', false);
    const again = await group('G1', true, alice.again());
    expect(hex(again.ciphertext)).toBe(hex(first.ciphertext));
    // Whoever gets the key with the second attempt must be able to open what comes with it.
    await bob.repository.processSenderKeyDistributionMessage({ authorJid: alice.jid, item: { groupId: GROUP, axolotlSenderKeyDistributionMessage: again.senderKeyDistributionMessage } });
    expect(await world.read(bob, world.stanza(alice, 'G1', [{ type: 'skmsg', ciphertext: again.ciphertext }], { from: GROUP, participant: alice.jid }))).toBe('G1');
  });
});
