import { afterEach, describe, expect, it } from '@jest/globals';
import { Peers } from '../../../../test/support/wamp-peer.js';
import type { WampPeer } from '../../../../test/support/wamp-peer.js';
import { wampServices } from '../../../../test/support/wamp-services.js';
import { StompPeer } from '../../../testing/stomp-peer.js';
import type { Authenticator, Authorizer, Decision } from '../../../broker/index.js';
import { MemoryHistoryStore } from '../../../engines/memory/index.js';
import type { TestServices, TestServicesOptions } from '../../../testing/index.js';

let services: TestServices;
let peers: Peers;

/** Everybody is who HELLO says: `role-name`. */
const byName: Authenticator = {
  methods: ['ticket'],
  begin: ({ authid = 'user-x' }) => ({
    kind: 'accepted',
    principal: { authid, authrole: authid.split('-')[0]!, authmethod: 'ticket', authprovider: 'test' },
  }),
};

function start(options: TestServicesOptions = {}): void {
  services = wampServices({
    authenticator: byName,
    stores: { history: new MemoryHistoryStore() },
    history: [{ match: 'log.#', entries: 1000 }],
    ...options,
  });
  peers = new Peers(services);
}

afterEach(() => peers.end());

function join(authid: string): WampPeer {
  const roles = '{"publisher":{},"subscriber":{},"caller":{}}';
  return peers.join(`[1,"realm1",{"authid":"${authid}","authmethods":["ticket"],"roles":${roles}}]`);
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) await Promise.resolve();
}

interface Answer {
  readonly texts: readonly unknown[] | string;
  readonly kwargs: Readonly<Record<string, unknown>> | undefined;
}

async function ask(peer: WampPeer, subscription: unknown, kwargs: object = {}): Promise<Answer> {
  peer.send(JSON.stringify([48, 1, {}, 'wamp.subscription.get_events', [subscription], kwargs]));
  await turns();
  const [answer] = peer.takeParsed();
  if (answer?.[0] === 8) return { texts: String(answer[4]), kwargs: undefined };
  const [entries] = answer![3] as [{ args?: unknown[] }[]];
  return { texts: entries.map(({ args }) => args?.[0]), kwargs: answer?.[4] as Answer['kwargs'] };
}

function say(peer: WampPeer, topic: string, text: unknown, options: object = {}): void {
  peer.send(JSON.stringify([16, 1, options, topic, [text]]));
}

