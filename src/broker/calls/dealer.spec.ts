import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { NOTHING_HELD } from '../../../test/support/nothing-held.js';
import type { TestServices } from '../../testing/index.js';
import { RecordingEndpoint, testServices } from '../../testing/index.js';
import type { Broker, Decision, InvocationPolicy, Principal, RegisterCommand } from '../index.js';
import { Payload } from '../index.js';

let services: TestServices;
let broker: Broker;
let endpoints: RecordingEndpoint[] = [];
let decision: Decision;

const ANSWER = { payload: Payload.empty };
const REROUTES = { callCanceling: true, progressiveResults: true, callReroute: 'always' } as const;

function endpoint(features = REROUTES as object, principal: Partial<Principal> = {}): RecordingEndpoint {
  const made = new RecordingEndpoint(
    broker,
    { callCanceling: true, progressiveResults: true, ...features },
    principal,
  );
  endpoints.push(made);
  return made;
}

/** Registers for `p` and forgets the answer, which is returned. */
function register(callee: RecordingEndpoint, rest: Partial<RegisterCommand> = {}): string {
  callee.attachment.register({}, { pattern: { match: 'exact', text: 'p' }, ...rest });
  return callee.take().join();
}

function callees(policy: InvocationPolicy, count: number, rest: Partial<RegisterCommand> = {}) {
  return Array.from({ length: count }, () => {
    const callee = endpoint();
    expect(register(callee, { policy, ...rest })).toBe('answered registered');
    return callee;
  });
}

/** Calls `p` so many times; which callee got each, `x` where the caller was refused. */
function pattern(caller: RecordingEndpoint, among: readonly RecordingEndpoint[], times: number): string {
  let seen = '';
  for (let i = 0; i < times; i += 1) {
    caller.attachment.call({}, { procedure: 'p', payload: Payload.empty });
    const at = among.findIndex((callee) => callee.take().includes('invoked p'));
    seen += at < 0 ? 'x' : 'abcdef'[at]!;
  }
  return seen;
}

beforeEach(() => {
  decision = { allow: true };
  services = testServices({ authorizer: { decide: () => decision } });
  broker = services.realms.find('realm1')!;
  endpoints = [];
});

afterEach(() => {
  for (const each of endpoints) each.attachment.detach();
  expect(broker.stats).toEqual(NOTHING_HELD);
  expect(services.clock.pending).toBe(0);
});

describe('callees that share a procedure', () => {
  it.each([
    ['first', 'aaaa'],
    ['last', 'cccc'],
    ['roundrobin', 'abca'],
  ] as const)('WAMP-89: are called by the policy %s', (policy, expected) => {
    const caller = endpoint();
    expect(pattern(caller, callees(policy, 3), 4)).toBe(expected);
  });

  it('WAMP-89: are all called by the policy random, by numbers that nobody can foresee', () => {
    const caller = endpoint();
    const seen = pattern(caller, callees('random', 3), 60);
    expect([...new Set(seen)].toSorted()).toEqual(['a', 'b', 'c']);
  });

  it('WAMP-89: have one registration id', () => {
    const ids = callees('first', 3).map((callee) => [...callee.attachment.registrations][0]!.id);
    expect(new Set(ids).size).toBe(1);
  });

  it('WAMP-89: keep their turns when one of them leaves, and who joins comes last', () => {
    const caller = endpoint();
    const [a, b, c] = callees('roundrobin', 3) as [RecordingEndpoint, RecordingEndpoint, RecordingEndpoint];
    expect(pattern(caller, [a, b, c], 2)).toBe('ab');
    a.attachment.detach();
    const [d] = callees('roundrobin', 1) as [RecordingEndpoint];
    expect(pattern(caller, [a, b, c, d], 4)).toBe('cdbc');
  });

  it('WAMP-89: pass first and last on to the next in line when one leaves', () => {
    const caller = endpoint();
    const all = callees('last', 3);
    all[2]!.attachment.detach();
    expect(pattern(caller, all, 1)).toBe('b');
    all[1]!.attachment.unregister({}, [...all[1]!.attachment.registrations][0]);
    expect(pattern(caller, all, 1)).toBe('a');
  });

  it('P10 WAMP-90: are refused if they want another policy, or hold it already', () => {
    const [first] = callees('roundrobin', 1) as [RecordingEndpoint];
    const other = endpoint();
    expect(register(other, { policy: 'random' })).toBe('answered refused policy_mismatch');
    expect(register(other, {})).toBe('answered refused policy_mismatch');
    expect(register(first, { policy: 'roundrobin' })).toBe('answered refused procedure_exists');
    expect(register(other, { policy: 'roundrobin' })).toBe('answered registered');
  });

  it('WAMP-90: leave the choice of a policy to who comes after the last of them', () => {
    const [only] = callees('roundrobin', 1) as [RecordingEndpoint];
    only.attachment.detach();
    expect(register(endpoint(), { policy: 'last' })).toBe('answered registered');
  });
});

