import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { send } from '../../../test/support/queue-bed.js';
import { RealmBed, exact, publish, subscribe } from '../../../test/support/realm-bed.js';
import type { RecordingEndpoint } from '../../testing/index.js';
import type { Action, Authorizer, Decision, Pattern, Principal } from '../index.js';
import { Payload } from '../index.js';

const NOW = 1_700_000_000_000;

let bed: RealmBed;
/** What is not allowed: `<authid or role> <action> <address>`. */
let forbidden: Set<string>;
/** Answers later where it is set. */
let later: Promise<Decision> | undefined;

const authorizer: Authorizer = {
  decide(principal: Principal, action: Action, { text }: Pattern) {
    const { authid, authrole } = principal;
    const allow = ![authid, authrole].some((who) => forbidden.has(`${who} ${action} ${text}`));
    return later ?? { allow };
  },
};

beforeEach(() => {
  forbidden = new Set();
  later = undefined;
  bed = new RealmBed({ authorizer });
});

afterEach(() => bed.end());

/** An endpoint that holds a subscription, a registration, a consumer and a durable subscription, and was told so. */
function holder(principal: Partial<Principal>): RecordingEndpoint {
  const made = bed.endpoint(principal);
  subscribe(made, 'topic');
  made.attachment.register({}, { pattern: exact('procedure') });
  made.attachment.consume({}, { key: 'q', queue: 'jobs', settling: 'explicit' });
  made.attachment.consume({}, { key: 'd', queue: 'mine', binding: exact('kept'), settling: 'explicit' });
  expect(made.take()).toEqual([
    'answered subscribed',
    'answered registered',
    'answered consuming',
    'answered consuming',
  ]);
  return made;
}

/** Sends something to all that `holder` holds. */
function canaries(from: RecordingEndpoint): void {
  publish(from, 'topic');
  publish(from, 'kept');
  send(from, 'jobs', 'canary');
  from.attachment.call({}, { procedure: 'procedure', payload: Payload.empty });
}

const ALL = ['subscribe topic', 'register procedure', 'consume queue.jobs', 'subscribe kept'];

