import type { FeatureClient } from './client.js';
import type { FeatureBed } from './scenarios.js';

/** What real clients do with the router's own procedures and topics. */
export const META_SCENARIOS = {
  'session meta API': sessions,
  'registration meta API': registrations,
  'subscription meta API': subscriptions,
  'killing sessions': killing,
  testaments,
  'event history': eventHistory,
} satisfies Record<string, (bed: FeatureBed) => Promise<unknown>>;

/** The first argument of a result. */
async function ask(client: FeatureClient, procedure: string, ...args: unknown[]): Promise<unknown> {
  const { error, args: results } = await client.call(procedure, args).answer;
  return error ?? results[0];
}

/** Sessions that come and go are told of, counted and shown. */
async function sessions(bed: FeatureBed): Promise<unknown> {
  const alice = await bed.join('alice');
  const joined = await alice.subscribe('wamp.session.on_join');
  const left = await alice.subscribe('wamp.session.on_leave');
  const bob = await bed.join('bob');
  const { session, authid, authrole } = (await joined.events.take()).args[0] as Record<string, unknown>;
  const counts = [await ask(alice, 'wamp.session.count'), await ask(alice, 'wamp.session.count', ['guests'])];
  const listed = (await ask(alice, 'wamp.session.list')) as number[];
  const shown = (await ask(alice, 'wamp.session.get', bob.session)) as Record<string, unknown>;
  await bob.leave();
  return {
    joined: [session === bob.session, authid, authrole],
    counts,
    listed: listed.includes(alice.session) && listed.includes(bob.session),
    shown: shown['authid'],
    left: (await left.events.take()).args.map((arg) => (arg === bob.session ? 'bob’s' : arg)),
    gone: await ask(alice, 'wamp.session.get', bob.session),
  };
}

/** A registration from its beginning to its end. */
async function registrations(bed: FeatureBed): Promise<unknown> {
  const [alice, bob] = [await bed.join('alice'), await bed.join('bob')];
  const topics = ['on_create', 'on_register', 'on_unregister', 'on_delete'];
  const heard = await Promise.all(topics.map((topic) => alice.subscribe(`wamp.registration.${topic}`)));
  const { end, id } = await bob.register('com.example.p', () => ({}), { match: 'prefix' });
  const found = [
    await ask(alice, 'wamp.registration.lookup', 'com.example.p', { match: 'prefix' }),
    await ask(alice, 'wamp.registration.match', 'com.example.procedure'),
  ];
  const { uri, match } = (await ask(alice, 'wamp.registration.get', id)) as Record<string, unknown>;
  const callees = (await ask(alice, 'wamp.registration.list_callees', id)) as unknown[];
  const count = await ask(alice, 'wamp.registration.count_callees', id);
  await end();
  const events: unknown[] = [];
  for (const { events: mailbox } of heard) events.push((await mailbox.take()).args[0] === bob.session);
  return {
    found: found.map((registration) => registration === id),
    shown: [uri, match],
    callees: callees.map((callee) => callee === bob.session),
    count,
    events,
  };
}

/** A subscription from its beginning to its end. */
async function subscriptions(bed: FeatureBed): Promise<unknown> {
  const [alice, bob] = [await bed.join('alice'), await bed.join('bob')];
  const topics = ['on_create', 'on_subscribe', 'on_unsubscribe', 'on_delete'];
  const heard = await Promise.all(topics.map((topic) => alice.subscribe(`wamp.subscription.${topic}`)));
  const { end, id } = await bob.subscribe('com.example.t');
  const found = [
    await ask(alice, 'wamp.subscription.lookup', 'com.example.t'),
    ...((await ask(alice, 'wamp.subscription.match', 'com.example.t')) as unknown[]),
  ];
  const { uri, match } = (await ask(alice, 'wamp.subscription.get', id)) as Record<string, unknown>;
  const subscribers = (await ask(alice, 'wamp.subscription.list_subscribers', id)) as unknown[];
  const count = await ask(alice, 'wamp.subscription.count_subscribers', id);
  await end();
  const events: unknown[] = [];
  for (const { events: mailbox } of heard) {
    for (;;) {
      // Alice is told of her own subscriptions as well.
      const { args } = await mailbox.take();
      if (args[0] !== bob.session) continue;
      events.push(true);
      break;
    }
  }
  return {
    found: found.map((subscription) => subscription === id),
    shown: [uri, match],
    subscribers: subscribers.map((subscriber) => subscriber === bob.session),
    count,
    events,
  };
}

/** A session is ended by another one. */
async function killing(bed: FeatureBed): Promise<unknown> {
  const [alice, bob] = [await bed.join('alice'), await bed.join('bob')];
  const { session } = bob;
  const reason = { reason: 'com.example.closed', message: 'Out.' };
  const { error } = await alice.call('wamp.session.kill', [session], reason).answer;
  await bob.gone;
  return [
    error ?? 'done',
    await ask(alice, 'wamp.session.kill', session),
    await ask(alice, 'wamp.session.count'),
  ];
}

/** What a session has left behind is published when it ends, unless it has flushed that. */
async function testaments(bed: FeatureBed): Promise<unknown> {
  const [alice, bob, carol] = [await bed.join('alice'), await bed.join('bob'), await bed.join('carol')];
  const { events } = await alice.subscribe('com.example.will');
  await ask(carol, 'wamp.session.add_testament', 'com.example.will', ['flushed'], {});
  await ask(carol, 'wamp.session.flush_testaments');
  await carol.leave();
  await ask(bob, 'wamp.session.add_testament', 'com.example.will', ['gone'], { who: 'bob' });
  await bob.leave();
  const { args, kwargs } = await events.take();
  return [args, kwargs, events.left.length];
}

/** What was published before can be asked for. */
async function eventHistory(bed: FeatureBed): Promise<unknown> {
  const [alice, bob] = [await bed.join('alice'), await bed.join('bob')];
  const { id } = await bob.subscribe('com.example.log');
  for (const n of [1, 2, 3]) await alice.publish('com.example.log', [n]);
  const asked = [{}, { limit: 2 }, { limit: 2, reverse: true }];
  const answers: unknown[] = [];
  for (const kwargs of asked) {
    const { error, args } = await bob.call('wamp.subscription.get_events', [id], kwargs).answer;
    const entries = (args[0] ?? []) as readonly { readonly args: unknown }[];
    answers.push(error ?? entries.map((entry) => entry.args));
  }
  return answers;
}
