import { describe, expect, it } from '@jest/globals';
import { payload } from '../../bench/load/payload.js';
import { Ledger } from '../../bench/scenarios/queue.js';

describe('the ledger of a queue', () => {
  it('is content when each message came once, in order at each worker', () => {
    const ledger = new Ledger(10);
    expect(ledger.take(payload(0, 11), 0)).toBe(11);
    expect(ledger.take(payload(0, 13), 11)).toBe(13);
    expect(ledger.take(payload(0, 12), 0)).toBe(12);
    expect(ledger.problem(13)).toBeUndefined();
  });

  it('refuses a message that comes twice, too late, or of before', () => {
    const ledger = new Ledger(10);
    ledger.take(payload(0, 12), 0);
    expect(() => ledger.take(payload(0, 12), 0)).toThrow('message 12 twice');
    expect(() => ledger.take(payload(0, 11), 12)).toThrow('message 11 behind 12');
    expect(() => ledger.take(payload(0, 10), 0)).toThrow('message 10 behind 0');
  });

  it('counts what did not come', () => {
    const ledger = new Ledger(0);
    ledger.take(payload(0, 2), 0);
    expect(ledger.problem(3)).toBe('2 messages were not taken');
  });
});