describe('rules that change', () => {
  it('A9: takes away what may not be held any more, and delivers nothing to it from then on', () => {
    const [eve, root] = [holder({ authid: 'eve' }), bed.endpoint({ authid: 'root' })];
    for (const right of ALL) forbidden.add(`eve ${right}`);
    bed.broker.reauthorize();
    expect(eve.take().sort()).toEqual([
      'revoked consumer',
      'revoked consumer',
      'revoked registration',
      'revoked subscription',
    ]);
    canaries(root);
    expect(eve.take()).toEqual([]);
    expect(bed.broker.stats).toMatchObject({ subscriptions: 0, registrations: 0, consumers: 0 });
  });

  it('A9: says that it is for want of a right', () => {
    const eve = bed.endpoint({ authid: 'eve' });
    subscribe(eve, 'topic');
    eve.take();
    forbidden.add('eve subscribe topic');
    bed.broker.reauthorize();
    expect(eve.told.map((told) => told.kind === 'revoked' && told.why.code)).toEqual(['not_authorized']);
  });

  it('A9: leaves alone what is still allowed, and whomever it does not affect', () => {
    const [eve, bob, root] = [holder({ authid: 'eve' }), bed.endpoint({ authid: 'bob' }), bed.endpoint()];
    subscribe(bob, 'topic');
    for (const right of ALL) forbidden.add(`eve ${right}`).add(`bob ${right}`);
    forbidden.delete('eve subscribe kept');
    bob.take();
    bed.broker.reauthorize(({ authid }) => authid === 'eve');
    expect(eve.take()).toHaveLength(3);
    canaries(root);
    expect([eve.take(), bob.take()]).toEqual([['consumed mine '], ['delivered topic']]);
  });

  it('A9: still lets a call be answered that is in progress', () => {
    const [eve, root] = [holder({ authid: 'eve' }), bed.endpoint()];
    root.attachment.call({}, { procedure: 'procedure', payload: Payload.empty });
    const { lastInvocation } = eve;
    forbidden.add('eve register procedure');
    bed.broker.reauthorize();
    expect(eve.take()).toEqual(['invoked procedure', 'revoked registration']);
    eve.attachment.yield(lastInvocation, { payload: Payload.empty });
    expect(root.take()).toEqual(['answered result']);
  });

  it('A9: gives the messages back that a consumer had, and they are not counted as delivered', () => {
    const [eve, bob] = [bed.endpoint({ authid: 'eve' }), bed.endpoint({ authid: 'bob' })];
    eve.attachment.consume({}, { key: 'q', queue: 'jobs', settling: 'explicit' });
    send(bob, 'jobs', 'secret');
    eve.take();
    forbidden.add('eve consume queue.jobs');
    bed.broker.reauthorize();
    bob.attachment.consume({}, { key: 'q', queue: 'jobs', settling: 'auto' });
    expect(eve.take()).toEqual(['revoked consumer']);
    expect(bob.deliveries.map(({ attempt }) => attempt)).toEqual([1]);
  });

  it('A9: drops what is kept back for a subscription that is taken away', () => {
    const [eve, root] = [bed.endpoint({ authid: 'eve' }), bed.endpoint()];
    subscribe(eve, 'topic');
    eve.room = 1;
    publish(root, 'topic');
    publish(root, 'topic');
    eve.take();
    forbidden.add('eve subscribe topic');
    bed.broker.reauthorize();
    eve.attachment.resume();
    expect(eve.take()).toEqual(['revoked subscription']);
  });

  it('A9: keeps things as they are until an authorizer that takes its time has answered', async () => {
    const [eve, root] = [bed.endpoint({ authid: 'eve' }), bed.endpoint()];
    subscribe(eve, 'topic');
    eve.take();
    let decide = (_decision: Decision): void => {};
    later = new Promise((resolve) => (decide = resolve));
    bed.broker.reauthorize(({ authid }) => authid === 'eve');
    const asked = later;
    later = undefined;
    publish(root, 'topic');
    expect(eve.take()).toEqual(['delivered topic']);
    decide({ allow: false });
    await asked;
    await new Promise(setImmediate);
    publish(root, 'topic');
    expect(eve.take()).toEqual(['revoked subscription']);
  });

  it('A9: believes the answer to the last question only', async () => {
    const eve = bed.endpoint({ authid: 'eve' });
    subscribe(eve, 'topic');
    eve.take();
    later = Promise.resolve({ allow: false });
    bed.broker.reauthorize();
    later = undefined;
    bed.broker.reauthorize();
    await new Promise(setImmediate);
    expect(eve.take()).toEqual([]);
  });

  it('A9 A14: takes things away where the authorizer fails, or does not answer', async () => {
    const eve = bed.endpoint({ authid: 'eve' });
    subscribe(eve, 'topic');
    eve.take();
    later = new Promise(() => {});
    bed.broker.reauthorize();
    bed.services.clock.advance(5_100);
    await new Promise(setImmediate);
    expect(eve.take()).toEqual(['revoked subscription']);
  });

  it('A9: adds nothing more to a durable subscription whose owner is away and may not have it any more', () => {
    const [eve, root] = [bed.endpoint({ authid: 'eve' }), bed.endpoint()];
    const take = { key: 'd', queue: 'mine', binding: exact('kept'), settling: 'explicit' } as const;
    eve.attachment.consume({}, take);
    eve.attachment.detach();
    forbidden.add('eve subscribe kept');
    bed.broker.reauthorize();
    publish(root, 'kept');
    forbidden.clear();
    const back = bed.endpoint({ authid: 'eve' });
    back.attachment.consume({}, take);
    publish(root, 'kept');
    expect(back.take()).toEqual(['answered consuming', 'consumed mine ']);
    back.attachment.release({}, back.attachment.consumers.get('d'), true);
  });
});

