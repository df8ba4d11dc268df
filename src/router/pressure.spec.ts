import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../testing/index.js';
import { Pressure } from './pressure.js';

function watch(limitBytes = 1000): { clock: ManualClock; pressure: Pressure; set: (bytes: number) => void } {
  const clock = new ManualClock();
  let resident = 0;
  const pressure = new Pressure({ limitBytes, residentBytes: () => resident, clock });
  pressure.start();
  const set = (bytes: number): void => {
    resident = bytes;
    clock.advance(250);
  };
  return { clock, pressure, set };
}

describe('Pressure', () => {
  it('lets everything pass below 80 % of the limit', () => {
    const { pressure, set } = watch();
    set(799);
    expect([pressure.admit(), pressure.critical]).toEqual([undefined, false]);
    pressure.stop();
  });

  it('holds back from 80 % on, until there is room again', async () => {
    const { pressure, set } = watch();
    set(800);
    const admission = pressure.admit();
    expect(admission).toBeInstanceOf(Promise);
    set(500);
    expect(await admission).toBe(true);
    pressure.stop();
  });

  it('refuses what has waited for 5 s, and keeps what has not', async () => {
    const { clock, pressure, set } = watch();
    set(850);
    const first = pressure.admit();
    clock.advance(3000);
    const second = pressure.admit();
    clock.advance(2250);
    expect(await first).toBe(false);
    set(100);
    expect(await second).toBe(true);
    pressure.stop();
  });

  it('is critical from 90 % on', () => {
    const { pressure, set } = watch();
    set(899);
    expect(pressure.critical).toBe(false);
    set(900);
    expect(pressure.critical).toBe(true);
    pressure.stop();
  });

  it('does nothing without a limit, and leaves no timer', () => {
    const { clock, pressure } = watch(0);
    expect([pressure.admit(), clock.pending]).toEqual([undefined, 0]);
  });

  it('admits what waits when it is stopped, and leaves no timer', async () => {
    const { clock, pressure, set } = watch();
    set(1000);
    const admission = pressure.admit();
    pressure.stop();
    expect(await admission).toBe(true);
    expect([clock.pending, pressure.critical]).toEqual([0, false]);
  });
});
