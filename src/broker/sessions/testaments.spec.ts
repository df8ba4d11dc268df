import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RealmBed, publish, subscribe } from '../../../test/support/realm-bed.js';
import { heard, listen, promptBed } from '../../../test/support/past-bed.js';
import type { RecordingEndpoint } from '../../testing/index.js';
import type { Action, Decision, Pattern, Principal, Testament, TestamentScope } from '../index.js';
import { Payload } from '../index.js';

let bed: RealmBed;
let counted: string[];

const instrumentation = {
  count: (counter: string): void => void counted.push(counter),
  event: (): void => {},
  defect: (): void => {},
};

beforeEach(() => {
  counted = [];
  bed = promptBed({ instrumentation });
});

afterEach(() => bed.end());

/** An event with a text. */
function testament(
  topic: string,
  text: string,
  scope: TestamentScope = 'destroyed',
  more: Partial<Testament['event']> & { readonly ttlMs?: number } = {},
): Testament {
  const { ttlMs, ...event } = more;
  return {
    scope,
    ttlMs,
    event: { topic, payload: Payload.ofBody(Buffer.from(text), 'text/plain'), ...event },
  };
}

function leave(who: RecordingEndpoint, ...of: Parameters<typeof testament>): unknown {
  return who.attachment.testaments.add(testament(...of));
}

const WHY = { code: 'killed', reason: 'Somebody said so.' } as const;

describe('testaments, when rules change', () => {
  /** `<authid> <topic>` */
  let forbidden: Set<string>;
  let later: Promise<unknown> | undefined;
  let mayDisclose: boolean;

  beforeEach(() => {
    mayDisclose = true;
    forbidden = new Set();
    later = undefined;
    const decide = (who: Principal, action: Action, { text }: Pattern): Decision | Promise<Decision> => {
      const allow = action !== 'publish' || !forbidden.has(`${who.authid} ${text}`);
      const decision = { allow, disclose: mayDisclose };
      return later?.then(() => decision) ?? decision;
    };
    bed = promptBed({ instrumentation, authorizer: { decide } });
  });

  it('A9: that may not be published any more are dropped and counted, for good', () => {
    const [heir, eve, bob] = [
      bed.endpoint(),
      bed.endpoint({ authid: 'eve' }),
      bed.endpoint({ authid: 'bob' }),
    ];
    for (const topic of ['a', 'b']) listen(heir, topic);
    heard(heir);
    for (const who of [eve, bob])
      for (const topic of ['a', 'b', 'a'])
        void leave(who, topic, `${who.attachment.principal.authid} ${topic}`);
    forbidden.add('eve a').add('bob a');
    bed.broker.reauthorize(({ authid }) => authid === 'eve');
    expect([eve, bob].map((who) => who.attachment.testaments.size)).toEqual([1, 3]);
    expect(counted).toEqual(['testaments_refused', 'testaments_refused']);
    forbidden.clear();
    eve.attachment.detach();
    expect(heard(heir)).toEqual(['eve b']);
  });

  it('A13: are asked about again if rules change while the answer is on its way', async () => {
    const [heir, eve] = [bed.endpoint(), bed.endpoint({ authid: 'eve' })];
    listen(heir, 'a.b');
    heard(heir);
    void leave(eve, 'a.b', 'last words');
    let answer = (): void => {};
    later = new Promise<void>((go) => (answer = go));
    // What is on its way says yes, because it was asked for before.
    const old = later;
    eve.attachment.detach();
    later = undefined;
    forbidden.add('eve a.b');
    bed.broker.reauthorize();
    answer();
    await old;
    await settled();
    expect([heard(heir), counted]).toEqual([[], ['testaments_refused']]);
  });

  it('A9: that may not show who left them any more are dropped too', () => {
    const eve = bed.endpoint({ authid: 'eve' });
    void leave(eve, 'a', 'x', 'destroyed', { disclose: true });
    void leave(eve, 'a', 'y');
    mayDisclose = false;
    bed.broker.reauthorize();
    expect(eve.attachment.testaments.all.map(({ event }) => event.disclose)).toEqual([undefined]);
    expect(counted).toEqual(['testaments_refused']);
  });

  it('A9: are asked about when who left them is renewed', () => {
    const eve = bed.endpoint({ authid: 'eve' });
    void leave(eve, 'a', 'x');
    forbidden.add('eve a');
    eve.attachment.renew(eve.attachment.principal);
    expect([eve.attachment.testaments.size, counted]).toEqual([0, ['testaments_refused']]);
  });

  it('A9: stay while an authorizer that takes its time is asked, and are counted once', async () => {
    const eve = bed.endpoint({ authid: 'eve' });
    void leave(eve, 'a', 'x');
    forbidden.add('eve a');
    later = Promise.resolve();
    bed.broker.reauthorize();
    bed.broker.reauthorize();
    expect(eve.attachment.testaments.size).toBe(1);
    for (let turn = 0; turn < 10; turn += 1) await later;
    expect([eve.attachment.testaments.size, counted]).toEqual([0, ['testaments_refused']]);
  });
});

