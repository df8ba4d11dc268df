import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../testing/index.js';
import { CoarseTimers } from './index.js';

describe('CoarseTimers', () => {
  it('fires between the delay and the delay plus one tick, never early', () => {
    const clock = new ManualClock();
    const timers = new CoarseTimers(clock, 100);
    const fired: number[] = [];
    clock.advance(60);
    for (const delay of [0, 1, 99, 100, 101, 250, 1000]) {
      const set = clock.now();
      timers.schedule(delay, () => {
        const after = clock.now() - set;
        expect(after).toBeGreaterThanOrEqual(delay);
        expect(after).toBeLessThanOrEqual(delay + 100);
        fired.push(delay);
      });
    }
    clock.advance(2000);
    expect(fired).toEqual([0, 1, 99, 100, 101, 250, 1000]);
  });

  it('costs one platform timer for any number of entries, and none when it is empty', () => {
    const clock = new ManualClock();
    const timers = new CoarseTimers(clock);
    const set = Array.from({ length: 10_000 }, (_, i) => timers.schedule(i % 5000, () => {}));
    expect(clock.pending).toBe(1);
    for (const timer of set) timer.cancel();
    expect([timers.size, clock.pending]).toEqual([0, 0]);
  });

  it('tells how late a timer is when the event loop overslept', () => {
    const clock = new ManualClock();
    let late = -1;
    // A clock whose one timer fires five seconds too late, as after a stall.
    const stalled = new CoarseTimers({
      now: () => clock.now(),
      wallTime: () => clock.wallTime(),
      schedule: (delayMs, callback) => clock.schedule(delayMs + 5000, callback),
      defer: (callback) => clock.defer(callback),
    });
    stalled.schedule(200, (lateMs) => (late = lateMs));
    clock.advance(6000);
    expect(late).toBeGreaterThanOrEqual(4800);
  });

  it.each([0, 1, 50, 99])('is not late when the event loop is not, set %d ms into a tick', (phase) => {
    const clock = new ManualClock();
    const timers = new CoarseTimers(clock, 100);
    clock.advance(phase);
    const late: number[] = [];
    const again = (lateMs: number): void => {
      late.push(lateMs);
      if (late.length < 5) timers.schedule(130, again);
    };
    timers.schedule(130, again);
    clock.advance(2000);
    expect(late).toEqual([0, 0, 0, 0, 0]);
  });

  it('lets a callback cancel a timer that is due in the same tick', () => {
    const clock = new ManualClock();
    const timers = new CoarseTimers(clock);
    let fired = 0;
    const second = { cancel: (): void => {} };
    timers.schedule(50, () => {
      fired += 1;
      second.cancel();
    });
    const later = timers.schedule(50, () => (fired += 1));
    second.cancel = () => later.cancel();
    clock.advance(500);
    expect([fired, timers.size]).toEqual([1, 0]);
  });

  it('may be set again from inside a callback', () => {
    const clock = new ManualClock();
    const timers = new CoarseTimers(clock);
    let fired = 0;
    const again = (): void => {
      fired += 1;
      if (fired < 5) timers.schedule(100, again);
    };
    timers.schedule(100, again);
    clock.advance(2000);
    expect([fired, clock.pending]).toEqual([5, 0]);
  });
});