describe('a principal that is renewed', () => {
  const user = { authid: 'eve', authrole: 'user', authmethod: 'jwt', authprovider: 'test' };

  it('A8: is asked about again, with its new role', () => {
    const [eve, root] = [holder({ ...user, authrole: 'admin' }), bed.endpoint()];
    for (const right of ALL) forbidden.add(`user ${right}`);
    eve.attachment.renew(user);
    expect(eve.take()).toHaveLength(4);
    canaries(root);
    expect(eve.take()).toEqual([]);
    expect(eve.attachment.identity).toEqual({
      session: eve.attachment.session,
      authid: 'eve',
      authrole: 'user',
    });
  });

  it('A8: is known to publishers, callees and receivers by its new role only', () => {
    const [eve, root] = [bed.endpoint({ ...user, authrole: 'admin' }), bed.endpoint()];
    subscribe(eve, 'topic');
    subscribe(root, 'other');
    eve.attachment.renew(user);
    eve.take();
    root.take();
    const eligible = { authroles: new Set(['admin']) };
    publish(root, 'topic', false, { audience: { eligible } });
    publish(eve, 'other', false, { disclose: true });
    const [event] = root.told;
    expect(eve.take()).toEqual([]);
    expect(event?.kind === 'delivered' && event.publication.publisher?.authrole).toBe('user');
  });

  it('A13: gets nothing that was kept back for the role that it had', () => {
    const [eve, root] = [bed.endpoint({ ...user, authrole: 'admin' }), bed.endpoint()];
    subscribe(eve, 'topic');
    eve.room = 1;
    const audience = { eligible: { authroles: new Set(['admin']) } };
    publish(root, 'topic');
    publish(root, 'topic', false, { audience });
    eve.attachment.renew(user);
    eve.take();
    eve.room = 9;
    eve.attachment.resume();
    expect(eve.take()).toEqual([]);
  });

  it('A13: gets nothing from its durable subscription that was for the role that it had', () => {
    const [eve, root] = [bed.endpoint({ ...user, authrole: 'admin' }), bed.endpoint()];
    const take = { key: 'd', queue: 'mine', binding: exact('kept'), settling: 'explicit' } as const;
    eve.attachment.consume({}, take);
    eve.attachment.detach();
    const audience = { eligible: { authroles: new Set(['admin']) } };
    publish(root, 'kept', false, { audience });
    publish(root, 'kept');
    const back = bed.endpoint(user);
    back.attachment.consume({}, take);
    expect(back.take()).toEqual(['answered consuming', 'consumed mine ']);
    back.attachment.release({}, back.attachment.consumers.get('d'), true);
  });
});