describe('testaments', () => {
  it('WAMP-130: are sent when the session ends, those for detached before those for destroyed, each in order', () => {
    const [heir, session] = [bed.endpoint(), bed.endpoint()];
    listen(heir, 'a');
    heard(heir);
    expect([
      leave(session, 'a', '3'),
      leave(session, 'a', '1', 'detached'),
      leave(session, 'a', '4'),
      leave(session, 'a', '2', 'detached'),
    ]).toEqual([undefined, undefined, undefined, undefined]);
    expect(heard(heir)).toEqual([]);
    session.attachment.detach();
    expect(heard(heir)).toEqual(['1', '2', '3', '4']);
    session.attachment.detach();
    expect(heard(heir)).toEqual([]);
  });

  it('WAMP-131: of one scope are dropped by themselves', () => {
    const [heir, session] = [bed.endpoint(), bed.endpoint()];
    listen(heir, 'a');
    heard(heir);
    void leave(session, 'a', 'destroyed');
    void leave(session, 'a', 'detached', 'detached');
    session.attachment.testaments.flush('destroyed');
    session.attachment.detach();
    expect(heard(heir)).toEqual(['detached']);
  });

  it('P19 WAMP-132: are sent when somebody else ends the session, and not if that is to be quiet', () => {
    const [heir, killed, silenced] = [bed.endpoint(), bed.endpoint(), bed.endpoint()];
    listen(heir, 'a');
    heard(heir);
    void leave(killed, 'a', 'killed');
    void leave(silenced, 'a', 'silenced');
    expect(bed.broker.evict(killed.attachment.session, WHY)).toBe(true);
    const { session } = silenced.attachment;
    bed.broker.evictAll((entry) => entry.session === session, WHY, { quietly: true });
    expect(heard(heir)).toEqual(['killed']);
  });

  it('reach what remembers the past: what is retained, a history, a time to live that begins when they are sent', () => {
    const session = bed.endpoint();
    void leave(session, 'h.kept', 'kept', 'destroyed', { retain: true });
    void leave(session, 'h.short', 'short', 'destroyed', { retain: true, ttlMs: 1000 });
    bed.services.clock.advance(5000);
    session.attachment.detach();
    const heir = bed.endpoint();
    listen(heir, 'h.short', { retained: true });
    listen(heir, 'h.kept', { replay: { kind: 'last', count: 9 } });
    expect(heard(heir)).toEqual(['subscribed', '*short', 'subscribed recovered:true', 'kept']);
    bed.services.clock.advance(1001);
    const late = bed.endpoint();
    listen(late, 'h.short', { retained: true });
    expect(heard(late)).toEqual(['subscribed']);
  });

  it('tell who left them if they were to, and reach those only for whom they are', () => {
    const [friend, other] = [bed.endpoint(), bed.endpoint()];
    const session = bed.endpoint();
    listen(friend, 'a');
    listen(other, 'a');
    heard(other);
    const audience = { eligible: { sessions: new Set([friend.attachment.session]) } };
    void leave(session, 'a', 'x', 'destroyed', { audience, disclose: true });
    session.attachment.detach();
    expect(heard(other)).toEqual([]);
    const told = friend.told.at(-1);
    expect(told?.kind === 'delivered' && told.publication.publisher).toEqual({
      session: session.attachment.session,
      authid: 'tester',
      authrole: 'user',
    });
  });

  it('do not reach the session that left them, and come after all that it had published', () => {
    const [heir, session] = [bed.endpoint(), bed.endpoint()];
    subscribe(heir, 'a');
    subscribe(session, 'a');
    void leave(session, 'a', 'last');
    void publish(session, 'a', false, { payload: Payload.ofBody(Buffer.from('before'), 'text/plain') });
    heard(session);
    session.attachment.detach();
    expect(heard(session)).toEqual([]);
    expect(heard(heir)).toEqual(['subscribed', 'before', 'last']);
  });

  it('P19: beyond their number are refused; a thousand of them change nothing', () => {
    const session = bed.endpoint();
    const answers = Array.from({ length: 1000 }, () => leave(session, 'a', 'x'));
    expect(answers.slice(0, 100).every((answer) => answer === undefined)).toBe(true);
    expect(answers[100]).toMatchObject({
      code: 'limit_exceeded',
      reason: 'A session may have 100 testaments.',
    });
    expect(session.attachment.testaments.size).toBe(100);
    session.attachment.testaments.flush();
    expect(leave(session, 'a', 'x')).toBeUndefined();
  });

  it('P19: beyond their bytes are refused, payloads, headers and lists of receivers together', () => {
    const session = bed.endpoint();
    const tooLong = 'x'.repeat(1024 * 1024);
    const names = { eligible: { authids: new Set(Array.from({ length: 20_000 }, (_, at) => `name-${at}`)) } };
    expect(leave(session, 'a', tooLong)).toMatchObject({ code: 'limit_exceeded' });
    expect(leave(session, 'a', '', 'destroyed', { headers: new Map([['h', tooLong]]) })).toBeDefined();
    expect(leave(session, 'a', '', 'destroyed', { audience: names })).toBeDefined();
    expect(leave(session, 'a', 'x'.repeat(600_000))).toBeUndefined();
    expect(leave(session, 'a', 'x'.repeat(600_000))).toMatchObject({
      reason: 'The testaments of a session may have 1048576 bytes.',
    });
    session.attachment.testaments.flush('destroyed');
    expect(leave(session, 'a', 'x'.repeat(600_000))).toBeUndefined();
  });

  it('P19 B18: are counted with what they are shared out by, and with what they are packed with', () => {
    const session = bed.endpoint();
    const keyid = 'k'.repeat(600_000);
    expect(leave(session, 'a.b', 'x', 'destroyed', { passthru: { scheme: 'x_y', keyid } })).toBeUndefined();
    expect(leave(session, 'a.b', 'x', 'destroyed', { shard: keyid })).toMatchObject({
      code: 'limit_exceeded',
    });
  });

  it('P19: to topics of the router, or to what is no topic, are refused when they are left', () => {
    const session = bed.endpoint();
    expect(leave(session, 'wamp.session.on_leave', 'x')).toMatchObject({ code: 'reserved_address' });
    expect(leave(session, '', 'x')).toMatchObject({ code: 'invalid_address' });
    expect(session.attachment.testaments.size).toBe(0);
  });
});

