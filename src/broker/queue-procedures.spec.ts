import { afterEach, describe, expect, it } from '@jest/globals';
import { RealmBed } from '../../test/support/realm-bed.js';
import type { MatchPolicy } from './index.js';
import { Payload } from './index.js';

let bed = new RealmBed();

afterEach(() => {
  bed.end();
  expect(bed.defects).toEqual([]);
  bed = new RealmBed();
});

describe('a procedure whose name begins with queue.', () => {
  it.each([
    ['exact', 'queue.jobs'],
    ['exact', 'queue.'],
    ['prefix', 'queue.'],
    ['prefix', 'queue.jobs'],
    ['wildcard', 'queue..done'],
    ['multi', 'queue.#'],
  ] as const)('cannot be registered: %s %s', (match, text) => {
    const callee = bed.endpoint();
    void callee.attachment.register({}, { pattern: { match, text } });
    expect(callee.take()).toEqual(['answered refused reserved_address']);
  });

  it('is not called, whatever pattern is registered', () => {
    const [callee, caller] = [bed.endpoint(), bed.endpoint()];
    const patterns: readonly [MatchPolicy, string][] = [
      ['prefix', ''],
      ['prefix', 'queue'],
      ['wildcard', '.jobs'],
      ['exact', 'queue'],
    ];
    for (const [match, text] of patterns) void callee.attachment.register({}, { pattern: { match, text } });
    callee.take();
    for (const procedure of ['queue.jobs', 'queue.', 'queue', 'queues.jobs', 'other.jobs'])
      void caller.attachment.call({ procedure }, { procedure, payload: Payload.empty });
    expect(caller.take()).toEqual(Array(2).fill('answered refused no_such_procedure'));
    expect(callee.take()).toEqual(['invoked queue', 'invoked queues.jobs', 'invoked other.jobs']);
  });

  it('is refused whatever the authorizer would say, which is not asked', () => {
    bed.end();
    const asked: string[] = [];
    bed = new RealmBed({
      authorizer: {
        decide: (_who, action, { text }) => {
          asked.push(`${action} ${text}`);
          return { allow: true };
        },
      },
    });
    const who = bed.endpoint();
    void who.attachment.register({}, { pattern: { match: 'exact', text: 'queue.jobs' } });
    void who.attachment.call({}, { procedure: 'queue.jobs', payload: Payload.empty });
    expect([who.take(), asked]).toEqual([
      ['answered refused reserved_address', 'answered refused no_such_procedure'],
      [],
    ]);
  });
});
