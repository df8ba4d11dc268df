import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { NOTHING_HELD } from '../../../test/support/nothing-held.js';
import type { TestServices, Told } from '../../testing/index.js';
import { RecordingEndpoint, testServices } from '../../testing/index.js';
import type { Broker, CancelMode } from '../index.js';
import { Payload } from '../index.js';

let services: TestServices;
let broker: Broker;
let caller: RecordingEndpoint;
let callee: RecordingEndpoint;
let bell: RecordingEndpoint;

const ANSWER = { payload: Payload.empty };
const P = { match: 'exact', text: 'p' } as const;

beforeEach(() => {
  services = testServices();
  broker = services.realms.find('realm1')!;
  [caller, callee, bell] = [1, 2, 3].map(() => new RecordingEndpoint(broker)) as [
    RecordingEndpoint,
    RecordingEndpoint,
    RecordingEndpoint,
  ];
  callee.attachment.register({}, { pattern: P });
  callee.take();
});

afterEach(() => {
  for (const each of [caller, callee, bell]) each.attachment.detach();
  expect(broker.stats).toEqual(NOTHING_HELD);
  expect(services.clock.pending).toBe(0);
});

function call(timeoutMs?: number, request: object = {}): object {
  caller.attachment.call(request, {
    procedure: 'p',
    payload: Payload.empty,
    receiveProgress: true,
    timeoutMs,
  });
  return request;
}

/** All of it in one turn: said before the broker hears the first. */
function together(...acts: readonly (() => void)[]): void {
  bell.react = () => {
    bell.react = () => {};
    for (const act of acts) act();
  };
  bell.attachment.call({}, { procedure: 'none', payload: Payload.empty });
}

/** Reacts to what is told, once, from inside the broker's run. */
function when(whom: RecordingEndpoint, kind: Told['kind'], act: () => void): void {
  whom.react = (told) => {
    if (told.kind !== kind) return;
    whom.react = () => {};
    act();
  };
}

const yields = (): void => callee.attachment.yield(callee.lastInvocation, ANSWER);

describe('cancel against yield', () => {
  it.each([
    ['skip', [], ['answered refused canceled']],
    ['killnowait', ['interrupted killnowait'], ['answered refused canceled']],
    ['kill', ['interrupted kill'], ['answered result']],
  ] as const)('P14 WAMP-79: in one turn, first cancel with %s', (mode, heard, told) => {
    const request = call();
    const { lastInvocation } = callee;
    callee.take();
    together(
      () => caller.attachment.cancel(request, mode),
      () => callee.attachment.yield(lastInvocation, ANSWER),
    );
    expect([callee.take(), caller.take()]).toEqual([heard, told]);
  });

  it.each(['skip', 'killnowait', 'kill'] as const)(
    'P14 WAMP-79: in one turn, first yield, then %s',
    (mode) => {
      const request = call();
      together(yields, () => caller.attachment.cancel(request, mode));
      expect([callee.take(), caller.take()]).toEqual([['invoked p'], ['answered result']]);
    },
  );

  it.each([
    ['kill', ['answered result']],
    ['killnowait', ['answered refused canceled']],
  ] as const)('P14 WAMP-79: yield from inside the interrupt of %s', (mode: CancelMode, told) => {
    const request = call();
    const { lastInvocation } = callee;
    when(callee, 'interrupted', () => callee.attachment.yield(lastInvocation, ANSWER));
    caller.attachment.cancel(request, mode);
    expect(caller.take()).toEqual(told);
  });

  it('P14 WAMP-79: cancel from inside a progressive result, the final one behind it', () => {
    const request = call();
    when(caller, 'answered', () => caller.attachment.cancel(request, 'killnowait'));
    together(() => callee.attachment.yield(callee.lastInvocation, ANSWER, true), yields);
    // The result was on its way when the caller heard of the part.
    expect(caller.take()).toEqual(['answered progress', 'answered result']);
    expect(callee.take()).toEqual(['invoked p']);
  });

  it('P14 WAMP-79 WAMP-95: cancel while the call goes from one callee to the next', () => {
    callee.attachment.unregister({}, [...callee.attachment.registrations][0]);
    const [one, other] = [1, 2].map(
      () =>
        new RecordingEndpoint(broker, {
          callCanceling: true,
          progressiveResults: true,
          callReroute: 'always',
        }),
    ) as [RecordingEndpoint, RecordingEndpoint];
    for (const each of [one, other]) each.attachment.register({}, { pattern: P, policy: 'first' });
    const request = call();
    const { lastInvocation } = one;
    together(
      () => one.attachment.fail(lastInvocation, 'wamp.error.unavailable', ANSWER),
      () => caller.attachment.cancel(request, 'killnowait'),
      () => one.attachment.yield(lastInvocation, ANSWER),
    );
    expect([one.take(), other.take(), caller.take()]).toEqual([
      ['answered registered', 'invoked p'],
      ['answered registered', 'invoked p', 'interrupted killnowait'],
      ['answered refused canceled'],
    ]);
    for (const each of [one, other]) each.attachment.detach();
  });
});

