import { describe, expect, it } from '@jest/globals';
import { RateMeter } from './rate-meter.js';

describe('RateMeter', () => {
  it('says that no more may come with the last one of a second', () => {
    const meter = new RateMeter(20, 0);
    const answers = Array.from({ length: 20 }, () => meter.take(1));
    expect(answers).toEqual([...Array.from({ length: 19 }, () => true), false]);
    expect(meter.waitMs).toBe(50);
  });

  it('holds no more than a second of rest brings', () => {
    const meter = new RateMeter(20, 0);
    meter.refill(60_000);
    for (let i = 0; i < 19; i += 1) expect(meter.take(1)).toBe(true);
    expect(meter.take(1)).toBe(false);
  });

  it('just below the rate lets everything pass for a long time', () => {
    const meter = new RateMeter(20, 0);
    for (let now = 0; now < 600_000; now += 50) {
      meter.refill(now);
      expect(meter.take(1)).toBe(true);
    }
  });

  it('makes up for what came at once', () => {
    const meter = new RateMeter(1000, 0);
    expect(meter.take(3000)).toBe(false);
    expect(meter.waitMs).toBe(2001);
    meter.refill(2001);
    expect(meter.waitMs).toBe(0);
  });
});
