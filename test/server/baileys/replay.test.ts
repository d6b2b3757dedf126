import { createReceivedStanzas } from '@gateway/adapters/baileys/received-stanzas.js';
import { replayJournal } from '@gateway/adapters/baileys/replay.js';
import { createBaileysLogger } from '@gateway/adapters/baileys/baileys-logger.js';
import type { IncomingMessage } from '@gateway/ports/whatsapp-client.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { decryptMessageNode, encodeWAMessage, proto, type BinaryNode } from '../../../server/node_modules/@whiskeysockets/baileys/lib/index.js';
import { collectingLogger } from '../../support/logger.js';
import { openParties, type Party } from './support/parties';

const GROUP = '120363000000000004@g.us';
const logger = collectingLogger([], 'silent');
let world: Awaited<ReturnType<typeof openParties>>;
beforeAll(async () => {
  world = await openParties();
});
afterAll(() => world?.close());

/** A first message to a group, as WhatsApp Web sends it: the sender key for this device, and the message. */
async function firstInGroup(alice: Party, bob: Party, id: string, text: string): Promise<BinaryNode> {
  await world.introduce(alice, bob);
  const wrap = (message: proto.IMessage) => Buffer.from(encodeWAMessage(proto.Message.fromObject(message)));
  const { ciphertext, senderKeyDistributionMessage } = await alice.repository.encryptGroupMessage({ group: GROUP, meId: alice.jid, data: wrap({ conversation: text }) });
  const key = await alice.repository.encryptMessage({
    jid: bob.jid, data: wrap({ senderKeyDistributionMessage: { groupId: GROUP, axolotlSenderKeyDistributionMessage: senderKeyDistributionMessage } }),
  });
  return world.stanza(alice, id, [key, { type: 'skmsg', ciphertext }], { from: GROUP, participant: alice.jid });
}

async function replay(bob: Party) {
  const messages: IncomingMessage[] = [];
  const givenUp: string[] = [];
  const stanzas = createReceivedStanzas();
  const leftovers = await replayJournal({
    instanceId: bob.name, journal: world.journal, repository: bob.again({ known: true, of: stanzas }), stanzas, own: bob.creds.me, logger, baileysLogger: createBaileysLogger(logger),
    onMessage: async message => void messages.push(message),
    giveUp: async hash => void givenUp.push(hash),
  });
  return { messages, leftovers, givenUp };
}

it('reads a stanza of two parts of which one was decrypted: the other one is decrypted, and journaled', async () => {
  const [alice, bob] = [world.party(), world.party()];
  const node = await firstInGroup(alice, bob, 'G1', 'to all');
  // The crash came after the first commit: not even the sender key is there.
  bob.stanzas.add(node);
  const [key] = node.content as BinaryNode[];
  await bob.repository.decryptMessage({ jid: alice.jid, type: 'pkmsg', ciphertext: key?.content as Uint8Array });
  const before = await world.journal.listUndone(bob.name, 0, 10);
  expect(before).toHaveLength(1);
  const { messages, leftovers, givenUp } = await replay(bob);
  const rows = await world.journal.listUndone(bob.name, 0, 10);
  expect(rows).toHaveLength(2);
  expect(messages).toMatchObject([{ messageId: 'G1', chatId: GROUP, senderJid: alice.jid, type: 'text', otherChatId: null, journaled: rows.map(({ hash }) => hash) }]);
  expect([leftovers, givenUp]).toEqual([[], []]);
});

it('hands a stanza over once that has several entries', async () => {
  const [alice, bob] = [world.party(), world.party()];
  const node = await firstInGroup(alice, bob, 'G1', 'to all');
  bob.stanzas.add(node);
  const { decrypt } = decryptMessageNode(node, bob.creds.me.id, bob.creds.me.lid, bob.repository, createBaileysLogger(logger));
  await decrypt();
  expect(await world.journal.listUndone(bob.name, 0, 10)).toHaveLength(2);
  const { messages } = await replay(bob);
  expect(messages.map(({ messageId, journaled }) => [messageId, journaled.length])).toEqual([['G1', 2]]);
});

it('keeps the order, over more than one page', async () => {
  const [alice, bob] = [world.party(), world.party()];
  await world.introduce(alice, bob);
  const ids = Array.from({ length: 120 }, (_, index) => `M${index}`);
  for (const id of ids) {
    const sealed = await alice.repository.encryptMessage({ jid: bob.jid, data: Buffer.from(encodeWAMessage(proto.Message.fromObject({ conversation: id }))) });
    await world.read(bob, world.stanza(alice, id, [sealed]));
  }
  const { messages } = await replay(bob);
  expect(messages.map(({ messageId }) => messageId)).toEqual(ids);
});
