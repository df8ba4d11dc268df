import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RealmBed } from '../../../test/support/realm-bed.js';
import type { RecordingEndpoint } from '../../testing/index.js';
import type { CallCommand, RouterAnswer } from '../index.js';
import { Payload } from '../index.js';

describe('procedures of the router', () => {
  let bed: RealmBed;
  let caller: RecordingEndpoint;

  beforeEach(() => {
    bed = new RealmBed();
    caller = bed.endpoint();
  });
  afterEach(() => bed.end());

  function call(procedure: string, more: Partial<CallCommand> = {}): object {
    const request = {};
    void caller.attachment.call(request, { procedure, payload: Payload.empty, ...more });
    return request;
  }

  /** What the caller was told, in short. */
  function answers(): unknown[] {
    return caller.told.map((told) => {
      if (told.kind !== 'answered') return told.kind;
      const { outcome } = told;
      if (outcome.kind === 'refused') return outcome.code;
      if (outcome.kind === 'failed') return outcome.error;
      return outcome.kind === 'result' ? outcome.payload.values().args : outcome.kind;
    });
  }

  /** A procedure that answers when it is told to. */
  function provideLater(uri: string): (answer: RouterAnswer) => Promise<void> {
    let resolve: (answer: RouterAnswer) => void = () => {};
    bed.broker.provide(uri, () => new Promise((resolved) => (resolve = resolved)));
    return async (answer) => {
      resolve(answer);
      await Promise.resolve();
      await Promise.resolve();
    };
  }

  it('answers with what the procedure returns', () => {
    bed.broker.provide('wamp.test.sum', ({ args }) => ({
      kind: 'result',
      args: [(args as number[]).reduce((sum, each) => sum + each, 0)],
    }));

    call('wamp.test.sum', { payload: Payload.ofValues([1, 2, 3]) });

    expect(answers()).toEqual([[6]]);
  });

  it('tells the procedure who calls, and the keyword arguments', () => {
    const seen: unknown[] = [];
    bed.broker.provide('wamp.test.who', ({ caller: by, procedure, kwargs }) => {
      seen.push(by.session, procedure, { ...kwargs });
      return { kind: 'result', args: [] };
    });

    call('wamp.test.who', { payload: Payload.ofValues([], { a: 1 }) });

    expect(seen).toEqual([caller.attachment.session, 'wamp.test.who', { a: 1 }]);
  });

  it('B12: tells the procedure when nobody waits for its answer any more', () => {
    const calls: { readonly isOver: boolean }[] = [];
    bed.broker.provide('wamp.test.later', (each) => {
      calls.push(each);
      return new Promise(() => {});
    });
    const canceled = call('wamp.test.later');
    call('wamp.test.later', { timeoutMs: 100 });
    call('wamp.test.later');
    const over = (): boolean[] => calls.map(({ isOver }) => isOver);
    expect(over()).toEqual([false, false, false]);
    caller.attachment.cancel(canceled, 'kill');
    expect(over()).toEqual([true, false, false]);
    bed.services.clock.advance(1000);
    expect(over()).toEqual([true, true, false]);
    caller.attachment.detach();
    expect(over()).toEqual([true, true, true]);
  });

  it('passes on an error of the procedure with its URI', () => {
    bed.broker.provide('wamp.test.fail', () => ({ kind: 'failed', error: 'wamp.error.no_such_session' }));

    call('wamp.test.fail');

    expect(answers()).toEqual(['wamp.error.no_such_session']);
  });

  it('passes on a refusal', () => {
    const refused = { kind: 'refused', code: 'not_authorized', reason: 'No.' } as const;
    bed.broker.provide('wamp.test.refuse', () => refused);

    call('wamp.test.refuse');

    expect(answers()).toEqual(['not_authorized']);
  });

  it('WAMP-110: refuses what is under wamp. and provided by nobody, whatever a client has registered', () => {
    const callee = bed.endpoint();
    void callee.attachment.register({}, { pattern: { match: 'prefix', text: '' } });

    call('wamp.test.none');

    expect(answers()).toEqual(['no_such_procedure']);
    expect(callee.told.filter(({ kind }) => kind === 'invoked')).toEqual([]);
  });

  it('answers itself before any registration of a pattern', () => {
    const callee = bed.endpoint();
    void callee.attachment.register({}, { pattern: { match: 'prefix', text: '' } });
    bed.broker.provide('wamp.test.own', () => ({ kind: 'result', args: ['router'] }));

    call('wamp.test.own');

    expect(answers()).toEqual([['router']]);
  });

  it('answers a defect of the procedure with internal, and reports it', () => {
    bed.broker.provide('wamp.test.bug', () => {
      throw new Error('bug');
    });

    call('wamp.test.bug');

    expect(answers()).toEqual(['internal']);
    expect(bed.defects).toEqual(['router.procedure']);
  });

  it('answers a rejected promise with internal, and reports it', async () => {
    bed.broker.provide('wamp.test.bug', () => Promise.reject(new Error('bug')));

    call('wamp.test.bug');
    await new Promise(setImmediate);

    expect(answers()).toEqual(['internal']);
    expect(bed.defects).toEqual(['router.procedure']);
  });

  it('answers a result that no serializer can say with internal', () => {
    bed.broker.provide('wamp.test.bug', () => ({ kind: 'result', args: [() => 1] }));

    call('wamp.test.bug');

    expect(answers()).toEqual(['internal']);
    expect(bed.defects).toEqual(['router.procedure']);
  });

  it('answers arguments that cannot be read with invalid_argument', () => {
    bed.broker.provide('wamp.test.sum', () => ({ kind: 'result', args: [] }));
    const broken = Payload.ofSlices('cbor', Uint8Array.of(0x81, 0xff), undefined);

    call('wamp.test.sum', { payload: broken });

    expect(answers()).toEqual(['wamp.error.invalid_argument']);
  });

  it.each([
    ['arguments in parts', { progressive: true }],
    ['packed arguments', { passthru: { scheme: 'x_secret' } }],
    ['a choice among callees', { shard: 'a' }],
  ])('refuses %s', (_, more) => {
    bed.broker.provide('wamp.test.sum', () => ({ kind: 'result', args: [] }));

    call('wamp.test.sum', more);

    expect(answers()).toEqual(['feature_missing']);
  });

  it('answers later', async () => {
    const answer = provideLater('wamp.test.later');

    call('wamp.test.later');
    expect(answers()).toEqual([]);
    await answer({ kind: 'result', args: ['late'] });

    expect(answers()).toEqual([['late']]);
    expect(bed.broker.stats.calls).toBe(0);
  });

  it('gives a caller that cancels one answer, whatever comes later', async () => {
    const answer = provideLater('wamp.test.later');

    const request = call('wamp.test.later');
    caller.attachment.cancel(request, 'kill');
    await answer({ kind: 'result', args: ['late'] });

    expect(answers()).toEqual(['canceled']);
  });

  it('gives a caller whose time is over one answer, whatever comes later', async () => {
    const answer = provideLater('wamp.test.later');

    call('wamp.test.later', { timeoutMs: 1000 });
    bed.services.clock.advance(2000);
    await answer({ kind: 'result', args: ['late'] });

    expect(answers()).toEqual(['timeout']);
  });

  it('tells a caller that has left nothing', async () => {
    const answer = provideLater('wamp.test.later');

    call('wamp.test.later');
    caller.attachment.detach();
    await answer({ kind: 'result', args: ['late'] });

    expect(answers()).toEqual([]);
    expect(bed.broker.stats.calls).toBe(0);
  });

  it('asks the authorizer as for any call', () => {
    const asked: unknown[] = [];
    const strict = new RealmBed({
      authorizer: {
        decide: (_principal, action, { text }) => {
          asked.push([action, text]);
          return { allow: false };
        },
      },
    });
    caller = strict.endpoint();
    strict.broker.provide('wamp.test.sum', () => ({ kind: 'result', args: [] }));

    call('wamp.test.sum');

    expect(asked).toEqual([['call', 'wamp.test.sum']]);
    expect(answers()).toEqual(['not_authorized']);
    strict.end();
  });

  it('is no registration', () => {
    bed.broker.provide('wamp.test.sum', () => ({ kind: 'result', args: [] }));

    expect(bed.broker.stats.registrations).toBe(0);
    expect([...bed.broker.view.procedures()]).toEqual([]);
    expect(bed.broker.view.procedureFor('wamp.test.sum')).toBeUndefined();
  });

  it('is refused outside of wamp., and twice', () => {
    const procedure = (): RouterAnswer => ({ kind: 'result', args: [] });
    bed.broker.provide('wamp.test.sum', procedure);

    expect(() => bed.broker.provide('com.example.sum', procedure)).toThrow('com.example.sum');
    expect(() => bed.broker.provide('wampum.sum', procedure)).toThrow('wampum.sum');
    expect(() => bed.broker.provide('wamp.test.sum', procedure)).toThrow('already');
  });
});
