import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RealmBed, subscribe } from '../../../test/support/realm-bed.js';
import type { RecordingEndpoint } from '../../testing/index.js';
import type { AttachOptions, Attachment, RealmObserver } from '../index.js';
import { Payload } from '../index.js';

/** Writes down what it is told, with names for sessions. */
function recorder(log: string[], names: Map<number, string>): RealmObserver {
  const by = (session: number): string => names.get(session) ?? String(session);
  return {
    joined: ({ session }) => log.push(`joined ${by(session)}`),
    left: ({ session }) => log.push(`left ${by(session)}`),
    interestCreated: (who, { pattern }) => log.push(`${by(who)} created interest ${pattern.text}`),
    subscribed: (who, { pattern }) => log.push(`${by(who)} subscribed ${pattern.text}`),
    unsubscribed: (who, { pattern }) => log.push(`${by(who)} unsubscribed ${pattern.text}`),
    interestDeleted: (who, { pattern }) => log.push(`${by(who)} deleted interest ${pattern.text}`),
    procedureCreated: (who, { pattern }) => log.push(`${by(who)} created procedure ${pattern.text}`),
    registered: (who, { pattern }) => log.push(`${by(who)} registered ${pattern.text}`),
    unregistered: (who, { pattern }) => log.push(`${by(who)} unregistered ${pattern.text}`),
    procedureDeleted: (who, { pattern }) => log.push(`${by(who)} deleted procedure ${pattern.text}`),
  };
}

