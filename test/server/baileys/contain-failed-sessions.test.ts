import { containFailedSessions, uncontainFailedSessions } from '@gateway/adapters/baileys/contain-failed-sessions.js';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { openParties } from './support/parties';

let world: Awaited<ReturnType<typeof openParties>>;
beforeAll(async () => {
  world = await openParties();
});
afterEach(() => uncontainFailedSessions());
afterAll(() => world?.close());

/** Two sessions between two parties; a late message of the older one, then the next of the newer one. */
async function lateMessage(): Promise<string> {
  const [alice, bob] = [world.party(), world.party()];
  for (const round of [1, 2]) {
    await world.introduce(alice, bob, { id: round });
    await world.read(bob, await world.write(alice, bob, `A${round}`, 'hello'));
    await world.read(alice, await world.write(bob, alice, `B${round}`, 'hello'));
    if (round === 1) late = await world.write(alice, bob, 'LATE', 'late');
  }
  const next = await world.write(alice, bob, 'NEXT', 'next');
  expect(await world.read(bob, late)).toBe('late');
  return world.read(bob, next);
}
let late: Awaited<ReturnType<typeof world.write>>;

it('a session that did not fit still works', async () => {
  containFailedSessions();
  expect(await lateMessage()).toBe('next');
});

it('without the containment it does not: this test fails when libsignal is mended, and the containment can go', async () => {
  await expect(lateMessage()).rejects.toThrow('No matching sessions found for message');
});

it('the failure of every session is still a failure', async () => {
  containFailedSessions();
  const [alice, bob, carol] = [world.party(), world.party(), world.party()];
  for (const id of [1, 2]) {
    await world.introduce(alice, bob, { id });
    await world.read(bob, await world.write(alice, bob, `A${id}`, 'hello'));
  }
  await world.read(alice, await world.write(bob, alice, 'B', 'hello'));
  await world.introduce(carol, alice, { id: 3 });
  await world.read(alice, await world.write(carol, alice, 'C', 'hello'));
  const foreign = await world.write(alice, carol, 'FOREIGN', 'for somebody else');
  await expect(world.read(bob, foreign)).rejects.toThrow('No matching sessions found for message');
  expect(await world.read(bob, await world.write(alice, bob, 'A3', 'fine'))).toBe('fine');
});