describe('credentials that end', () => {
  it('A8: end the session after the time of grace, and not before', () => {
    const eve = bed.endpoint({ authid: 'eve', expiresAt: NOW + 60_000 });
    subscribe(eve, 'topic');
    bed.services.clock.advance(69_900);
    expect(eve.take()).toEqual(['answered subscribed']);
    bed.services.clock.advance(200);
    expect(eve.take()).toEqual(['evicted credentials_expired']);
    expect(bed.broker.stats.subscriptions).toBe(0);
  });

  it('A8: do not end it if they were renewed in time, until the new ones end', () => {
    const principal = { authid: 'eve', authrole: 'user', authmethod: 'jwt', authprovider: 'test' };
    const eve = bed.endpoint({ ...principal, expiresAt: NOW + 60_000 });
    bed.services.clock.advance(65_000);
    eve.attachment.renew({ ...principal, expiresAt: NOW + 120_000 });
    bed.services.clock.advance(60_000);
    expect(eve.take()).toEqual([]);
    bed.services.clock.advance(6_000);
    expect(eve.take()).toEqual(['evicted credentials_expired']);
  });

  it('A8: end it at once if they have ended when it begins, and leave no timer behind', () => {
    const eve = bed.endpoint({ authid: 'eve', expiresAt: NOW - 20_000 });
    const gone = bed.endpoint({ authid: 'eve', expiresAt: NOW + 20_000 });
    gone.attachment.detach();
    bed.services.clock.advance(200);
    expect([eve.take(), gone.take()]).toEqual([['evicted credentials_expired'], []]);
    expect(bed.services.timers.size).toBe(0);
  });

  it('A8: end it also if when they end is no number', () => {
    const eve = bed.endpoint({ authid: 'eve', expiresAt: Number.NaN });
    bed.services.clock.advance(61_000);
    expect(eve.take()).toEqual(['evicted credentials_expired']);
  });

  it('A8: end by the wall clock, also where that is set', () => {
    const eve = bed.endpoint({ authid: 'eve', expiresAt: NOW + 3_600_000 });
    bed.services.clock.stepWallTime(3_700_000);
    bed.services.clock.advance(60_200);
    expect(eve.take()).toEqual(['evicted credentials_expired']);
  });
});

describe('a dead letter', () => {
  const policy = { deadLetter: { kind: 'topic', topic: 'dead' } } as const;

  it.each(['at once', 'later'])(
    'A13: goes nowhere once whoever has said where may not publish there, which the authorizer says %s',
    async (when) => {
      const [eve, root] = [bed.endpoint({ authid: 'eve' }), bed.endpoint()];
      eve.attachment.consume({}, { key: 'q', queue: 'own', settling: 'explicit', arguments: policy });
      eve.attachment.detach();
      subscribe(root, 'dead');
      root.attachment.consume({}, { key: 'q', queue: 'own', settling: 'explicit' });
      for (const text of ['one', 'two']) send(root, 'own', text);
      const [one, two] = root.deliveries;
      root.take();
      root.attachment.settle({}, [{ delivery: one!, verdict: 'reject' }]);
      expect(root.take()).toEqual(['delivered dead']);
      if (when === 'later') later = Promise.resolve({ allow: false });
      else forbidden.add('eve publish dead');
      bed.broker.reauthorize(({ authid }) => authid === 'eve');
      later = undefined;
      await new Promise(setImmediate);
      root.attachment.settle({}, [{ delivery: two!, verdict: 'reject' }]);
      expect(root.take()).toEqual([]);
    },
  );

  it.each([
    ['topic', { kind: 'topic', topic: 'dead' } as const],
    ['queue', { kind: 'queue', name: 'dead' } as const],
  ])('A13 X7: reaches nobody by a %s for whom its event was not', (_what, deadLetter) => {
    const [owner, root] = [
      bed.endpoint({ authid: 'eve', authrole: 'admin' }),
      bed.endpoint({ authrole: 'admin' }),
    ];
    const outsider = bed.endpoint({ authid: 'bob' });
    const wishes = { arguments: { deadLetter }, settling: 'explicit', binding: exact('kept') } as const;
    owner.attachment.consume({}, { key: 'd', queue: 'mine', ...wishes });
    for (const who of [root, outsider]) subscribe(who, 'dead');
    outsider.attachment.consume({}, { key: 'q', queue: 'dead', settling: 'auto' });
    for (const who of [root, outsider, owner]) who.take();
    publish(root, 'kept', false, { audience: { eligible: { authroles: new Set(['admin']) } } });
    const [delivery] = owner.deliveries;
    owner.attachment.settle({}, [{ delivery: delivery!, verdict: 'reject' }]);
    const isTopic = deadLetter.kind === 'topic';
    expect([outsider.take(), root.take()]).toEqual([[], isTopic ? ['delivered dead'] : []]);
    owner.attachment.release({}, owner.attachment.consumers.get('d'), true);
  });
});
