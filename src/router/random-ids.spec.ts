import { describe, expect, it } from '@jest/globals';
import { filesBelow, textOf } from '../../test/architecture/sources.js';
import { RandomIds } from './random-ids.js';

describe('ids', () => {
  it('P17: are whole numbers from 1 to 2^53, none twice', () => {
    const ids = new RandomIds();
    const drawn = Array.from({ length: 50_000 }, () => ids.id());
    expect(drawn.every((id) => Number.isSafeInteger(id) && id >= 1)).toBe(true);
    expect(new Set(drawn).size).toBe(drawn.length);
  });

  it('P17: are uniform: chi-square over 256 classes, of their highest bits and of their lowest', () => {
    const ids = new RandomIds();
    const count = 64_000;
    const [high, low] = [new Uint32Array(256), new Uint32Array(256)];
    for (let at = 0; at < count; at += 1) {
      const id = ids.id();
      const [top, bottom] = [Math.floor(id / 2 ** 45), id % 256];
      high[top] = (high[top] ?? 0) + 1;
      low[bottom] = (low[bottom] ?? 0) + 1;
    }
    const expected = count / 256;
    for (const classes of [high, low]) {
      const chiSquare = classes.reduce((sum, found) => sum + (found - expected) ** 2 / expected, 0);
      // 255 degrees of freedom: it is above 400 or below 150 once in many million runs.
      expect(chiSquare).toBeGreaterThan(150);
      expect(chiSquare).toBeLessThan(400);
    }
  });

  it('P17: are not told by those before: no difference comes twice', () => {
    const ids = new RandomIds();
    const drawn = Array.from({ length: 10_000 }, () => ids.id());
    const steps = drawn.slice(1).map((id, at) => id - (drawn[at] ?? 0));
    expect(new Set(steps).size).toBe(steps.length);
  });

  it('P17: of names that stand for somebody have 128 bits', () => {
    const ids = new RandomIds();
    const tokens = Array.from({ length: 5000 }, () => ids.token());
    expect(tokens.every((token) => /^[\w-]{22}$/.test(token))).toBe(true);
    expect(new Set(tokens).size).toBe(tokens.length);
  });
});

describe('the sources', () => {
  it('P17: draw by Math.random only what nobody has to guess: how long to wait, and the mark of a file', () => {
    const files = filesBelow('src', '.ts').filter(
      (file) => !file.endsWith('.spec.ts') && textOf(file).includes('Math.random'),
    );
    expect(files.sort()).toEqual([
      'src/engines/lmdb/store-format.ts',
      'src/router/drain.ts',
      'src/transport/long-poll-listener.ts',
      'src/transport/transport.ts',
    ]);
  });
});
