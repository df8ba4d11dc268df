import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Authenticator, Stores } from '../../src/broker/index.js';
import { MemoryHistoryStore, MemoryQueueStore, MemoryRetainedStore } from '../../src/engines/memory/index.js';
import { StompPeer } from '../../src/testing/index.js';
import type { TestServices } from '../../src/testing/index.js';
import { WampPeer } from '../support/wamp-peer.js';
import { LmdbFolder } from './lmdb-folder.js';
import { wampServices } from '../support/wamp-services.js';

/** Everybody is who they say: `role-name`. */
const byName: Authenticator = {
  methods: ['ticket'],
  begin: ({ authid = 'x-x' }) => ({
    kind: 'accepted',
    principal: { authid, authrole: authid.split('-')[0]!, authmethod: 'ticket', authprovider: 'test' },
  }),
};

interface Engine {
  readonly name: string;
  open(): Promise<{ readonly stores: Partial<Stores>; close(): Promise<void> }>;
}

const ENGINES: readonly Engine[] = [
  {
    name: 'memory',
    open: () =>
      Promise.resolve({
        stores: {
          queues: new MemoryQueueStore(),
          retained: new MemoryRetainedStore(),
          history: new MemoryHistoryStore(),
        },
        close: () => Promise.resolve(),
      }),
  },
  {
    name: 'lmdb',
    open: async () => {
      const folder = new LmdbFolder();
      return { stores: await folder.open(), close: () => folder.remove() };
    },
  },
];

let services: TestServices;
let close: () => Promise<void>;
let peers: { disconnect(): void }[];

afterEach(async () => {
  for (const peer of peers) peer.disconnect();
  await close();
});

/** A client of WAMP; WELCOME is taken. */
function wampPeer(authid: string): WampPeer {
  const roles = '{"publisher":{},"subscriber":{},"caller":{}}';
  const hello = `[1,"realm1",{"authid":"${authid}","authmethods":["ticket"],"roles":${roles}}]`;
  const peer = new WampPeer(services).send(hello);
  peer.take();
  peers.push(peer);
  return peer;
}

function stompPeer(login: string): StompPeer {
  const peer = StompPeer.connect(services, {}, { login, passcode: 'x' });
  peers.push(peer);
  return peer;
}

/** What a peer has been told by the time that it knows of the public event, which came last. */
async function toldBy(peer: WampPeer | StompPeer): Promise<string> {
  let told = texts(peer);
  while (!told.includes('public')) {
    await new Promise((resolve) => setImmediate(resolve));
    told += texts(peer);
  }
  return told;
}

function texts(peer: WampPeer | StompPeer): string {
  if (peer instanceof WampPeer) return peer.take().join('');
  const bodies = peer.take().map(({ body }) => body.toString());
  return bodies.join('');
}

/** Lists that let only those of the role `boss` have an event, as options of PUBLISH. */
const SECRETS: readonly (readonly [string, object])[] = [
  ['eligible_authrole', { eligible_authrole: ['boss'] }],
  ['eligible_authid', { eligible_authid: ['boss-b'] }],
  ['exclude_authrole', { exclude_authrole: ['user'] }],
  ['exclude_authid', { exclude_authid: ['user-u', 'user-s', 'user-d'] }],
  ['an empty eligible', { eligible: [] }],
];

/** Publishes the canaries of all kinds, and an event for all as the last one. */
function publishAll(publisher: WampPeer): void {
  for (const [at, [what, options]] of SECRETS.entries())
    publisher.send(JSON.stringify([16, at + 1, { retain: true, ...options }, `h.${at}`, [`canary ${what}`]]));
  const testament = ['h.t', ['canary testament']];
  const kwargs = { publish_options: { eligible_authrole: ['boss'], retain: true } };
  publisher.send(JSON.stringify([48, 90, {}, 'wamp.session.add_testament', testament, kwargs]));
  publisher.disconnect();
  wampPeer('user-q').send('[16,1,{"retain":true},"h.z",["public"]]');
}

