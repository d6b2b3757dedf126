import { createWriteBarrier } from '@gateway/adapters/baileys/write-barrier.js';
import { expect, it } from 'vitest';
import { until } from '../../support/until.js';

/** A socket as Baileys has it, whose frames are collected. */
function openSocket(mayLeave = () => true) {
  const left: string[] = [];
  const sink = {
    send(data: string, done?: () => void) {
      left.push(data);
      done?.();
    },
  };
  const barrier = createWriteBarrier({ ws: { socket: sink } } as unknown as Parameters<typeof createWriteBarrier>[0], mayLeave);
  return { left, barrier, send: (data: string) => new Promise<void>(resolve => sink.send(data, resolve)) };
}
function work() {
  let end = () => {};
  let fail = (_: Error) => {};
  const promise = new Promise<void>((resolve, reject) => {
    end = resolve;
    fail = reject;
  });
  return { promise, end: () => end(), fail: (error: Error) => fail(error) };
}

it('lets frames out at once when nothing is being stored', async () => {
  const { left, send, barrier } = openSocket();
  void send('1');
  void send('2');
  expect(left).toEqual(['1', '2']);
  await barrier.drained();
});

it('lets a frame out when what was being stored is stored, and keeps the order', async () => {
  const { left, send, barrier } = openSocket();
  const [first, second] = [work(), work()];
  barrier.hold(first.promise);
  const one = send('1');
  barrier.hold(second.promise);
  const two = send('2');
  const three = send('3');
  first.end();
  await one;
  expect(left).toEqual(['1']);
  second.end();
  await Promise.all([two, three, barrier.drained()]);
  expect(left).toEqual(['1', '2', '3']);
  void send('4');
  expect(left).toEqual(['1', '2', '3', '4']);
});

it('does not make a frame wait for what began later', async () => {
  const { left, send, barrier } = openSocket();
  const [before, after] = [work(), work()];
  barrier.hold(before.promise);
  const one = send('1');
  barrier.hold(after.promise);
  before.end();
  await one;
  expect(left).toEqual(['1']);
});

it('lets nothing out any more when something could not be stored', async () => {
  const { left, send, barrier } = openSocket();
  const [failing, other] = [work(), work()];
  barrier.hold(failing.promise);
  barrier.hold(other.promise);
  void send('1');
  let drained = false;
  void barrier.drained().then(() => { drained = true; });
  failing.fail(new Error('disk full'));
  other.end();
  void send('2');
  // Another one that has nothing to do with it is through by then.
  const elsewhere = openSocket();
  const stored = work();
  elsewhere.barrier.hold(stored.promise);
  const sent = elsewhere.send('x');
  stored.end();
  await sent;
  await until('the other one is through', () => elsewhere.left.length === 1);
  expect(left).toEqual([]);
  expect(drained).toBe(false);
});

it('lets nothing out any more once its time is over, held or not', async () => {
  let lasts = true;
  const { left, send, barrier } = openSocket(() => lasts);
  void send('1');
  const storing = work();
  barrier.hold(storing.promise);
  void send('2');
  lasts = false;
  storing.end();
  await barrier.drained();
  void send('3');
  // Frames are counted in their encryption: after one that was left out, no other can be read.
  lasts = true;
  void send('4');
  expect(left).toEqual(['1']);
});

it('says so when Baileys keeps its WebSocket elsewhere', () => {
  expect(() => createWriteBarrier({ ws: {} } as unknown as Parameters<typeof createWriteBarrier>[0], () => true)).toThrow('another place');
});