describe('a history, to those who ask for it,', () => {
  it('X7 WAMP-138: shows events that were for some only to those, by authid and authrole', async () => {
    start();
    const [publisher, admin, user] = [join('user-p'), join('admin-a'), join('user-u')];
    say(publisher, 'log.a', 'all');
    say(publisher, 'log.a', 'admins', { eligible_authrole: ['admin'] });
    say(publisher, 'log.a', 'not u', { exclude_authid: ['user-u'] });
    say(publisher, 'log.a', 'nobody', { eligible_authid: [] });
    expect((await ask(admin, 'log.a')).texts).toEqual(['all', 'admins', 'not u']);
    expect((await ask(user, 'log.a')).texts).toEqual(['all']);
  });

  it('X7 WAMP-138: shows nobody an event that named sessions, whoever has their ids by now', async () => {
    start();
    const [publisher, user] = [join('user-p'), join('user-u')];
    say(publisher, 'log.a', 'eligible', { eligible: [1002] });
    say(publisher, 'log.a', 'exclude', { exclude: [4711] });
    expect((await ask(user, 'log.a')).texts).toEqual([]);
    expect((await ask(publisher, 'log.a')).texts).toEqual([]);
  });

  it('WAMP-138: counts only what the asker may see for the limit, from both ends', async () => {
    start();
    const [publisher, user] = [join('admin-p'), join('user-u')];
    for (let at = 0; at < 700; at += 1) {
      say(publisher, 'log.a', at, at % 100 === 0 ? {} : { eligible_authrole: ['admin'] });
    }
    expect((await ask(user, 'log.a', { limit: 3 })).texts).toEqual([0, 100, 200]);
    expect((await ask(user, 'log.a', { limit: 2, reverse: true })).texts).toEqual([600, 500]);
    expect(await ask(user, 'log.a')).toEqual({ texts: [0, 100, 200, 300, 400, 500, 600], kwargs: undefined });
  });

  it('shows a publisher its own events, and nobody one that has expired', async () => {
    start();
    const publisher = join('user-p');
    say(publisher, 'log.a', 'mine', { exclude_me: true });
    say(publisher, 'log.a', 'short', { _ttl: 1000 });
    expect((await ask(publisher, 'log.a')).texts).toEqual(['mine', 'short']);
    services.clock.advance(1001);
    expect((await ask(publisher, 'log.a')).texts).toEqual(['mine']);
  });

  it('WAMP-139: needs the right to subscribe to the very pattern', async () => {
    const decisions = new Map<string, Decision | Promise<Decision>>();
    const authorizer: Authorizer = {
      decide: ({ authid }, action, { text }) =>
        authid === 'admin-a' || action !== 'subscribe'
          ? { allow: true }
          : (decisions.get(text) ?? { allow: false }),
    };
    start({ authorizer });
    const [admin, user] = [join('admin-a'), join('user-u')];
    for (const topic of ['log.a', 'log.b', 'log.c']) say(admin, topic, topic);
    admin.send('[32,2,{"match":"prefix"},"log."]');
    const id = admin.takeParsed()[0]?.[2] as number;
    expect((await ask(user, id)).texts).toBe('wamp.error.no_such_subscription');
    expect((await ask(user, 'log.a')).texts).toBe('wamp.error.not_authorized');
    decisions.set('log.a', Promise.resolve({ allow: true }));
    expect((await ask(user, 'log.a')).texts).toEqual(['log.a']);
    expect((await ask(user, id)).texts).toBe('wamp.error.no_such_subscription');
    decisions.set('log.', { allow: true, filtered: true });
    decisions.set('log.b', { allow: true });
    // Topic by topic, whether or not the answer is there at once.
    expect((await ask(user, id)).texts).toEqual(['log.a', 'log.b']);
  });

  it('A20: is told of by id to those who may not subscribe as if there were no such subscription', async () => {
    let down = false;
    const decide: Authorizer['decide'] = ({ authid }, action) => {
      if (down && action === 'subscribe') throw new Error('down');
      return { allow: authid === 'admin-a' || action !== 'subscribe' };
    };
    start({ authorizer: { decide } });
    const [admin, user] = [join('admin-a'), join('user-u')];
    const [kept, other] = ['log.a', 'other'].map((topic) => {
      admin.send(`[32,2,{},"${topic}"]`);
      return admin.takeParsed()[0]?.[2] as number;
    });
    const answers = async (who: WampPeer, kwargs: object = {}): Promise<unknown[]> => {
      const all: unknown[] = [];
      for (const id of [kept, other, 4711]) all.push((await ask(who, id, kwargs)).texts);
      return all;
    };
    const none = 'wamp.error.no_such_subscription';
    expect(await answers(user)).toEqual([none, none, none]);
    expect(await answers(user, { limit: 0 })).toEqual(Array(3).fill('wamp.error.invalid_argument'));
    expect(await answers(admin)).toEqual([[], 'wamp.error.history_unavailable', none]);
    down = true;
    expect(await answers(user)).toEqual([none, none, none]);
    // Whoever holds them knows them.
    expect((await answers(admin))[0]).toBe('wamp.error.authorization_failed');
  });

  it('A14 B12 WAMP-139: asks an authorizer that takes its time about a few topics at once, for one question at a time', async () => {
    let slow = false;
    let [open, most] = [0, 0];
    const decide: Authorizer['decide'] = (_principal, action, { match }) => {
      if (action !== 'subscribe') return { allow: true };
      if (match !== 'exact') return { allow: true, filtered: true };
      if (!slow) return { allow: true };
      most = Math.max(most, (open += 1));
      return new Promise((answer) => setImmediate(() => answer({ allow: (open -= 1) >= 0 })));
    };
    start({ authorizer: { decide } });
    const user = join('user-u');
    for (let at = 0; at < 100; at += 1) say(user, `log.${at}`, at);
    user.send('[32,2,{"match":"prefix"},"log."]');
    const id = user.takeParsed()[0]?.[2] as number;
    slow = true;
    const calls = [11, 12, 13];
    for (const request of calls) user.send(`[48,${request},{},"wamp.subscription.get_events",[${id}]]`);
    const counts = new Map<unknown, number>();
    while (counts.size < calls.length) {
      await new Promise(setImmediate);
      services.clock.flush();
      for (const [, request, , args] of user.takeParsed())
        counts.set(request, (args as [unknown[]])[0].length);
    }
    expect([[...counts], most]).toEqual([calls.map((request) => [request, 100]), 16]);
  });

  it('is told in as many bytes as a subscription may begin with, and says how to go on', async () => {
    start({ brokerLimits: { replayBytes: 3000 } });
    const user = join('user-u');
    for (let at = 0; at < 6; at += 1) say(user, 'log.a', `${at}${'x'.repeat(1000)}`);
    const seen: unknown[] = [];
    let kwargs: object = { reverse: true };
    for (let rounds = 0; rounds < 9; rounds += 1) {
      const answer = await ask(user, 'log.a', kwargs);
      seen.push(...(answer.texts as string[]).map((text) => text[0]));
      if (answer.kwargs === undefined) break;
      expect(answer.kwargs['more']).toBe(true);
      kwargs = { reverse: true, before_publication: answer.kwargs['next'] };
    }
    expect(seen).toEqual(['5', '4', '3', '2', '1', '0']);
  });

  it('is told in no longer messages than the transport takes', async () => {
    start();
    const user = join('user-u');
    for (let at = 0; at < 6; at += 1) say(user, 'log.a', `${at}${'x'.repeat(1000)}`);
    const small = peers.connect();
    Object.assign(small.link, { maxFrameBytes: 4096 });
    small.send('[1,"realm1",{"authid":"user-s","authmethods":["ticket"],"roles":{"caller":{}}}]').take();
    const { texts, kwargs } = await ask(small, 'log.a');
    expect([texts.length, kwargs]).toEqual([2, { more: true, next: expect.any(Number) }]);
  });

  it('tells of an event that no answer could hold, without what it carries', async () => {
    start({ brokerLimits: { replayBytes: 2000 } });
    const user = join('user-u');
    say(user, 'log.a', 'x'.repeat(5000));
    say(user, 'log.a', 'short');
    const { texts, kwargs } = await ask(user, 'log.a');
    expect([texts, kwargs]).toEqual([[undefined], { more: true, next: expect.any(Number) }]);
    expect((await ask(user, 'log.a', { after_publication: kwargs?.['next'] })).texts).toEqual(['short']);
  });

  it('is told in fewer events than were asked for, where that is more than may be', async () => {
    start({ brokerLimits: { replayMessages: 2 } });
    const user = join('user-u');
    for (const text of [1, 2, 3]) say(user, 'log.a', text);
    expect(await ask(user, 'log.a', { limit: 3 })).toEqual({
      texts: [1, 2],
      kwargs: { more: true, next: expect.any(Number) },
    });
    expect(await ask(user, 'log.a', { limit: 2 })).toEqual({ texts: [1, 2], kwargs: undefined });
  });

  it('WAMP-139: is told to clients of STOMP too, for a SEND to /rpc/wamp.subscription.get_events', async () => {
    start();
    const publisher = join('user-p');
    say(publisher, 'log.a', 'one');
    say(publisher, 'log.a', 'admins', { eligible_authrole: ['admin'] });
    const stomp = StompPeer.connect(services, {}, { login: 'user-s', passcode: 'x' });
    stomp.send(
      'SEND',
      {
        destination: '/rpc/wamp.subscription.get_events',
        'reply-to': '/temp-queue/answers',
        'content-type': 'application/wamp+json',
      },
      '{"args":["log.a"],"kwargs":{"limit":10}}',
    );
    await turns();
    const [answer] = stomp.take();
    const [entry, ...others] = JSON.parse(String(answer?.body)) as Record<string, unknown>[];
    expect([entry?.['args'], entry?.['publication'], others]).toEqual([['one'], expect.any(Number), []]);
    stomp.disconnect();
  });
});
