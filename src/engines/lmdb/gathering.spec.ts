import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Gathering } from './gathering.js';

describe('a transaction that could begin', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it('begins at once if it is the first', () => {
    expect(new Gathering().begin(1, () => {})).toBe(false);
  });

  it('begins at once for somebody who works alone', () => {
    const gathering = new Gathering();
    gathering.ended(1, 0, 8);
    expect(gathering.begin(1, () => {})).toBe(false);
  });

  it('waits until as many have come as there were, those included that waited meanwhile', () => {
    const gathering = new Gathering();
    gathering.ended(3, 2, 8);
    expect(gathering.begin(2, () => {})).toBe(true);
    expect(gathering.isOver(4)).toBe(false);
    expect(gathering.isOver(5)).toBe(true);
    expect(gathering.isOver(6)).toBe(false);
  });

  it('waits for a quarter of the time that the last one took, and for 3 ms at most', () => {
    for (const [took, waits] of [
      [8, 2],
      [400, 3],
    ] as const) {
      const over = jest.fn();
      const gathering = new Gathering();
      gathering.ended(100, 0, took);
      expect(gathering.begin(1, over)).toBe(true);
      jest.advanceTimersByTime(waits - 1);
      expect(over).not.toHaveBeenCalled();
      jest.advanceTimersByTime(1);
      expect(over).toHaveBeenCalledWith(1);
    }
  });

  it('does not wait again right after it has waited in vain', () => {
    const gathering = new Gathering();
    gathering.ended(100, 0, 8);
    expect(gathering.begin(1, (from) => gathering.learn(from, 1))).toBe(true);
    jest.runAllTimers();
    gathering.ended(50, 0, 8);
    expect(gathering.begin(1, () => {})).toBe(false);
    expect(gathering.begin(1, () => {})).toBe(true);
    expect(gathering.isOver(50)).toBe(true);
  });
});
