import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MetaBed } from '../../test/support/meta-bed.js';

let bed: MetaBed;
/** Calls of the slow procedure that were begun. */
let begun = 0;

beforeEach(() => {
  bed = new MetaBed({ limits: { sliceMs: 10 } });
  begun = 0;
  const { brokers, clock } = bed.peers.services;
  brokers.get('realm1')!.provide('wamp.test.slow', () => {
    begun += 1;
    clock.advanceWithin(20);
    return { kind: 'result', args: [begun] };
  });
});

afterEach(() => bed.end());

describe('a command of the router that takes longer than a slice', () => {
  it('B12: is the last one of its turn, of WAMP messages that came together', () => {
    const peer = bed.join('alice');
    for (let request = 1; request <= 5; request += 1) peer.send(`[48,${request},{},"wamp.test.slow"]`);
    expect(begun).toBe(1);
    bed.peers.services.clock.flush();
    expect(peer.take()).toEqual([
      '[50,1,{},[1]]',
      '[50,2,{},[2]]',
      '[50,3,{},[3]]',
      '[50,4,{},[4]]',
      '[50,5,{},[5]]',
    ]);
  });

  it('B12: is the last one of its turn, of STOMP frames in one message or in several', async () => {
    const client = bed.connect('bob');
    const frame = (id: number): string =>
      `SEND\ndestination:/rpc/wamp.test.slow\nreply-to:/temp-queue/a\ncorrelation-id:${id}\n\n\0`;
    client.say(frame(1) + frame(2) + frame(3), frame(4));
    const counts = [begun];
    for (let turns = 0; turns < 20; turns += 1) {
      bed.peers.services.clock.flush();
      await new Promise((go) => setImmediate(go));
      counts.push(begun);
    }
    expect(new Set(counts)).toEqual(new Set([1, 2, 3, 4]));
    expect(client.heard().map((text) => /correlation-id:(\d)/.exec(text)?.[1])).toEqual(['1', '2', '3', '4']);
  });
});
