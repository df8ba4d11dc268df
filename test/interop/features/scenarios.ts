import type { Args, FeatureClient, Heard, Join, Make, Serializer } from './client.js';
import { outcomeOf } from './client.js';
import { CALL_SCENARIOS } from './call-scenarios.js';
import { META_SCENARIOS } from './meta-scenarios.js';

/** Real clients of one make at one server, all of which leave in the end. */
export class FeatureBed {
  readonly #clients: FeatureClient[] = [];

  constructor(
    private readonly url: string,
    private readonly makes: Readonly<Record<Make, Join>>,
    readonly make: Make,
    private readonly serializer: Serializer,
  ) {}

  /** Joins under a name, with the make that is under test unless another is named: for what that one cannot do. */
  async join(authid: string, make = this.make): Promise<FeatureClient> {
    const client = await this.makes[make](this.url, this.serializer, authid);
    this.#clients.push(client);
    return client;
  }

  async leave(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((client) => client.leave()));
  }
}

/** What real clients do, in Node and in a browser; each tells what it saw. */
export const SCENARIOS = {
  events,
  order,
  patterns,
  exclusion,
  whitelists,
  'hearing oneself': hearingOneself,
  'publisher disclosure': publisherDisclosure,
  retention,
  unsubscribing,
  'refused publications': refusedPublications,
  ...CALL_SCENARIOS,
  ...META_SCENARIOS,
} satisfies Record<string, (bed: FeatureBed) => Promise<unknown>>;

/** The name of a scenario. */
export type ScenarioName = keyof typeof SCENARIOS;

const VALUES: Args = [1, -0.5, 'żółw 𝄞', null, true, [1, [2]], { a: { b: [] } }, Number.MAX_SAFE_INTEGER];

/** Arguments and keyword arguments arrive as they are. */
async function events(bed: FeatureBed): Promise<unknown> {
  const [alice, bob] = [await bed.join('alice'), await bed.join('bob')];
  const { events: heard } = await bob.subscribe('com.example.news');
  await alice.publish('com.example.news', VALUES, { key: 'value' });
  const { args, kwargs } = await heard.take();
  return [args, kwargs];
}

/** What one session publishes keeps its order. */
async function order(bed: FeatureBed): Promise<unknown> {
  const [alice, bob] = [await bed.join('alice'), await bed.join('bob')];
  const { events: heard } = await bob.subscribe('com.example.count');
  const numbers = Array.from({ length: 100 }, (_, n) => n);
  await Promise.all(numbers.map((n) => alice.publish('com.example.count', [n])));
  const taken: Heard[] = [];
  while (taken.length < numbers.length) taken.push(await heard.take());
  return taken.every(({ args: [n] }, index) => n === index);
}

/** Patterns match by prefix and wildcard, and the event names its topic. */
async function patterns(bed: FeatureBed): Promise<unknown> {
  const [alice, bob] = [await bed.join('alice'), await bed.join('bob')];
  const prefix = await bob.subscribe('com.exam', { match: 'prefix' });
  const wildcard = await bob.subscribe('com..deep', { match: 'wildcard' });
  for (const topic of ['org.example.deep', 'com.example.deep', 'com.other.deep', 'com.example.x.y']) {
    await alice.publish(topic, [topic]);
  }
  const topics: unknown[] = [];
  for (const { events: heard } of [prefix, prefix, wildcard, wildcard]) {
    const { args, details } = await heard.take();
    topics.push(details['topic'] === args[0] ? args[0] : [args[0], details['topic']]);
  }
  return topics;
}

/** Sessions, names and roles can be left out. */
async function exclusion(bed: FeatureBed): Promise<unknown> {
  return audience(bed, ({ bob }) => [
    { exclude: [bob.session] },
    { exclude_authid: ['bob'] },
    { exclude_authrole: ['guests'] },
  ]);
}

/** Sessions, names and roles can be singled out. */
async function whitelists(bed: FeatureBed): Promise<unknown> {
  return audience(bed, ({ bob }) => [
    { eligible: [bob.session] },
    { eligible_authid: ['bob'] },
    { eligible_authrole: ['guests'] },
  ]);
}