describe.each(ENGINES)('an event for some only, in the store $name,', ({ open }) => {
  let publisher: WampPeer;

  beforeEach(async () => {
    peers = [];
    const opened = await open();
    close = () => opened.close();
    services = wampServices({
      authenticator: byName,
      stores: opened.stores,
      history: [{ match: 'h.#' }],
    });
    publisher = wampPeer('user-p');
  });

  it('X7: reaches nobody else by a live pattern, of WAMP or of STOMP, testaments neither', async () => {
    const [user, boss, stomp] = [wampPeer('user-u'), wampPeer('boss-b'), stompPeer('user-s')];
    for (const peer of [user, boss]) peer.send('[32,1,{"match":"prefix"},"h."]').take();
    stomp.subscribe('/topic/#');
    publishAll(publisher);
    expect(await toldBy(user)).not.toContain('canary');
    expect(await toldBy(stomp)).not.toContain('canary');
    expect((await toldBy(boss)).match(/canary [a-z_]+/g)).toEqual([
      'canary eligible_authrole',
      'canary eligible_authid',
      'canary exclude_authrole',
      'canary exclude_authid',
      'canary testament',
    ]);
  });

  it('X7: reaches nobody else by what is retained', async () => {
    publishAll(publisher);
    const [user, boss, stomp] = [wampPeer('user-u'), wampPeer('boss-b'), stompPeer('user-s')];
    for (const peer of [user, boss]) peer.send('[32,1,{"match":"prefix","get_retained":true},"h."]');
    stomp.subscribe('/topic/#', { 'get-retained': 'true' });
    expect(await toldBy(user)).not.toContain('canary');
    expect(await toldBy(stomp)).not.toContain('canary');
    expect((await toldBy(boss)).match(/canary/g)).toHaveLength(5);
  });

  it('X7: reaches nobody else by the replay of a history, nor by wamp.subscription.get_events', async () => {
    publishAll(publisher);
    const [user, boss, stomp] = [wampPeer('user-u'), wampPeer('boss-b'), stompPeer('user-s')];
    stomp.subscribe('/topic/h.#', { history: '100' });
    const ask = '[48,1,{},"wamp.subscription.get_events",["h."],{"match":"prefix"}]';
    for (const peer of [user, boss]) peer.send(ask);
    expect(await toldBy(user)).not.toContain('canary');
    expect(await toldBy(stomp)).not.toContain('canary');
    expect((await toldBy(boss)).match(/canary/g)).toHaveLength(5);
  });

  it('X7: reaches nobody else by a queue that is bound to the topic', async () => {
    const logins = ['user-d', 'boss-b'];
    const durable = { id: 'd', durable: 'true', ack: 'client', receipt: 'bound' };
    for (const login of logins) {
      const peer = stompPeer(login);
      peer.subscribe('/topic/h.#', durable);
      while (peer.take().length === 0) await new Promise((resolve) => setImmediate(resolve));
      peer.disconnect();
    }
    publishAll(publisher);
    const [user, boss] = logins.map((login) => stompPeer(login)) as [StompPeer, StompPeer];
    for (const peer of [user, boss]) peer.subscribe('/topic/h.#', durable);
    expect(await toldBy(user)).not.toContain('canary');
    expect((await toldBy(boss)).match(/canary/g)).toHaveLength(5);
  });

  it('X7: that named sessions reaches no session that comes later', async () => {
    publisher.send('[16,1,{"retain":true,"eligible":[1001,1002,1003]},"h.a",["canary eligible"]]');
    publisher.send('[16,2,{"exclude":[1]},"h.b",["canary exclude"]]', '[16,3,{},"h.z",["public"]]');
    const stranger = wampPeer('user-u');
    stranger.send('[48,2,{},"wamp.subscription.get_events",["h."],{"match":"prefix"}]');
    expect(await toldBy(stranger)).not.toContain('canary');
    for (let before = 0; before < 2; before += 1) wampPeer('user-v');
    const late = wampPeer('user-w').send('[32,1,{"match":"prefix","get_retained":true},"h."]');
    late.send('[16,2,{"acknowledge":true},"h.y",["x"]]', '[16,3,{"exclude_me":false},"h.z",["public"]]');
    expect(await toldBy(late)).not.toContain('canary');
  });
});