describe('what a realm tells those who watch it', () => {
  let bed: RealmBed;
  let log: string[];
  let names: Map<number, string>;

  beforeEach(() => {
    bed = new RealmBed();
    log = [];
    names = new Map();
    bed.broker.observe(recorder(log, names));
  });
  afterEach(() => bed.end());

  function endpoint(name: string): RecordingEndpoint {
    const made = bed.endpoint();
    names.set(made.attachment.session, name);
    log.length = 0;
    return made;
  }

  /** An attachment of its own kind. */
  function attach(options: AttachOptions): Attachment {
    return bed.broker.attach(new Quiet() as never, PRINCIPAL, options);
  }

  it('tells of the first subscription and the last', () => {
    const [alice, bob] = [endpoint('alice'), endpoint('bob')];

    void subscribe(alice, 'a');
    void subscribe(bob, 'a');
    alice.attachment.unsubscribe({}, alice.attachment.subscriptions.get('a'));
    bob.attachment.unsubscribe({}, bob.attachment.subscriptions.get('a'));

    expect(log).toEqual([
      'alice created interest a',
      'alice subscribed a',
      'bob subscribed a',
      'alice unsubscribed a',
      'bob unsubscribed a',
      'bob deleted interest a',
    ]);
  });

  it('tells of several subscriptions of one session to the same topic once', () => {
    const alice = endpoint('alice');

    void subscribe(alice, 'a', 'one');
    void subscribe(alice, 'a', 'two');
    expect([...bed.broker.view.interests()][0]?.subscribers).toEqual([alice.attachment.session]);
    alice.attachment.unsubscribe({}, alice.attachment.subscriptions.get('one'));
    alice.attachment.unsubscribe({}, alice.attachment.subscriptions.get('two'));

    expect(log).toEqual([
      'alice created interest a',
      'alice subscribed a',
      'alice unsubscribed a',
      'alice deleted interest a',
    ]);
  });

  it('tells of the end of what a session held before its own', () => {
    const alice = endpoint('alice');
    void subscribe(alice, 'a');
    void alice.attachment.register({}, { pattern: { match: 'exact', text: 'p' } });
    log.length = 0;

    alice.attachment.detach();

    expect(log).toEqual([
      'alice unsubscribed a',
      'alice deleted interest a',
      'alice unregistered p',
      'alice deleted procedure p',
      'left alice',
    ]);
  });

  it('tells of callees that share a procedure', () => {
    const [alice, bob] = [endpoint('alice'), endpoint('bob')];
    const command = { pattern: { match: 'exact', text: 'p' }, policy: 'roundrobin' } as const;

    void alice.attachment.register({}, command);
    void bob.attachment.register({}, command);
    const [procedure] = [...bed.broker.view.procedures()];
    expect(procedure?.callees).toEqual([alice.attachment.session, bob.attachment.session]);
    expect(procedure?.policy).toBe('roundrobin');
    bob.attachment.detach();

    expect(log).toEqual([
      'alice created procedure p',
      'alice registered p',
      'bob registered p',
      'bob unregistered p',
      'left bob',
    ]);
  });

  it('tells of a procedure that is taken over as of an old one and a new one', () => {
    const [alice, bob] = [endpoint('alice'), endpoint('bob')];
    const pattern = { match: 'exact', text: 'p' } as const;
    void alice.attachment.register({}, { pattern });
    const before = bed.broker.view.procedureOf(pattern)?.id;
    log.length = 0;

    void bob.attachment.register({}, { pattern, takeOver: true });

    expect(log).toEqual([
      'alice unregistered p',
      'alice deleted procedure p',
      'bob created procedure p',
      'bob registered p',
    ]);
    expect(bed.broker.view.procedureOf(pattern)?.id).not.toBe(before);
  });

  it('shows the parts of a client as the client, and never as sessions', () => {
    const whole = attach({});
    names.set(whole.session, 'client');
    const [one, two] = [attach({ within: whole }), attach({ within: whole })];
    log.length = 0;

    for (const part of [one, two])
      void part.subscribe({}, { key: 'a', pattern: { match: 'exact', text: 'a' } });

    expect([...bed.broker.view.sessions()].map(({ session }) => session)).toEqual([whole.session]);
    expect(bed.broker.view.session(one.session)).toBeUndefined();
    expect([...bed.broker.view.interests()].map(({ subscribers }) => subscribers)).toEqual([[whole.session]]);
    whole.detach();
    expect(one.detached && two.detached).toBe(true);
    expect(log).toEqual([
      'client created interest a',
      'client subscribed a',
      'client unsubscribed a',
      'client deleted interest a',
      'left client',
    ]);
  });

  it('shows nobody that is unlisted', () => {
    const hidden = attach({ unlisted: true });

    expect([...bed.broker.view.sessions()]).toEqual([]);
    expect(bed.broker.evict(hidden.session, { code: 'killed', reason: 'Bye.' })).toBe(false);
    hidden.detach();
    expect(log).toEqual([]);
  });

  it('shows no reply address, nor tells of one', () => {
    const alice = endpoint('alice');

    void subscribe(alice, '#reply.secret');

    expect([...bed.broker.view.interests()]).toEqual([]);
    expect(bed.broker.view.interestOf({ match: 'exact', text: '#reply.secret' })).toBeUndefined();
    expect(bed.broker.view.interestsIn('#reply.secret')).toEqual([]);
    alice.attachment.detach();
    expect(log).toEqual(['left alice']);
  });

  it('shows how a session is connected', () => {
    const connection = { transport: 'tcp', token: 'v12.stomp', peer: '192.0.2.1', encrypted: true } as const;
    const made = attach({ protocol: 'stomp', connection });

    const view = bed.broker.view.session(made.session);

    expect([view?.protocol, view?.connection, view?.principal]).toEqual(['stomp', connection, PRINCIPAL]);
    expect(view?.since).toBe(bed.services.clock.wallTime());
    made.detach();
  });

  it('finds interests and procedures as publications and calls would', () => {
    const alice = endpoint('alice');
    const { view } = bed.broker;
    for (const [match, text] of [
      ['exact', 'a.b'],
      ['prefix', 'a'],
      ['wildcard', 'a.'],
    ] as const) {
      void alice.attachment.subscribe({}, { key: `${match} ${text}`, pattern: { match, text } });
      void alice.attachment.register({}, { pattern: { match, text } });
    }

    expect(view.interestsIn('a.b').map(({ pattern }) => pattern.match)).toEqual([
      'exact',
      'prefix',
      'wildcard',
    ]);
    expect(view.procedureFor('a.b')?.pattern.match).toBe('exact');
    expect(view.procedureFor('a.c')?.pattern.match).toBe('prefix');
    expect(view.procedureFor('b')).toBeUndefined();
    const known = view.interestOf({ match: 'prefix', text: 'a' });
    expect(view.interest(known?.id ?? 0)).toBe(known);
    expect(view.interest(9999)).toBeUndefined();
    expect(view.procedure(9999)).toBeUndefined();
  });

  it('goes on when somebody who watches fails', () => {
    bed.broker.observe({
      ...recorder([], names),
      joined: () => {
        throw new Error('bug');
      },
    });

    const alice = endpoint('alice');
    void subscribe(alice, 'a');

    expect(bed.defects).toEqual(['broker.observer']);
    expect(log).toEqual(['alice created interest a', 'alice subscribed a']);
  });
});