describe('a callee at its concurrency', () => {
  it.each([
    ['first', 'aabbx'],
    ['last', 'bbaax'],
    ['roundrobin', 'ababx'],
  ] as const)('P15 WAMP-91: is passed over by the policy %s', (policy, expected) => {
    const caller = endpoint();
    expect(pattern(caller, callees(policy, 2, { concurrency: 2 }), 5)).toBe(expected);
    expect(caller.take()).toEqual(['answered refused callee_unavailable']);
  });

  it('P15 WAMP-91: is passed over at random too, and the others share the calls', () => {
    const caller = endpoint();
    const all = [...callees('random', 1, { concurrency: 1 }), ...callees('random', 2, {})];
    const seen = pattern(caller, all, 50);
    expect([...seen].filter((one) => one === 'a').length).toBe(1);
    expect(new Set(seen)).toEqual(new Set('abc'));
  });

  it('WAMP-91: is called again when it has answered, or a call has ended without it', () => {
    const caller = endpoint();
    const [callee] = callees('single', 1, { concurrency: 1 }) as [RecordingEndpoint];
    const request = {};
    caller.attachment.call(request, { procedure: 'p', payload: Payload.empty });
    callee.attachment.yield(callee.lastInvocation, ANSWER);
    caller.attachment.call(request, { procedure: 'p', payload: Payload.empty });
    caller.attachment.cancel(request, 'killnowait');
    caller.attachment.call(request, { procedure: 'p', payload: Payload.empty, timeoutMs: 1000 });
    services.clock.advance(1200);
    caller.attachment.call(request, { procedure: 'p', payload: Payload.empty });
    caller.attachment.call({}, { procedure: 'p', payload: Payload.empty });
    expect(caller.take()).toEqual([
      'answered result',
      'answered refused canceled',
      'answered refused timeout',
      'answered refused callee_unavailable',
    ]);
  });
});

describe('taking a procedure over', () => {
  it('P10 WAMP-92: is refused where the authorizer does not say that one may', () => {
    const [holder] = callees('single', 1) as [RecordingEndpoint];
    expect(register(endpoint({}, { authid: 'other' }), { takeOver: true })).toBe(
      'answered refused not_authorized',
    );
    expect(holder.take()).toEqual([]);
  });

  it('WAMP-92 WAMP-93: takes it from all who share it, with another policy, and tells them', () => {
    const all = callees('roundrobin', 2);
    decision = { allow: true, takeover: true };
    const other = endpoint({}, { authid: 'other' });
    expect(register(other, { takeOver: true, policy: 'last' })).toBe('answered registered');
    expect(all.map((callee) => callee.take())).toEqual([['revoked registration'], ['revoked registration']]);
    expect(pattern(endpoint(), [...all, other], 1)).toBe('c');
  });

  it('WAMP-92: is free to the principal that holds it, such as one whose connection is half dead', () => {
    const [holder] = callees('single', 1) as [RecordingEndpoint];
    expect(register(endpoint(), { takeOver: true })).toBe('answered registered');
    expect(holder.take()).toEqual(['revoked registration']);
  });

  it('P10 WAMP-92: is not free to the anonymous, who are all alike', () => {
    const anonymous = { authid: 'anonymous', authmethod: 'anonymous' };
    register(endpoint({}, anonymous));
    expect(register(endpoint({}, anonymous), { takeOver: true })).toBe('answered refused not_authorized');
  });

  it('WAMP-92: lets calls in progress be answered by whom they were given to', () => {
    const caller = endpoint();
    const [holder] = callees('single', 1) as [RecordingEndpoint];
    caller.attachment.call({}, { procedure: 'p', payload: Payload.empty });
    register(endpoint(), { takeOver: true });
    holder.attachment.yield(holder.lastInvocation, ANSWER);
    expect(caller.take()).toEqual(['answered result']);
  });

  it('registers where nobody is', () => {
    expect(register(endpoint(), { takeOver: true })).toBe('answered registered');
  });
});

