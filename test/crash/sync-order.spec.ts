import { describe, expect, it, jest } from '@jest/globals';
import { built } from '../e2e/built.js';
import { syncOrder } from './sync-order.js';

// A tracer slows what it traces.
jest.setTimeout(60_000);

describe('a RECEIPT', () => {
  it('D2: leaves after the sync that covers its message', async () => {
    const { receipts, proved, syncs, violations } = await syncOrder({
      main: built('main.js'),
      messages: 50,
    });
    expect(violations).toEqual([]);
    expect([receipts, proved]).toEqual([50, 50]);
    expect(syncs).toBeGreaterThan(0);
  });
});
