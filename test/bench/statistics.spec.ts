import { describe, expect, it } from '@jest/globals';
import { compare, judge } from '../../bench/floors.js';
import { ratios, spread } from '../../bench/statistics.js';

describe('spread', () => {
  it('takes the one in the middle of an odd number of figures', () => {
    expect(spread([9, 1, 4])).toEqual({ median: 4, min: 1, max: 9 });
  });

  it('takes the mean of the two in the middle of an even number', () => {
    expect(spread([1, 2, 10, 20])).toEqual({ median: 6, min: 1, max: 20 });
  });

  it('compares numbers, not their texts', () => {
    expect(spread([10, 9, 100]).median).toBe(10);
  });

  it('refuses no figures', () => {
    expect(() => spread([])).toThrow(RangeError);
  });
});

describe('ratios', () => {
  it('pairs the figures of each round, so that a drift of both falls out', () => {
    expect(ratios([2, 4, 8], [1, 2, 4])).toEqual({ median: 2, min: 2, max: 2 });
  });

  it('refuses rounds that do not pair up', () => {
    expect(() => ratios([1, 2], [1])).toThrow(RangeError);
  });
});

describe('judge', () => {
  const round = (messages: number, serverCpuUs: number) => ({
    messages,
    elapsedMs: 1000,
    serverCpuUs,
    loadCpuUs: 500_000,
  });
  const plain = [round(1000, 5000)];
  const busy = { median: 0.95, min: 0.9, max: 1 };
  const idle = { median: 0.5, min: 0.5, max: 0.5 };

  it('passes a contender that does the multiple per CPU and per second', () => {
    const comparison = compare([round(9000, 5000)], plain);
    expect(judge({ measure: 'efficiency', bound: 8 }, comparison, idle).passed).toBe(true);
  });

  it('fails one that does it per CPU alone while the load side had time left', () => {
    const comparison = compare([round(1000, 500)], plain);
    expect(judge({ measure: 'efficiency', bound: 8 }, comparison, idle).passed).toBe(false);
  });

  it('passes that one when the load side was what bounded it', () => {
    const comparison = compare([round(1000, 500)], plain);
    expect(judge({ measure: 'efficiency', bound: 8 }, comparison, busy).passed).toBe(true);
  });

  it('looks at messages per second alone for a floor of rate, and names what stands beside', () => {
    const comparison = compare([round(9000, 90_000)], plain);
    expect(judge({ measure: 'rate', bound: 8, beside: 'the other' }, comparison, idle)).toEqual({
      passed: true,
      text: '9.00× the other per second, at least 8×',
    });
    expect(judge({ measure: 'rate', bound: 10 }, comparison, busy).passed).toBe(false);
  });

  it('fails one that takes more CPU per message than a floor of cpu allows', () => {
    const comparison = compare([round(1000, 5600)], plain);
    expect(judge({ measure: 'cpu', bound: 1.1 }, comparison, idle).passed).toBe(false);
  });
});
