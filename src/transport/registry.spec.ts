import { describe, expect, it } from '@jest/globals';
import { DEFAULT_TRANSPORT_LIMITS } from './limits.js';
import type { Slot } from './registry.js';
import { Registry } from './registry.js';

function registry(limits: Partial<typeof DEFAULT_TRANSPORT_LIMITS>): Registry {
  return new Registry({ ...DEFAULT_TRANSPORT_LIMITS, ...limits });
}

function taken(slot: Slot | string): Slot {
  if (typeof slot === 'string') throw new Error(slot);
  return slot;
}

describe('Registry', () => {
  it('H19: has places up to each limit and names the one that is reached', () => {
    const all = registry({ maxConnections: 2 });
    taken(all.take('a'));
    taken(all.take('b'));
    expect(all.take('c')).toBe('maxConnections');
    const perAddress = registry({ maxConnectionsPerAddress: 1 });
    taken(perAddress.take('a'));
    expect(perAddress.take('a')).toBe('maxConnectionsPerAddress');
    taken(perAddress.take('b'));
  });

  it('H19: by default has 20 places per address and 1 000 in all for sockets without a session', () => {
    const places = registry({});
    for (let i = 0; i < 20; i += 1) taken(places.take('a'));
    expect(places.take('a')).toBe('maxPendingConnectionsPerAddress');
    for (let i = 20; i < 1000; i += 1) taken(places.take(`b${i}`));
    expect(places.take('c')).toBe('maxPendingConnections');
  });

  it('moves a socket that has a session, and forgets one that is gone, once', () => {
    const places = registry({ maxPendingConnections: 1 });
    const first = taken(places.take('a'));
    first.establish();
    first.establish();
    const second = taken(places.take('a'));
    expect([places.size, places.pending]).toEqual([2, 1]);
    first.release();
    first.release();
    first.establish();
    expect([places.size, places.pending]).toEqual([1, 1]);
    second.release();
    second.establish();
    expect([places.size, places.pending]).toEqual([0, 0]);
  });
});