describe('timeout against yield', () => {
  it('P13 WAMP-79 WAMP-96: yield in the last moment', () => {
    call(1000);
    services.clock.advance(999);
    yields();
    services.clock.advance(1000);
    expect([callee.take(), caller.take()]).toEqual([['invoked p'], ['answered result']]);
  });

  it('P13 WAMP-79 WAMP-96: yield from inside the interrupt', () => {
    call(1000);
    const { lastInvocation } = callee;
    when(callee, 'interrupted', () => callee.attachment.yield(lastInvocation, ANSWER));
    services.clock.advance(1200);
    expect(caller.take()).toEqual(['answered refused timeout']);
  });

  it('P13 WAMP-79: two that are due at once, the answer of the first ending the second', () => {
    call(1000);
    const second = call(1000);
    when(caller, 'answered', () => caller.attachment.cancel(second, 'skip'));
    services.clock.advance(1200);
    expect(caller.take()).toEqual(['answered refused timeout', 'answered refused canceled']);
  });

  it('P13 WAMP-79 WAMP-98: a progressive result in the last moment begins the time anew, once', () => {
    call(1000);
    services.clock.advance(999);
    callee.attachment.yield(callee.lastInvocation, ANSWER, true);
    services.clock.advance(900);
    expect(caller.take()).toEqual(['answered progress']);
    services.clock.advance(400);
    expect(caller.take()).toEqual(['answered refused timeout']);
  });

  it('P13 WAMP-79: leaves nothing of a time that is over when kill is answered', () => {
    const request = call(1000);
    caller.attachment.cancel(request, 'kill');
    yields();
    services.clock.advance(2000);
    expect(caller.take()).toEqual(['answered result']);
  });
});

describe('callee loss against cancel', () => {
  it.each([
    ['kill', 'answered refused callee_gone'],
    ['killnowait', 'answered refused canceled'],
    ['skip', 'answered refused canceled'],
  ] as const)('P13 P14 WAMP-79 WAMP-80: in one turn, first cancel with %s', (mode, told) => {
    const request = call();
    together(
      () => caller.attachment.cancel(request, mode),
      () => callee.attachment.detach(),
    );
    expect([caller.take(), callee.take()]).toEqual([[told], ['invoked p']]);
  });

  it.each(['kill', 'killnowait', 'skip'] as const)(
    'P13 P14 WAMP-79 WAMP-80: in one turn, first the loss, then cancel with %s',
    (mode) => {
      const request = call();
      together(
        () => callee.attachment.detach(),
        () => caller.attachment.cancel(request, mode),
      );
      expect(caller.take()).toEqual(['answered refused callee_gone']);
    },
  );

  it('P13 WAMP-79: a callee that leaves from inside the interrupt of kill', () => {
    const request = call();
    when(callee, 'interrupted', () => callee.attachment.detach());
    caller.attachment.cancel(request, 'kill');
    expect(caller.take()).toEqual(['answered refused callee_gone']);
  });

  it('P13 WAMP-79: caller and callee in one turn', () => {
    call();
    together(
      () => caller.attachment.detach(),
      () => callee.attachment.detach(),
    );
    expect([caller.take(), callee.take(), broker.stats.calls]).toEqual([[], ['invoked p'], 0]);
  });
});

