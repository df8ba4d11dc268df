import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../testing/index.js';
import { Lane } from './lane.js';

const microtasks = (): Promise<void> => new Promise((go) => setImmediate(go));

describe('Lane', () => {
  it('begins nothing inside of what pushes', async () => {
    const seen: number[] = [];
    const work = (item: number): undefined => void seen.push(item);
    const lane = new Lane({ clock: new ManualClock(), concurrency: 1, work });
    lane.push(1);
    expect(seen).toEqual([]);
    await microtasks();
    expect(seen).toEqual([1]);
  });

  it('works on so many at a time, in their order', async () => {
    const log: string[] = [];
    const finish: (() => void)[] = [];
    const work = (item: number): Promise<void> => {
      log.push(`begin ${item}`);
      return new Promise((done) => finish.push(() => (log.push(`end ${item}`), done())));
    };
    const lane = new Lane({ clock: new ManualClock(), concurrency: 2, work });
    for (const item of [1, 2, 3, 4]) lane.push(item);
    await microtasks();
    expect([log.splice(0), lane.waiting, lane.open]).toEqual([['begin 1', 'begin 2'], 2, 4]);
    finish[1]!();
    await microtasks();
    expect(log).toEqual(['end 2', 'begin 3']);
  });

  it('lets others have their turn after 64 items', async () => {
    const clock = new ManualClock();
    let begun = 0;
    const lane = new Lane<number>({ clock, concurrency: 1, work: () => void (begun += 1) });
    for (let item = 0; item < 150; item += 1) lane.push(item);
    await microtasks();
    expect(begun).toBe(64);
    clock.flush();
    await microtasks();
    expect(begun).toBe(128);
    clock.flush();
    await microtasks();
    expect([begun, lane.open]).toEqual([150, 0]);
  });

  it('does not starve the event loop when each item makes another', async () => {
    const clock = new ManualClock();
    let begun = 0;
    const lane: Lane<number> = new Lane({
      clock,
      concurrency: 1,
      work: (item) => {
        begun += 1;
        lane.push(item + 1);
        return undefined;
      },
    });
    lane.push(0);
    await microtasks();
    expect(begun).toBe(64);
  });

  it('tells once when nothing is open', async () => {
    let finish = (): void => {};
    const work = (): Promise<void> => new Promise((done) => (finish = done));
    const lane = new Lane<number>({ clock: new ManualClock(), concurrency: 1, work });
    let idle = 0;
    lane.push(1);
    lane.push(2);
    lane.whenIdle(() => (idle += 1));
    await microtasks();
    lane.clear();
    expect(idle).toBe(0);
    finish();
    await microtasks();
    expect(idle).toBe(1);
    lane.whenIdle(() => (idle += 1));
    expect(idle).toBe(2);
  });
});
