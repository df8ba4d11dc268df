import { describe, expect, it, jest } from '@jest/globals';
import { built } from '../e2e/built.js';
import { killRun, killsOf } from './kill-run.js';

// Ten starts, ten drains, and what lies between.
jest.setTimeout(120_000);

describe('the server, killed under load', () => {
  it('D1: keeps what it confirmed, once and in order, over ten kills', async () => {
    const state = await killRun({
      main: built('main.js'),
      kills: 10,
      seed: 20,
      lifeMs: [200, 700],
      withinMs: 100_000,
      progress() {},
    });
    expect(state.ledger.findings).toEqual([]);
    expect(state.ledger.clean).toBe(true);
    expect(killsOf(state)).toBe(10);
    expect(state.ledger.confirmed).toBeGreaterThan(1000);
    expect(state.ledger.redelivered).toBeGreaterThan(0);
  });
});