describe('testaments, with an authorizer,', () => {
  let forbidden: Set<string>;
  let answers: ((decision: Decision) => void)[];

  beforeEach(() => {
    bed.end();
    forbidden = new Set();
    answers = [];
    const authorizer = {
      decide: (_who: unknown, _action: string, { text }: { readonly text: string }) =>
        text.startsWith('late')
          ? new Promise<Decision>((resolve) => answers.push(resolve))
          : { allow: !forbidden.has(text), disclose: text !== 'a.secret' },
    };
    bed = new RealmBed({ authorizer, instrumentation });
  });

  it('P19 WAMP-133: are asked about when they are left', () => {
    const session = bed.endpoint();
    forbidden.add('a.b');
    expect(leave(session, 'a.b', 'x')).toMatchObject({ code: 'not_authorized' });
    expect(leave(session, 'a.secret', 'x', 'destroyed', { disclose: true })).toMatchObject({
      code: 'disclosure_refused',
    });
    expect(session.attachment.testaments.size).toBe(0);
  });

  it('P19 WAMP-133: are asked about again when they are sent', () => {
    const [heir, session] = [bed.endpoint(), bed.endpoint()];
    listen(heir, 'a.b');
    listen(heir, 'a.c');
    heard(heir);
    void leave(session, 'a.b', 'forbidden by now');
    void leave(session, 'a.c', 'allowed');
    forbidden.add('a.b');
    bed.broker.evict(session.attachment.session, WHY);
    expect(heard(heir)).toEqual(['allowed']);
    expect(counted).toEqual(['testaments_refused']);
  });

  it('wait for an answer that comes after the session has gone, and keep their order', async () => {
    const [heir, session] = [bed.endpoint(), bed.endpoint()];
    for (const topic of ['late.1', 'late.2', 'a.b']) {
      listen(heir, topic);
      for (const answer of answers.splice(0)) answer({ allow: true });
      await settled();
      const added = leave(session, topic, topic);
      for (const answer of answers.splice(0)) answer({ allow: true });
      expect(await added).toBeUndefined();
    }
    heard(heir);
    session.attachment.detach();
    expect(answers).toHaveLength(2);
    answers[1]?.({ allow: true });
    await settled();
    expect(heard(heir)).toEqual([]);
    answers[0]?.({ allow: true });
    await settled();
    expect(heard(heir)).toEqual(['late.1', 'late.2', 'a.b']);
  });

  it('are not kept if the answer comes when the session has gone', async () => {
    const [heir, session] = [bed.endpoint(), bed.endpoint()];
    const added = leave(session, 'late.1', 'x');
    session.attachment.detach();
    answers[0]?.({ allow: true });
    expect(await added).toBeDefined();
    expect(heard(heir)).toEqual([]);
  });

  it('are not sent if nobody answers in time', async () => {
    const session = bed.endpoint();
    const added = leave(session, 'late.1', 'x');
    answers.shift()?.({ allow: true });
    await added;
    session.attachment.detach();
    bed.services.clock.advance(5001);
    await settled();
    expect(counted).toContain('testaments_refused');
  });
});

/** Promises that are fulfilled have told it. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}