describe('unregister against call', () => {
  const unregisters = (): void => callee.attachment.unregister({}, [...callee.attachment.registrations][0]);

  it('P13 WAMP-79: in one turn, first unregister', () => {
    together(unregisters, () => call());
    expect([callee.take(), caller.take()]).toEqual([
      ['answered unregistered'],
      ['answered refused no_such_procedure'],
    ]);
  });

  it('P13 WAMP-79: in one turn, first call', () => {
    together(() => call(), unregisters);
    expect(callee.told.map(({ kind }) => kind)).toEqual(['invoked', 'answered']);
    yields();
    expect(caller.take()).toEqual(['answered result']);
  });

  it('P13 WAMP-79: from inside the call, which is answered all the same', () => {
    when(callee, 'invoked', unregisters);
    call();
    call();
    yields();
    expect(caller.take()).toEqual(['answered refused no_such_procedure', 'answered result']);
  });

  it('P13: unregister against a takeover in one turn is answered, whichever is first', () => {
    together(() => bell.attachment.register({}, { pattern: P, takeOver: true }), unregisters);
    expect(callee.take()).toEqual(['revoked registration', 'answered refused no_such_registration']);
  });
});

describe('leave against invoke', () => {
  it('P13 WAMP-79: in one turn, first the callee leaves', () => {
    together(
      () => callee.attachment.detach(),
      () => call(),
    );
    expect([callee.take(), caller.take()]).toEqual([[], ['answered refused no_such_procedure']]);
  });

  it('P13 WAMP-79: in one turn, first the call; who is about to leave is not called', () => {
    together(
      () => call(),
      () => callee.attachment.detach(),
    );
    expect([callee.take(), caller.take()]).toEqual([[], ['answered refused callee_unavailable']]);
  });

  it('P15 WAMP-79 WAMP-89: in one turn, the call goes to one who stays', () => {
    callee.attachment.unregister({}, [...callee.attachment.registrations][0]);
    callee.attachment.register({}, { pattern: P, policy: 'first' });
    const other = new RecordingEndpoint(broker);
    other.attachment.register({}, { pattern: P, policy: 'first' });
    together(
      () => call(),
      () => callee.attachment.detach(),
    );
    expect(other.take()).toEqual(['answered registered', 'invoked p']);
    other.attachment.detach();
    expect(caller.take()).toEqual(['answered refused callee_gone']);
  });

  it('P13 WAMP-79: the callee leaves from inside the call', () => {
    when(callee, 'invoked', () => callee.attachment.detach());
    call();
    expect(caller.take()).toEqual(['answered refused callee_gone']);
  });

  it('P13: in one turn, the caller calls and leaves: nobody is called', () => {
    together(
      () => call(),
      () => caller.attachment.detach(),
    );
    expect([callee.take(), caller.take()]).toEqual([[], []]);
  });

  it('P13: the caller leaves while its call is handed over', () => {
    when(callee, 'invoked', () => caller.attachment.detach());
    call();
    expect([callee.take(), caller.take()]).toEqual([['invoked p', 'interrupted killnowait'], []]);
  });

  it('P13 WAMP-79: a callee fails as it is called', () => {
    when(callee, 'invoked', () => {
      throw new Error('A defect.');
    });
    call();
    expect(caller.take()).toEqual(['answered refused callee_gone']);
  });
});

describe('a part of the arguments against the end of its call', () => {
  function begin(): object {
    const request = {};
    callee.attachment.detach();
    callee = new RecordingEndpoint(broker, {
      callCanceling: true,
      progressiveResults: true,
      progressiveInvocations: true,
    });
    callee.attachment.register({}, { pattern: P });
    caller.attachment.call(request, { procedure: 'p', payload: Payload.empty, progressive: true });
    return request;
  }
  const more = (request: object): void =>
    void caller.attachment.callMore(request, { payload: Payload.empty, progressive: true });

  it('WAMP-79 WAMP-100: in one turn, first the answer', () => {
    const request = begin();
    together(yields, () => more(request));
    expect([callee.take(), caller.take()]).toEqual([
      ['answered registered', 'invoked p'],
      ['answered result'],
    ]);
  });

  it('WAMP-79 WAMP-99: in one turn, first the part', () => {
    const request = begin();
    together(() => more(request), yields);
    expect([callee.take(), caller.take()]).toEqual([
      ['answered registered', 'invoked p', 'invoked more p'],
      ['answered result'],
    ]);
  });

  it.each(['kill', 'killnowait', 'skip'] as const)('WAMP-100: never after cancel with %s', (mode) => {
    const request = begin();
    callee.take();
    together(
      () => caller.attachment.cancel(request, mode),
      () => more(request),
    );
    expect(callee.take()).toEqual(mode === 'skip' ? [] : [`interrupted ${mode}`]);
  });
});
