import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Peers, PLAIN_HELLO } from '../../test/support/wamp-peer.js';
import type { WampPeer } from '../../test/support/wamp-peer.js';
import type { Authorizer, Broker } from '../broker/index.js';
import { memoryStore } from '../engines/memory/index.js';
import type { TestServices } from '../testing/index.js';
import { StompPeer, testServices } from '../testing/index.js';

const HELLO =
  '[1,"realm1",{"roles":{"subscriber":{"features":{"subscription_revocation":true}},' +
  '"callee":{"features":{"registration_revocation":true}}}}]';

let services: TestServices;
let broker: Broker;
let peers: Peers;
let stomps: StompPeer[];
let root: WampPeer;
/** Addresses of which nobody may have anything. */
let closed: boolean;

const authorizer: Authorizer = {
  decide: (_principal, action) => ({ allow: !closed || action === 'publish' || action === 'call' }),
};

beforeEach(() => {
  closed = false;
  stomps = [];
  services = testServices({ authorizer, stores: memoryStore() });
  broker = services.realms.find('realm1')!;
  peers = new Peers(services);
  root = peers.join();
});

afterEach(() => {
  for (const stomp of stomps) stomp.disconnect();
  peers.end();
});

function connect(headers: Record<string, string> = {}): StompPeer {
  const peer = StompPeer.connect(services, {}, headers);
  stomps.push(peer);
  return peer;
}

/** Rules change: whoever holds something loses it; then something is sent to all that was held. */
function close(): void {
  closed = true;
  broker.reauthorize();
  root.send(
    '[16,1,{"exclude_me":false},"topic",["canary"]]',
    '[48,2,{},"procedure",["canary"]]',
    '[48,3,{},"queue.jobs",["canary"]]',
  );
  root.take();
}

describe('rights that are taken away', () => {
  it('A9: are told to a WAMP client that has announced that it understands it', () => {
    const peer = peers.join(HELLO);
    peer.send('[32,1,{},"topic"]', '[64,2,{},"procedure"]', '[64,3,{},"queue.jobs"]');
    const ids = peer.takeParsed().map(([, , id]) => id);
    close();
    const reason = 'wamp.error.not_authorized';
    expect(peer.takeParsed()).toEqual([
      [35, 0, { subscription: ids[0], reason }],
      [67, 0, { registration: ids[1], reason }],
      [67, 0, { registration: ids[2], reason }],
    ]);
    expect(broker.stats).toMatchObject({ subscriptions: 0, registrations: 0, consumers: 0 });
  });

  it('A9: leave another one with what it has, and nothing comes from then on', () => {
    const peer = peers.join(PLAIN_HELLO);
    peer.send('[32,1,{},"topic"]', '[64,2,{},"procedure"]', '[64,3,{},"queue.jobs"]');
    peer.take();
    close();
    expect(peer.take()).toEqual([]);
    peer.send('[34,4,1]');
    expect(peer.takeParsed().map(([code, , , , error]) => [code, error])).toEqual([
      [8, 'wamp.error.no_such_subscription'],
    ]);
  });

  it.each(['/topic/topic', '/rpc/procedure', '/queue/jobs'])(
    'A9: of %s end a STOMP session with ERROR',
    (to) => {
      const peer = connect();
      peer.subscribe(to);
      peer.take();
      close();
      expect(peer.take().map(({ command, headers }) => [command, headers['message']])).toEqual([
        ['ERROR', 'not authorized'],
      ]);
      expect(peer.closedAs).toBe('policy');
    },
  );

  it('A9: of a durable subscription end a STOMP session with ERROR', () => {
    const peer = connect({ 'client-id': 'c' });
    peer.subscribe('/topic/topic', { durable: 'true', 'durable-subscription-name': 'inbox' });
    peer.take();
    close();
    expect(peer.take().map(({ command }) => command)).toEqual(['ERROR']);
  });

  it('A9: are told softly to a STOMP client that has asked for that, and nothing comes from then on', () => {
    const peer = connect({ 'soft-errors': 'true' });
    for (const to of ['/topic/topic', '/rpc/procedure', '/queue/jobs']) peer.subscribe(to);
    peer.take();
    close();
    expect(peer.take().map(({ headers }) => [headers['id'], headers['error']])).toEqual([
      ['sub-1', 'wamp.error.not_authorized'],
      ['sub-2', 'wamp.error.not_authorized'],
      ['sub-3', 'wamp.error.not_authorized'],
    ]);
    expect(peer.closedAs).toBeUndefined();
  });
});
