import { describe, expect, it } from '@jest/globals';
import { Ring } from './index.js';

describe('Ring', () => {
  it('gives items back in the order in which they came, across growth and wrap-around', () => {
    const ring = new Ring<number>();
    const out: number[] = [];
    let next = 0;
    for (let round = 0; round < 50; round += 1) {
      for (let i = 0; i < 7; i += 1) ring.push(next++);
      for (let i = 0; i < 5; i += 1) out.push(ring.shift()!);
    }
    while (ring.size > 0) out.push(ring.shift()!);
    expect(out).toEqual([...Array(350).keys()]);
  });

  it('answers undefined when it is empty', () => {
    const ring = new Ring<number>();
    expect(ring.shift()).toBeUndefined();
    expect(ring.peek()).toBeUndefined();
  });

  it('keeps the order of what it retains', () => {
    const ring = new Ring<number>();
    for (let i = 0; i < 40; i += 1) ring.push(i);
    ring.retain((item) => item % 10 === 0);
    expect([ring.size, ring.shift(), ring.shift(), ring.peek()]).toEqual([4, 0, 10, 20]);
  });
});
