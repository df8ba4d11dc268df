import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Peers } from '../../test/support/wamp-peer.js';
import type { WampPeer } from '../../test/support/wamp-peer.js';
import { memoryStore } from '../engines/memory/index.js';
import type { Authenticator, Authorizer } from '../broker/index.js';
import type { StompPeerFrame, TestServices } from '../testing/index.js';
import { StompPeer, testServices } from '../testing/index.js';

let services: TestServices;
let stomps: StompPeer[];
let peers: Peers;

/** Everybody is who they say. */
const authenticator: Authenticator = {
  methods: ['ticket'],
  begin: ({ authid = 'nobody' }) => ({
    kind: 'accepted',
    principal: { authid, authrole: authid, authmethod: 'ticket', authprovider: 'test' },
  }),
};

/** Nobody but ann may subscribe to what is private, or look at it. */
const authorizer: Authorizer = {
  decide: ({ authid }, action, { text }) => ({
    allow: action === 'publish' || authid === 'ann' || !text.startsWith('private'),
  }),
};

beforeEach(() => {
  stomps = [];
  const history = [{ match: 'private.#' }, { match: 'open.#' }];
  services = testServices({ authenticator, authorizer, stores: memoryStore(), history });
  peers = new Peers(services);
});

afterEach(() => {
  for (const stomp of stomps) stomp.disconnect();
  peers.end();
});

function join(login: string, headers: Record<string, string> = {}): StompPeer {
  const peer = StompPeer.connect(services, {}, { login, passcode: 'x', ...headers });
  stomps.push(peer);
  return peer;
}

function joinWamp(authid: string): WampPeer {
  const peer = peers.connect();
  peer.send(`[1,"realm1",{"authid":"${authid}","roles":{"publisher":{},"subscriber":{},"caller":{}}}]`);
  peer.take();
  return peer;
}

function messages(frames: readonly StompPeerFrame[]): string[] {
  return frames.filter(({ command }) => command === 'MESSAGE').map(({ body }) => body.toString());
}

describe('a name that somebody else has learnt', () => {
  const durable = { id: 'd', durable: 'true', 'durable-subscription-name': 'inbox', ack: 'client' };

  it('A18: of a durable subscription gives nothing of what it holds, with the client id too', () => {
    const ann = join('ann', { 'client-id': 'laptop' });
    ann.subscribe('/topic/open.news', durable);
    ann.send('DISCONNECT');
    ann.disconnect();
    join('root').publish('/topic/open.news', 'for ann');
    const eve = join('eve', { 'client-id': 'laptop' });
    eve.subscribe('/topic/open.news', durable);
    expect(messages(eve.take())).toEqual([]);
    const back = join('ann', { 'client-id': 'laptop' });
    back.subscribe('/topic/open.news', durable);
    expect(messages(back.take())).toEqual(['for ann']);
  });

  it('A18: of the last event that somebody has seen gives nothing that may not be subscribed to', () => {
    const [ann, eve] = [join('ann'), join('eve')];
    ann.subscribe('/topic/private.news');
    for (const text of ['one', 'two']) join('root').publish('/topic/private.news', text);
    const [first] = ann.take();
    const since = first?.headers['publication'] ?? first?.headers['message-id'] ?? '';
    expect(since).not.toBe('');
    eve.subscribe('/topic/private.news', { since });
    const told = eve.take();
    expect([messages(told), told.at(-1)?.headers['message']]).toEqual([[], 'not authorized']);
  });

  it('A18: of a session is no session: nothing can be resumed with it', () => {
    const ann = joinWamp('ann');
    ann.send('[32,1,{},"private.news"]');
    ann.take();
    const eve = peers.connect();
    eve.send(
      '[1,"realm1",{"authid":"eve","resume-session":1001,"resume-token":"x","roles":{"subscriber":{}}}]',
    );
    const [welcome] = eve.takeParsed();
    expect(welcome).toEqual([2, 1002, expect.objectContaining({ authid: 'eve' })]);
    const mallory = join('mallory', { session: '1001' });
    join('root').publish('/topic/private.news', 'secret');
    expect([eve.take(), messages(mallory.take())]).toEqual([[], []]);
    expect(ann.takeParsed()).toHaveLength(1);
  });

  it('A18: of a session lets nobody but that one have what is sent to it', () => {
    const [ann, eve] = [joinWamp('ann'), joinWamp('eve')];
    for (const peer of [ann, eve]) peer.send('[32,1,{},"open.news"]');
    ann.take();
    eve.take();
    joinWamp('root').send('[16,1,{"eligible":[1001]},"open.news",["for ann"]]');
    expect([ann.take().length, eve.take()]).toEqual([1, []]);
  });

  it('A18: of a reply address brings no answers to anybody else', () => {
    const [ann, eve] = [join('ann'), join('eve')];
    const callee = join('root');
    callee.subscribe('/rpc/open.hello', { id: 'callee' });
    ann.publish('/rpc/open.hello', 'hi', { 'reply-to': '/temp-queue/answers', 'correlation-id': '7' });
    const [request] = callee.take();
    const address = request?.headers['reply-to'] ?? '';
    expect(address).toMatch(/^\/reply-queue\//);
    eve.subscribe('/temp-queue/answers');
    eve.subscribe(address, { id: 'stolen' });
    callee.publish(address, 'for ann', { 'correlation-id': '7' });
    expect(messages(eve.take())).toEqual([]);
    expect(messages(ann.take())).toEqual(['for ann']);
  });
});