describe('sessions that are put out', () => {
  let bed: RealmBed;

  beforeEach(() => void (bed = new RealmBed()));
  afterEach(() => bed.end());

  it('ends one and tells it why', () => {
    const alice = bed.endpoint();

    const done = bed.broker.evict(alice.attachment.session, {
      code: 'killed',
      reason: 'Bye.',
      uri: 'com.bye',
    });

    expect(done).toBe(true);
    expect(alice.told).toEqual([
      { kind: 'evicted', why: { code: 'killed', reason: 'Bye.', uri: 'com.bye' } },
    ]);
    expect(bed.broker.evict(alice.attachment.session, { code: 'killed', reason: 'Bye.' })).toBe(false);
  });

  it('ends all that match', () => {
    const [alice, bob, carol] = [bed.endpoint(), bed.endpoint(), bed.endpoint()];
    const spared = bob.attachment.session;

    const gone = bed.broker.evictAll(({ session }) => session !== spared, { code: 'killed', reason: 'Bye.' });

    expect(gone).toEqual([alice.attachment.session, carol.attachment.session]);
    expect(bob.told).toEqual([]);
    expect([...bed.broker.view.sessions()].map(({ session }) => session)).toEqual([spared]);
  });

  it('tells nobody of those that are put out quietly, nor of what they held', () => {
    const alice = bed.endpoint();
    void subscribe(alice, 'a');
    void alice.attachment.register({}, { pattern: { match: 'exact', text: 'p' } });
    const log: string[] = [];
    bed.broker.observe(recorder(log, new Map()));

    const part = bed.broker.attach(new Quiet() as never, PRINCIPAL, { within: alice.attachment });
    void part.subscribe({}, { key: 'b', pattern: { match: 'exact', text: 'b' } });
    log.length = 0;

    bed.broker.evictAll(() => true, { code: 'killed', reason: 'Bye.' }, { quietly: true });

    expect(log).toEqual([]);
    expect([...bed.broker.view.interests()]).toEqual([]);
  });
});

describe('events of the router', () => {
  let bed: RealmBed;

  beforeEach(() => void (bed = new RealmBed()));
  afterEach(() => bed.end());

  it('reaches those who have subscribed, from nobody', () => {
    const alice = bed.endpoint();
    void subscribe(alice, 'wamp.test.on_x');

    bed.broker.announce('wamp.test.on_x', [1, 'a'], { k: true });

    const told = alice.told.at(-1);
    if (told?.kind !== 'delivered') throw new Error('There was no event.');
    const { args, kwargs } = told.publication.payload.values();
    expect([args, { ...kwargs }, told.publication.publisher]).toEqual([[1, 'a'], { k: true }, undefined]);
  });

  it('makes no arguments if nobody has subscribed to anything of the router', () => {
    const alice = bed.endpoint();
    void alice.attachment.subscribe({}, { key: 'all', pattern: { match: 'prefix', text: '' } });
    let made = 0;

    bed.broker.announce('wamp.test.on_x', () => [(made += 1)]);

    expect(made).toBe(0);
    expect(alice.told.filter(({ kind }) => kind === 'delivered')).toEqual([]);
  });

  it('comes after the answer of the command that causes it', () => {
    const alice = bed.endpoint();
    bed.broker.observe({
      ...recorder([], new Map()),
      subscribed: (_by, { pattern }) => bed.broker.announce('wamp.test.on_x', [pattern.text]),
    });

    void subscribe(alice, 'wamp.test.on_x');

    expect(alice.told.map(({ kind }) => kind)).toEqual(['answered', 'delivered']);
  });

  it('is not retained, and comes to nobody who asks for the past', () => {
    bed.broker.announce('wamp.test.on_x', [1]);
    const alice = bed.endpoint();

    void alice.attachment.subscribe(
      {},
      { key: 'x', pattern: { match: 'exact', text: 'wamp.test.on_x' }, retained: true },
    );

    expect(alice.told.map(({ kind }) => kind)).toEqual(['answered']);
  });

  it('may not be published by a client', () => {
    const alice = bed.endpoint();

    void alice.attachment.publish({}, { topic: 'wamp.session.on_join', payload: Payload.empty }, true);

    expect(alice.told[0]).toMatchObject({ outcome: { kind: 'refused', code: 'reserved_address' } });
  });
});

const PRINCIPAL = { authid: 'a', authrole: 'r', authmethod: 'test', authprovider: 'test' };

/** An endpoint that is told nothing that matters. */
class Quiet {
  readonly features = { callCanceling: false, progressiveResults: false };
  deliver(): boolean {
    return true;
  }
  answer(): void {}
  evict(): void {}
}
