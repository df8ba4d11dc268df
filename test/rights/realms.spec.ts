import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Principal, Stores } from '../../src/router/index.js';
import { createRouter } from '../../src/router/index.js';
import { PlainStomp, PlainWamp, ask, done } from '../support/plain-clients.js';
import type { StompFrame } from '../support/plain-clients.js';
import type { TestServer } from '../support/test-server.js';
import { startTestServer } from '../support/test-server.js';
import { LmdbFolder } from '../store/lmdb-folder.js';
import { letIn } from './doors.js';

/** The same person in both realms: nothing but the realm is different. */
const ALICE: Principal = { authid: 'alice', authrole: 'user', authmethod: 'ticket', authprovider: 'static' };
const REALMS = ['north', 'south'];

let server: TestServer | undefined;
const clients: { close(): Promise<void> }[] = [];
let folder: LmdbFolder | undefined;

afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  await server?.stop();
  server = undefined;
  await folder?.remove();
  folder = undefined;
});

async function serve(): Promise<void> {
  const history = [{ match: '#', entries: 10, bytes: 1_000_000 }];
  server = await startTestServer({ realms: REALMS, history, authenticator: letIn([ALICE]) });
}

async function stomp(host: string, headers: Readonly<Record<string, string>> = {}): Promise<PlainStomp> {
  const client = await PlainStomp.connect(server!.url, { host, login: 'alice', passcode: 'x', ...headers });
  clients.push(client);
  return client;
}

async function wamp(realm: string): Promise<PlainWamp> {
  const client = await PlainWamp.connect(
    server!.url,
    'json',
    {},
    { realm, authid: 'alice', authmethods: ['ticket'] },
  );
  clients.push(client);
  return client;
}

function textOf({ body }: StompFrame): string {
  return body.toString('utf8');
}

describe('two realms with the same everything', () => {
  it('A12: share no topics, patterns, topics of users or meta events', async () => {
    await serve();
    const [frames, events] = [await stomp('south'), await wamp('south')];
    await done(frames, 'SUBSCRIBE', { id: '1', destination: '/topic/#' });
    await done(frames, 'SUBSCRIBE', { id: '2', destination: '/user/queue/mail' });
    await done(frames, 'SUBSCRIBE', { id: '3', destination: '/topic/wamp.session.#' });
    for (const uri of ['', 'wamp.session.', 'user.alice.'])
      expect((await ask(events, 32, { match: 'prefix' }, uri))[0]).toBe(33);

    const [otherFrames, otherEvents] = [await stomp('north'), await wamp('north')];
    await done(otherFrames, 'SEND', { destination: '/topic/a' }, 'north');
    await done(otherFrames, 'SEND', { destination: '/user/alice/queue/mail' }, 'north');
    expect((await ask(otherEvents, 16, { acknowledge: true }, 'a', ['north']))[0]).toBe(17);
    expect((await ask(otherEvents, 16, { acknowledge: true }, 'user.alice.queue.mail', ['north']))[0]).toBe(
      17,
    );
    expect((await ask(otherEvents, 64, {}, 'com.example.add'))[0]).toBe(65);
    expect((await ask(otherEvents, 32, {}, 'b'))[0]).toBe(33);
    await otherEvents.close();

    const here = await stomp('south');
    // Its coming is the first event there is, the router's own included.
    expect((await frames.next()).headers['destination']).toBe('/topic/wamp.session.on_join');
    expect((await events.next())[3]).toMatchObject({ topic: 'wamp.session.on_join' });
    await done(here, 'SEND', { destination: '/topic/a' }, 'south');
    expect(textOf(await frames.next())).toBe('south');
    expect((await events.next())[4]).toEqual(['south']);
    expect(frames.left).toEqual([]);
    expect(events.left).toEqual([]);
  });

  it('A12: share nothing that is retained or in a history', async () => {
    await serve();
    const [north, south] = [await stomp('north'), await stomp('south')];
    await done(north, 'SEND', { destination: '/topic/a', retain: 'true' }, 'north');
    await done(north, 'SUBSCRIBE', { id: 'x', destination: '/topic/a', 'get-retained': 'true' });
    expect(textOf(await north.next())).toBe('north');
    await done(south, 'SUBSCRIBE', { id: '1', destination: '/topic/a', 'get-retained': 'true' });
    await done(south, 'SUBSCRIBE', { id: '2', destination: '/topic/#', history: '10' });
    const events = await wamp('south');
    const [, , interest] = await ask(events, 32, { get_retained: true }, 'a');
    const past = await ask(events, 48, {}, 'wamp.subscription.get_events', [interest, 10]);
    expect([past[0], past[3]]).toEqual([50, [[]]]);
    await done(south, 'SEND', { destination: '/topic/a' }, 'south');
    expect([textOf(await south.next()), textOf(await south.next())]).toEqual(['south', 'south']);
    expect((await events.next())[0]).toBe(36);
    expect(south.left).toEqual([]);
    expect(events.left).toEqual([]);
  });

  it('A12: share no queues, and no durable subscriptions', async () => {
    await serve();
    const [north, south] = [await stomp('north'), await stomp('south')];
    const durable = { id: 'd', destination: '/topic/a', durable: 'true', ack: 'auto' };
    for (const client of [north, south]) {
      await done(client, 'SUBSCRIBE', durable);
      await done(client, 'UNSUBSCRIBE', { id: 'd', durable: 'false' });
    }
    await done(north, 'SEND', { destination: '/queue/jobs' }, 'north');
    await done(north, 'SEND', { destination: '/topic/a' }, 'north');
    await done(south, 'SUBSCRIBE', { id: 'q', destination: '/queue/jobs' });
    await done(south, 'SUBSCRIBE', durable);
    await done(south, 'SEND', { destination: '/queue/jobs' }, 'south');
    expect(textOf(await south.next())).toBe('south');
    await done(south, 'SEND', { destination: '/topic/a' }, 'south');
    expect(textOf(await south.next())).toBe('south');
    expect(south.left).toEqual([]);
    await done(north, 'SUBSCRIBE', { id: 'q', destination: '/queue/jobs' });
    expect(textOf(await north.next())).toBe('north');
  });

  it('A12: share no reply addresses', async () => {
    await serve();
    const asks = await stomp('north');
    const answers = await stomp('north');
    const stranger = await stomp('south', { 'soft-errors': 'true' });
    await done(answers, 'SUBSCRIBE', { id: '1', destination: '/topic/question' });
    await done(asks, 'SEND', { destination: '/topic/question', 'reply-to': '/temp-queue/mine' });
    const { headers } = await answers.next();
    const destination = headers['reply-to']!;
    stranger.send('SEND', { destination, receipt: 'r' }, 'from the south');
    await stranger.next();
    await done(answers, 'SEND', { destination }, 'from the north');
    expect(textOf(await asks.next())).toBe('from the north');
    expect(asks.left).toEqual([]);
  });

  it('A12: share no procedures, and no numbers of sessions', async () => {
    await serve();
    const [north, south] = [await wamp('north'), await wamp('south')];
    expect((await ask(north, 64, {}, 'com.example.add'))[0]).toBe(65);
    expect((await ask(south, 48, {}, 'com.example.add'))[4]).toBe('wamp.error.no_such_procedure');
    const ids = async (client: PlainWamp): Promise<unknown> =>
      ((await ask(client, 48, {}, 'wamp.session.list'))[3] as unknown[])[0];
    const [there, here] = [(await ids(north)) as number[], (await ids(south)) as number[]];
    expect([there.length, here.length]).toEqual([1, 1]);
    expect((await ask(south, 48, {}, 'wamp.session.get', [there[0]]))[4]).toBe('wamp.error.no_such_session');
  });
});

