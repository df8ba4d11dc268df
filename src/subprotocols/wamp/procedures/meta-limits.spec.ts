import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MetaBed, call } from '../../../../test/support/meta-bed.js';
import type { WampPeer } from '../../../../test/support/wamp-peer.js';
import { MemoryHistoryStore } from '../../../engines/memory/index.js';

let bed: MetaBed;
/** Texts that the authorizer was asked about. */
let asked: string[];
let admin: WampPeer;

beforeEach(() => {
  asked = [];
  bed = new MetaBed({
    stores: { history: new MemoryHistoryStore() },
    history: [{ match: '#' }],
    authorizer: {
      decide(_principal, _action, { text }) {
        asked.push(text);
        return { allow: true };
      },
    },
  });
  admin = bed.join('admin');
});

afterEach(() => bed.end());

const LONG = `com.${'x'.repeat(1021)}`;
const DEEP = Array.from({ length: 65 }, () => 'a').join('.');

/** Calls, and takes the URI of ERROR. */
async function errorOf(procedure: string, args: readonly unknown[]): Promise<unknown> {
  const at = call(admin, procedure, args);
  if (at !== 'no answer') return at;
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  return admin.takeParsed()[0]?.[4];
}

describe('a procedure of the router that is asked about an address', () => {
  it.each([
    ['wamp.subscription.lookup', []],
    ['wamp.subscription.match', []],
    ['wamp.subscription.get_events', []],
    ['wamp.registration.lookup', []],
    ['wamp.registration.match', []],
    ['wamp.reflection.topic.describe', []],
    ['wamp.reflection.procedure.describe', []],
    ['wamp.reflect.describe', []],
    ['wamp.reflect.define', [{ type: 'topic' }]],
    ['wamp.reflect.define', [{ type: 'error' }]],
  ] as const)(
    'P18: refuses %s%j for what is too long, and for too many components',
    async (procedure, more) => {
      for (const address of [LONG, DEEP])
        expect(await errorOf(procedure, [address, ...more])).toBe('wamp.error.invalid_uri');
      expect(asked.filter((text) => text === LONG || text === DEEP)).toEqual([]);
    },
  );

  it('P18: still answers for the longest one that there may be', () => {
    const longest = LONG.slice(0, 1024);
    // That of the history.
    expect(call(admin, 'wamp.subscription.match', [longest])).toEqual([[1]]);
    expect(call(admin, 'wamp.registration.lookup', [longest, { match: 'prefix' }])).toEqual([null]);
  });

  it('P18: has no topic looked for in a history that is longer than one may be', async () => {
    admin.send(JSON.stringify([48, 7, {}, 'wamp.subscription.get_events', ['com.a'], { topic: LONG }]));
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    expect(admin.takeParsed()[0]?.[4]).toBe('wamp.error.invalid_argument');
  });
});