describe('a call that its callee does not take', () => {
  const unavailable = (callee: RecordingEndpoint): void =>
    callee.attachment.fail(callee.lastInvocation, 'wamp.error.unavailable', ANSWER);

  /** Calls, lets each callee that is asked say that it is unavailable, and returns who was asked and what the caller heard. */
  function ask(all: readonly RecordingEndpoint[], say = unavailable): [string, string[]] {
    const caller = endpoint();
    let seen = '';
    for (const [at, callee] of all.entries()) {
      callee.react = (told) => {
        if (told.kind !== 'invoked') return;
        seen += 'abcdef'[at]!;
        say(callee);
      };
    }
    caller.attachment.call({}, { procedure: 'p', payload: Payload.empty });
    return [seen, caller.take()];
  }

  it.each([
    ['single', 1, 'a'],
    ['first', 3, 'abc'],
    ['last', 3, 'cba'],
    ['roundrobin', 3, 'abc'],
  ] as const)(
    'P15 WAMP-94: goes to the next by the policy %s, and to nobody twice',
    (policy, count, expected) => {
      expect(ask(callees(policy, count))).toEqual([expected, ['answered refused callee_unavailable']]);
    },
  );

  it('WAMP-94: goes to another at random, and to nobody twice', () => {
    const [seen, told] = ask(callees('random', 4));
    expect([...seen].toSorted().join('')).toBe('abcd');
    expect(told).toEqual(['answered refused callee_unavailable']);
  });

  it('WAMP-94: goes on too if the callee declines it', () => {
    const [seen] = ask(callees('first', 2), (callee) =>
      callee.attachment.decline(callee.lastInvocation, { code: 'callee_unavailable', reason: '' }),
    );
    expect(seen).toBe('ab');
  });

  it('WAMP-94: is answered by the next one, whatever the first says afterwards', () => {
    const caller = endpoint();
    const [a, b] = callees('first', 2) as [RecordingEndpoint, RecordingEndpoint];
    caller.attachment.call({}, { procedure: 'p', payload: Payload.empty });
    const { lastInvocation } = a;
    unavailable(a);
    a.attachment.yield(lastInvocation, ANSWER);
    a.attachment.fail(lastInvocation, 'com.example.late', ANSWER);
    expect(caller.take()).toEqual([]);
    b.attachment.yield(b.lastInvocation, ANSWER);
    expect(caller.take()).toEqual(['answered result']);
  });

  it('P7 WAMP-94: cannot be answered for the next one by what the first says in the same turn', () => {
    const caller = endpoint();
    const [a, b] = callees('first', 2) as [RecordingEndpoint, RecordingEndpoint];
    a.react = (told) => {
      if (told.kind !== 'invoked') return;
      unavailable(a);
      a.attachment.yield(told.invocation, ANSWER);
    };
    caller.attachment.call({}, { procedure: 'p', payload: Payload.empty });
    expect([b.take(), caller.take()]).toEqual([['invoked p'], []]);
  });

  it('WAMP-95: stays where it is once a part of its result was told', () => {
    const caller = endpoint();
    const [a, b] = callees('first', 2) as [RecordingEndpoint, RecordingEndpoint];
    caller.attachment.call({}, { procedure: 'p', payload: Payload.empty, receiveProgress: true });
    a.attachment.yield(a.lastInvocation, ANSWER, true);
    unavailable(a);
    expect([caller.take(), b.take()]).toEqual([['answered progress', 'answered failed'], []]);
  });

  it('WAMP-95: stays where it is once its caller has given it up', () => {
    const caller = endpoint();
    const [a, b] = callees('first', 2) as [RecordingEndpoint, RecordingEndpoint];
    const request = {};
    caller.attachment.call(request, { procedure: 'p', payload: Payload.empty });
    caller.attachment.cancel(request, 'kill');
    unavailable(a);
    expect([caller.take(), b.take()]).toEqual([['answered failed'], []]);
  });

  it('WAMP-94: has no more time than before', () => {
    const caller = endpoint();
    const [a, b] = callees('first', 2) as [RecordingEndpoint, RecordingEndpoint];
    caller.attachment.call({}, { procedure: 'p', payload: Payload.empty, timeoutMs: 1000 });
    services.clock.advance(900);
    unavailable(a);
    services.clock.advance(300);
    expect([caller.take(), b.take()]).toEqual([
      ['answered refused timeout'],
      ['invoked p', 'interrupted killnowait'],
    ]);
  });

  it('WAMP-94: tells only those callees who calls that want to know', () => {
    const caller = endpoint();
    const [a] = callees('first', 1, { discloseCaller: true }) as [RecordingEndpoint];
    const [b] = callees('first', 1) as [RecordingEndpoint];
    caller.attachment.call({}, { procedure: 'p', payload: Payload.empty });
    expect(a.lastInvocation.caller?.session).toBe(caller.attachment.session);
    unavailable(a);
    expect(b.lastInvocation.caller).toBeUndefined();
  });

  it('WAMP-94: is the caller’s business if the callee has not announced it', () => {
    const callee = endpoint({ callReroute: undefined });
    register(callee, { policy: 'first' });
    expect(ask([callee])).toEqual(['a', ['answered failed']]);
  });

  it('goes on where callees share a procedure, if they take part in that only', () => {
    const [one, other] = [endpoint({ callReroute: 'shared' }), endpoint({ callReroute: 'shared' })];
    register(one, { policy: 'first' });
    register(other, { policy: 'first' });
    expect(ask([one, other])).toEqual(['ab', ['answered refused callee_unavailable']]);
  });

  it('goes nowhere with an alone callee that takes part where callees share a procedure only', () => {
    const callee = endpoint({ callReroute: 'shared' });
    register(callee);
    expect(ask([callee])).toEqual(['a', ['answered failed']]);
  });
});
