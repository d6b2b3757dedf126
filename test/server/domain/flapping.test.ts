import { createFlapWatch, MAX_PAUSE_FACTOR } from '@gateway/domain/instances/flapping.js';
import { describe, expect, it } from 'vitest';

const MINUTE = 60_000;
const limits = { losses: 3, withinMs: 15 * MINUTE, pauseMs: 10 * MINUTE };

describe('a connection that is lost again and again', () => {
  it('is left alone as long as the losses are few, or far between', () => {
    const watch = createFlapWatch(limits);
    for (const at of [0, 1, 2].map(minute => minute * MINUTE)) expect(watch.lost(at)).toBeNull();
    for (let hour = 1; hour < 50; hour += 1) expect(watch.lost(hour * 60 * MINUTE)).toBeNull();
  });

  it('pauses after one too many, and longer each time it is lost soon after it came back, to a limit', () => {
    const watch = createFlapWatch(limits);
    let now = 0;
    const pauses: number[] = [];
    for (let loss = 0; loss < 10; loss += 1) {
      const pause = watch.lost(now);
      if (pause !== null) pauses.push(pause / MINUTE);
      now += (pause ?? 0) + MINUTE;
    }
    expect(pauses).toEqual([10, 20, 40, 80, 80, 80, 80]);
    expect(MAX_PAUSE_FACTOR).toBe(8);
  });

  it('is trusted anew when it held for the window after a pause, or when somebody connects it', () => {
    const held = createFlapWatch(limits);
    for (const at of [0, 1, 2]) held.lost(at);
    const pause = held.lost(3) ?? 0;
    expect(held.lost(pause + 16 * MINUTE)).toBeNull();
    const asked = createFlapWatch(limits);
    for (const at of [0, 1, 2, 3]) asked.lost(at);
    asked.forgive();
    expect(asked.lost(4)).toBeNull();
  });
});
