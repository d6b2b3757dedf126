import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

const PHONE = '15550001111';
const CONTACTS = ['15550002221', '15550002222', '15550002223'];
const RESTARTS = 8;
const PER_ROUND = 150;

describe('an orderly close under load', { timeout: 180_000 }, () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
    await stack.pair('demo', PHONE);
  });
  afterAll(() => stack?.stop());

  it('loses no incoming message', async () => {
    const written: string[] = [];
    let budget = 0;
    const writeRound = (round: number) => Promise.all(CONTACTS.map(async contact => {
      while (written.length < budget) {
        written.push((await stack.simulator.contacts.write(contact, { to: PHONE, text: `${contact}/${round}/${written.length}` })).messageId);
      }
    }));
    for (let round = 0; round < RESTARTS; round += 1) {
      const before = written.length;
      budget += PER_ROUND;
      const writing = writeRound(round);
      await until('some of this round were written', () => written.length >= before + PER_ROUND / 3);
      await stack.api.post('/instances/demo/restart', undefined, 200);
      await stack.api.untilStatus('demo', 'CONNECTED');
      await writing;
    }

    const missing = async (): Promise<string[]> => {
      const stored = new Set<string>();
      for (let cursor: string | undefined, more = true; more;) {
        const page = await stack.api.get(`/instances/demo/messages?direction=in&limit=100${cursor === undefined ? '' : `&cursor=${cursor}`}`) as { messages: { messageId: string }[]; next?: string };
        for (const { messageId } of page.messages) stored.add(messageId);
        cursor = page.next;
        more = cursor !== undefined;
      }
      return written.filter(messageId => !stored.has(messageId));
    };
    await until('all of them are stored', async () => (await missing()).length === 0, 90_000).catch(() => {});
    expect(await missing()).toEqual([]);
  });
});
