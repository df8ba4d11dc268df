import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RealmBed, exact } from '../../../test/support/realm-bed.js';
import type { Invocation } from '../../broker/index.js';
import { Payload } from '../../broker/index.js';
import type { RecordingEndpoint } from '../../testing/index.js';
import { Invocations } from './invocations.js';

let bed: RealmBed;
let callee: RecordingEndpoint;

beforeEach(() => {
  bed = new RealmBed();
  callee = bed.endpoint();
  callee.attachment.register({}, { pattern: exact('com.a') });
});

afterEach(() => bed.end());

/** A call that waits for its answer. */
function work(): Invocation {
  bed.endpoint().attachment.call({}, { procedure: 'com.a', payload: Payload.empty });
  return callee.lastInvocation;
}

describe('the request ids of what a callee is given', () => {
  it('WAMP-09: begin with 1', () => {
    const invocations = new Invocations();
    expect([invocations.issue(work()), invocations.issue(work())]).toEqual([1, 2]);
  });

  it('WAMP-09: begin anew with 1 after 2^53', () => {
    const invocations = new Invocations(9007199254740990);
    expect([work(), work(), work(), work()].map((one) => invocations.issue(one))).toEqual([
      9007199254740991, 9007199254740992, 1, 2,
    ]);
  });

  it('WAMP-09: are known as ended when they have begun anew, however high they are', () => {
    const invocations = new Invocations(9007199254740991);
    const last = work();
    invocations.issue(last);
    expect([invocations.find(9007199254740992), invocations.find(1)]).toEqual([last, 'ended']);
    const first = work();
    invocations.issue(first);
    invocations.close(last);
    expect([invocations.find(1), invocations.find(2), invocations.find(9007199254740992)]).toEqual([
      first,
      'ended',
      'ended',
    ]);
  });

  it('tells those that were never given from those of what has ended', () => {
    const invocations = new Invocations();
    const one = work();
    invocations.issue(one);
    invocations.close(one);
    expect([invocations.find(1), invocations.find(2)]).toEqual(['ended', 'never']);
  });
});