describe('realms whose names could be taken for others', () => {
  /** Names and topics that would be one text if somebody joined them. */
  const part = fc.string({
    minLength: 1,
    maxLength: 4,
    unit: fc.constantFrom('a', 'b', '.', '/', '#', '*', ' ', ':', '\0', '%', '\u{1F600}'),
  });

  async function haveOnlyTheirOwn(
    store: Stores | undefined,
    names: readonly string[],
    topics: readonly string[],
  ): Promise<void> {
    const history = [{ match: '#', entries: 10, bytes: 100_000 }];
    const router = createRouter({ realms: names, history, ...(store && { store }) });
    try {
      const all = names.map((realm) => router.connect({ realm }));
      const seen = new Map(names.map((realm) => [realm, [] as string[]]));
      for (const client of all) {
        const note = ({ args }: { args: readonly unknown[] }): void =>
          void seen.get(client.realm)!.push(String(args[0]));
        for (const topic of topics) {
          await client.subscribe(topic, note);
          await client.publish(topic, [`${client.realm} ${topic}`], {}, { retain: true });
          await client.enqueue(topic, [`${client.realm} ${topic}`]);
        }
      }
      for (const client of all) {
        const note = ({ args }: { args: readonly unknown[] }): void =>
          void seen.get(client.realm)!.push(String(args[0]));
        for (const topic of topics) {
          await client.subscribe(topic, note, { retained: true });
          await (await client.consume(topic, note)).drain();
        }
      }
      await new Promise((go) => setImmediate(go));
      for (const realm of names) {
        const own = topics.map((topic) => `${realm} ${topic}`);
        expect([realm, new Set(seen.get(realm))]).toEqual([realm, new Set(own)]);
      }
    } finally {
      await router.close();
    }
  }

  const NAMES = [
    'a',
    'a.b',
    'b',
    'a.b.a',
    'a/b',
    'a b',
    'a\0b',
    'a#',
    '#',
    'A',
    '',
    ' ',
    '1',
    '1 a',
    'a%2Eb',
  ];

  it('A12: have only what is their own, in memory', () =>
    haveOnlyTheirOwn(undefined, NAMES, ['a', 'b', 'b.a', 'a.b.a']));

  it('A12: have only what is their own, in a store on disk', async () => {
    folder = new LmdbFolder();
    await haveOnlyTheirOwn(
      await folder.open(),
      NAMES.filter((name) => name !== ''),
      ['a', 'b', 'b.a', 'a.b.a'],
    );
  });

  it('A12: have only what is their own, whatever they are called', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(part, { minLength: 2, maxLength: 5 }), (names) =>
        haveOnlyTheirOwn(undefined, names, ['a', 'b', 'a.b']),
      ),
      { numRuns: 25 },
    );
  });
});
