import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RealmBed, exact, publish, subscribe } from '../../../test/support/realm-bed.js';
import type { Decision } from '../index.js';
import { AuthorizerBusy, AuthorizerUnavailable, Payload } from '../index.js';

let bed: RealmBed;

beforeEach(() => {
  bed = new RealmBed();
});

afterEach(() => bed.end());

describe('authorizer', () => {
  const decisions = new Map<string, Decision | Promise<Decision>>();
  const authorizer = {
    decide: (_principal: unknown, action: string, target: { text: string }): Decision | Promise<Decision> => {
      const decision = decisions.get(`${action} ${target.text}`);
      if (decision === undefined) throw new Error('no rule');
      return decision;
    },
  };

  const counters: string[] = [];
  const defects: string[] = [];

  beforeEach(() => {
    decisions.clear();
    counters.length = 0;
    defects.length = 0;
    const count = (name: string): void => void counters.push(name);
    const defect = (where: string): void => void defects.push(where);
    bed = new RealmBed({ authorizer, instrumentation: { count, event() {}, defect } });
  });

  it('refuses each command that is not allowed', () => {
    const one = bed.endpoint();
    for (const action of ['publish a', 'subscribe a', 'register a', 'call a'])
      decisions.set(action, { allow: false });
    publish(one, 'a');
    subscribe(one, 'a');
    one.attachment.register({}, { pattern: exact('a') });
    one.attachment.call({}, { procedure: 'a', payload: Payload.empty });
    expect(one.take()).toEqual(Array(4).fill('answered refused not_authorized'));
  });

  const nothings: [string, unknown][] = [
    ['undefined', undefined],
    ['null', null],
    ['an object that says nothing', {}],
    ['a word', 'yes'],
    ['true', true],
    ['something else where yes or no belongs', { allow: 1 }],
  ];

  it('A14: counts an authorizer that throws, or rejects, as a no, and tells of it', async () => {
    const one = bed.endpoint();
    publish(one, 'unknown');
    decisions.set('publish a', Promise.reject(new Error('down')));
    await publish(one, 'a');
    expect(one.take()).toEqual(Array(2).fill('answered refused authorization_failed'));
    expect(defects).toEqual(['authorizer.decide', 'authorizer.decide']);
    expect(counters).toEqual(['authorizations_failed', 'authorizations_failed']);
  });

  it('A14: tells each kind of failure once until it has answered again, once a minute at most, and counts all', async () => {
    const told: unknown[] = [];
    const instrumentation = {
      count: (name: string): void => void counters.push(name),
      event: (...event: unknown[]): void => void told.push(event),
      defect: (_where: string, error: unknown): void => void told.push((error as Error).message),
    };
    bed = new RealmBed({ authorizer, instrumentation });
    const one = bed.endpoint();
    const ask = async (answer?: Error | Decision): Promise<void> => {
      decisions.delete('publish a');
      if (answer !== undefined) {
        decisions.set('publish a', answer instanceof Error ? Promise.reject(answer) : answer);
      }
      await publish(one, 'a');
    };
    const gone = new AuthorizerUnavailable('wamp.error.no_such_procedure');
    const failures = [undefined, gone, new AuthorizerBusy('too much'), new Error('bug'), undefined, gone];
    for (const failure of failures) await ask(failure);
    const all = [
      'no rule',
      ['authorizer_failed', { realm: 'realm1', reason: 'wamp.error.no_such_procedure' }],
      ['authorizer_failed', { realm: 'realm1', reason: 'busy' }],
      'bug',
    ];
    expect(told.splice(0)).toEqual(all);
    bed.services.clock.advance(60_000);
    for (const failure of failures) await ask(failure);
    expect(told.splice(0)).toEqual([]);
    for (const failure of failures) {
      await ask({ allow: true });
      await ask(failure);
    }
    expect(told.splice(0)).toEqual(all);
    for (const failure of [{ allow: false }, ...failures]) await ask(failure);
    expect(told.splice(0)).toEqual([]);
    bed.services.clock.advance(60_000);
    await ask(gone);
    expect([told.length, counters.length, new Set(counters)]).toEqual([
      1,
      25,
      new Set(['authorizations_failed']),
    ]);
  });

  it('A14 B12: keeps in mind no more kinds of failure than sixteen', async () => {
    const one = bed.endpoint();
    for (let at = 0; at < 40; at += 1) {
      decisions.set('publish a', Promise.reject(new Error(`no row for ${at}`)));
      await publish(one, 'a');
    }
    expect([defects.length, counters.length]).toEqual([16, 40]);
  });

  it.each(nothings)(
    'A14: takes an answer that is none, %s, for a no, now or later',
    async (_what, answer) => {
      const one = bed.endpoint();
      decisions.set('publish a', answer as never);
      decisions.set('publish b', Promise.resolve(answer as never));
      const promised = publish(one, 'b');
      publish(one, 'a');
      await promised;
      expect(one.take()).toEqual(Array(2).fill('answered refused authorization_failed'));
      expect(counters).toEqual(['authorizations_failed', 'authorizations_failed']);
    },
  );

  it('A14: waits so long for an answer and no longer; one that comes too late changes nothing', async () => {
    const [one, two] = [bed.endpoint(), bed.endpoint()];
    decisions.set('subscribe a', { allow: true });
    subscribe(two, 'a');
    two.take();
    let decide = (_decision: Decision): void => {};
    decisions.set('publish a', new Promise<Decision>((resolve) => (decide = resolve)));
    const published = publish(one, 'a');
    bed.services.clock.advance(4_900);
    expect([one.take(), bed.services.timers.size]).toEqual([[], 1]);
    bed.services.clock.advance(200);
    await published;
    decide({ allow: true });
    await Promise.resolve();
    expect([one.take(), two.take()]).toEqual([['answered refused authorization_failed'], []]);
    expect([counters, defects]).toEqual([['authorizations_late', 'authorizations_failed'], []]);
    expect(bed.services.timers.size).toBe(0);
  });

  it('A14: leaves no question behind when the session that has asked is gone', async () => {
    const one = bed.endpoint();
    decisions.set('publish a', new Promise<Decision>(() => {}));
    const published = publish(one, 'a');
    expect(bed.services.timers.size).toBe(1);
    one.attachment.detach();
    await published;
    expect([one.take(), bed.services.timers.size]).toEqual([[], 0]);
  });

  it('A13: asks again where rules have changed while the answer was on its way', async () => {
    const [one, two] = [bed.endpoint(), bed.endpoint()];
    decisions.set('subscribe a', Promise.resolve({ allow: true }));
    const subscribed = subscribe(one, 'a');
    decisions.set('subscribe a', { allow: false });
    bed.broker.reauthorize();
    await subscribed;
    decisions.set('publish a', { allow: true });
    publish(two, 'a');
    expect(one.take()).toEqual(['answered refused not_authorized']);
  });

  it('never lets anonymous clients end sessions, whatever the authorizer says', () => {
    const [nobody, somebody] = [bed.endpoint({ authmethod: 'anonymous' }), bed.endpoint()];
    for (const name of ['kill', 'kill_by_authid', 'kill_by_authrole', 'kill_all']) {
      const procedure = `wamp.session.${name}`;
      decisions.set(`call ${procedure}`, { allow: true });
      for (const who of [nobody, somebody]) who.attachment.call({}, { procedure, payload: Payload.empty });
    }
    expect(nobody.take()).toEqual(Array(4).fill('answered refused not_authorized'));
    expect(somebody.take()).toEqual(Array(4).fill('answered refused no_such_procedure'));
  });

  it('waits for a promise, and drops the command of a session that has left meanwhile', async () => {
    const [one, two] = [bed.endpoint(), bed.endpoint()];
    decisions.set('subscribe a', { allow: true });
    subscribe(two, 'a');
    two.take();
    let decide = (_decision: Decision): void => {};
    decisions.set('publish a', new Promise<Decision>((resolve) => (decide = resolve)));
    const first = publish(one, 'a');
    expect(two.take()).toEqual([]);
    decide({ allow: true });
    await first;
    expect(two.take()).toEqual(['delivered a']);
    const second = publish(one, 'a');
    one.attachment.detach();
    await second;
    expect(two.take()).toEqual([]);
  });

  it('refuses a disclosure that is not allowed', () => {
    const one = bed.endpoint();
    decisions.set('publish a', { allow: true, disclose: false });
    one.attachment.publish({}, { topic: 'a', payload: Payload.empty, disclose: true }, true);
    one.attachment.publish({}, { topic: 'a', payload: Payload.empty }, true);
    expect(one.take()).toEqual(['answered refused disclosure_refused', 'answered published']);
  });

  it('X6: is asked about the canonical pattern, whatever way it was spelled', () => {
    const one = bed.endpoint();
    decisions.set('subscribe a..c', { allow: true });
    one.attachment.subscribe({}, { key: '1', pattern: { match: 'multi', text: 'a..c' } });
    one.attachment.subscribe({}, { key: '2', pattern: { match: 'wildcard', text: 'a..c' } });
    expect(one.take()).toEqual(['answered subscribed', 'answered subscribed']);
    expect(bed.broker.stats.interests).toBe(1);
  });

  it('is not asked about reply addresses, which are rights by themselves', () => {
    const one = bed.endpoint();
    subscribe(one, '#reply.secret');
    publish(one, '#reply.secret');
    expect(one.take()).toEqual(['answered subscribed', 'delivered #reply.secret']);
  });
});