/** Who of bob (a guest) and carol (of the staff) hears what is published with these options. */
async function audience(
  bed: FeatureBed,
  options: (bob: { readonly bob: FeatureClient }) => readonly Record<string, unknown>[],
): Promise<unknown> {
  const [alice, bob, carol] = [await bed.join('alice'), await bed.join('bob'), await bed.join('carol')];
  const listeners = [
    { name: 'bob', ...(await bob.subscribe('com.example.some')) },
    { name: 'carol', ...(await carol.subscribe('com.example.some')) },
  ];
  const rounds = options({ bob });
  for (const [round, option] of rounds.entries())
    await alice.publish('com.example.some', [round], {}, option);
  await alice.publish('com.example.some', ['all']);
  const heard: Record<string, unknown[]> = {};
  for (const { name, events: mailbox } of listeners) {
    heard[name] = [];
    for (let last: unknown; last !== 'all'; heard[name].push(last)) [last] = (await mailbox.take()).args;
  }
  return heard;
}

/** A publisher hears itself only if it wants that. */
async function hearingOneself(bed: FeatureBed): Promise<unknown> {
  const alice = await bed.join('alice');
  const { events: heard } = await alice.subscribe('com.example.self');
  await alice.publish('com.example.self', ['unheard']);
  await alice.publish('com.example.self', ['heard'], {}, { exclude_me: false });
  return [(await heard.take()).args, heard.left.length];
}

/** A publisher is named if it wants that. */
async function publisherDisclosure(bed: FeatureBed): Promise<unknown> {
  const [alice, bob] = [await bed.join('alice'), await bed.join('bob')];
  const { events: heard } = await bob.subscribe('com.example.who');
  await alice.publish('com.example.who', [1]);
  await alice.publish('com.example.who', [2], {}, { disclose_me: true });
  const named: unknown[] = [];
  for (let n = 0; n < 2; n += 1) {
    const {
      publisher,
      publisher_authid: authid,
      publisher_authrole: authrole,
    } = (await heard.take()).details;
    named.push([
      publisher === alice.session ? 'alice' : (publisher ?? null),
      authid ?? null,
      authrole ?? null,
    ]);
  }
  return named;
}

/** A retained event comes to who asks for it, with patterns too. wampy drops the option, so another make publishes. */
async function retention(bed: FeatureBed): Promise<unknown> {
  const [alice, bob] = [await bed.join('alice', 'autobahn'), await bed.join('bob')];
  await alice.publish('com.example.kept', ['old'], {}, { retain: true });
  await alice.publish('com.example.kept', ['new'], {}, { retain: true });
  const asking = await bob.subscribe('com.example.kept', { get_retained: true });
  const pattern = await bob.subscribe('com.example', { match: 'prefix', get_retained: true });
  const heard: unknown[] = [];
  for (const { events: mailbox } of [asking, pattern]) {
    const { args, details } = await mailbox.take();
    heard.push([args, details['retained']]);
  }
  // An empty one clears it.
  await alice.publish('com.example.kept', [], {}, { retain: true });
  return heard;
}

/** Nothing comes after UNSUBSCRIBED. */
async function unsubscribing(bed: FeatureBed): Promise<unknown> {
  const [alice, bob] = [await bed.join('alice'), await bed.join('bob')];
  const gone = await bob.subscribe('com.example.gone');
  const control = await bob.subscribe('com.example.control');
  await gone.end();
  await alice.publish('com.example.gone', ['late']);
  await alice.publish('com.example.control', ['now']);
  return [(await control.events.take()).args, gone.events.left.length];
}

/** The router's own topics are nobody else's. */
async function refusedPublications(bed: FeatureBed): Promise<unknown> {
  const alice = await bed.join('alice');
  const own = await outcomeOf(alice.publish('wamp.session.on_join', []));
  return [own, await outcomeOf(alice.publish('com.example.fine'))];
}
