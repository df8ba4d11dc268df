import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Peers } from '../../../../test/support/wamp-peer.js';
import type { WampPeer } from '../../../../test/support/wamp-peer.js';
import { wampServices } from '../../../../test/support/wamp-services.js';
import { serializers } from '../../../serializers/index.js';
import type { TestServices, TestServicesOptions } from '../../../testing/index.js';
import { StompPeer } from '../../../testing/index.js';

let services: TestServices;
let peers: Peers;

function start(options: TestServicesOptions = {}): void {
  services = wampServices(options);
  peers = new Peers(services);
}

beforeEach(() => start());

afterEach(() => peers.end());

/** Leaves a testament; RESULT without arguments, or the URI of the error. */
function add(peer: WampPeer, args: unknown[], kwargs: object = {}): unknown {
  peer.send(JSON.stringify([48, 1, {}, 'wamp.session.add_testament', args, kwargs]));
  const [answer] = peer.takeParsed();
  return answer?.[0] === 8 ? answer[4] : answer;
}

function heir(topic = 'a.b'): WampPeer {
  const peer = peers.join().send(`[32,1,{},"${topic}"]`);
  peer.take();
  return peer;
}

/** What the events that have arrived say: their arguments and keyword arguments. */
function told(peer: WampPeer): unknown[] {
  return peer.takeParsed().map((event) => event.slice(4));
}

describe('wamp.session.add_testament', () => {
  it('WAMP-130: answers nothing, and sends the event when the connection is lost', () => {
    const [other, peer] = [heir(), peers.join()];
    expect(add(peer, ['a.b', ['Seeya!'], { my_name: 'app1' }])).toEqual([50, 1, {}]);
    expect(other.take()).toEqual([]);
    peer.disconnect();
    expect(told(other)).toEqual([[['Seeya!'], { my_name: 'app1' }]]);
  });

  it('WAMP-130: sends those for detached before those for destroyed when the client says GOODBYE', () => {
    const [other, peer] = [heir(), peers.join()];
    add(peer, ['a.b', ['destroyed']]);
    add(peer, ['a.b', ['detached']], { scope: 'detached' });
    peer.send('[6,{},"wamp.close.normal"]');
    expect(told(other)).toEqual([[['detached']], [['destroyed']]]);
    expect(peer.take()).toEqual(['[6,{},"wamp.close.goodbye_and_out"]']);
  });

  it('WAMP-131: is undone by wamp.session.flush_testaments, scope by scope', () => {
    const [other, peer] = [heir(), peers.join()];
    add(peer, ['a.b', ['destroyed']]);
    add(peer, ['a.b', ['detached']], { scope: 'detached' });
    peer.send('[48,2,{},"wamp.session.flush_testaments"]');
    expect(peer.take()).toEqual(['[50,2,{}]']);
    peer.disconnect();
    expect(told(other)).toEqual([[['detached']]]);
  });

  it('P19 WAMP-132: is sent for a session that wamp.session.kill ends, and not by wamp.session.kill_all', () => {
    peers.end();
    const principal = { authid: 'ann', authrole: 'user', authmethod: 'ticket', authprovider: 'test' };
    start({ authenticator: { methods: ['ticket'], begin: () => ({ kind: 'accepted', principal }) } });
    const [other, victim] = [heir(), peers.join()];
    add(victim, ['a.b', ['killed']]);
    other.send('[48,7,{},"wamp.session.kill",[1002]]');
    expect(other.takeParsed().map((message) => message.slice(4))).toContainEqual([['killed']]);
    const next = peers.join();
    add(next, ['a.b', ['silent']]);
    other.send('[48,8,{},"wamp.session.kill_all"]');
    expect(other.take()).toEqual(['[50,8,{},[1]]']);
    expect(next.take()).toHaveLength(1);
  });

  it('sends it for a session that ends because the server stops', () => {
    const [other, peer] = [heir(), peers.join()];
    add(peer, ['a.b', ['stopped']]);
    peer.session.closing(services.clock.now() + 1000);
    expect(told(other)).toEqual([[['stopped']]]);
  });

  it('WAMP-140: honours the options of PUBLISH, but for acknowledge', () => {
    const other = heir();
    const second = heir();
    const peer = peers.join();
    const publish_options = {
      acknowledge: true,
      disclose_me: true,
      exclude: [1001],
      retain: true,
      _headers: { k: 'v' },
    };
    expect(add(peer, ['a.b', ['x']], { publish_options })).toEqual([50, 1, {}]);
    peer.disconnect();
    expect(other.take()).toEqual([]);
    expect(second.takeParsed()).toEqual([
      [
        36,
        expect.any(Number),
        expect.any(Number),
        {
          publisher: 1003,
          publisher_authid: 'anonymous',
          publisher_authrole: 'anonymous',
          _headers: { k: 'v' },
        },
        ['x'],
      ],
    ]);
    const late = peers.join().send('[32,1,{"get_retained":true},"a.b"]');
    expect(late.takeParsed().map(([code]) => code)).toEqual([33, 36]);
  });

  it('keeps octets as octets, from one serializer to another', () => {
    const other = heir();
    const peer = peers.connect({ token: 'wamp.2.msgpack' });
    const { encode } = serializers.msgpack;
    const roles = { caller: {} };
    const call = [48, 1, {}, 'wamp.session.add_testament', ['a.b', [new Uint8Array([1, 2, 255])]], {}];
    peer.link.receive(peer.session, Buffer.from(encode([1, 'realm1', { roles }])));
    peer.link.receive(peer.session, Buffer.from(encode(call)));
    peer.disconnect();
    expect(told(other)).toEqual([[['\0AQL/']]]);
  });

  it.each<[string, unknown[], object, string]>([
    ['no topic', [], {}, 'wamp.error.invalid_argument'],
    ['a topic that is no URI', ['a..b'], {}, 'wamp.error.invalid_uri'],
    ['a topic as a number', [7], {}, 'wamp.error.invalid_argument'],
    ['arguments that are no list', ['a.b', { a: 1 }], {}, 'wamp.error.invalid_argument'],
    ['keyword arguments that are no map', ['a.b', [], []], {}, 'wamp.error.invalid_argument'],
    ['another scope', ['a.b'], { scope: 'ended' }, 'wamp.error.invalid_argument'],
    ['options that are no map', ['a.b'], { publish_options: 1 }, 'wamp.error.invalid_argument'],
    [
      'an option of the wrong type',
      ['a.b'],
      { publish_options: { exclude_me: 1 } },
      'wamp.error.invalid_argument',
    ],
    [
      'a list of the wrong type',
      ['a.b'],
      { publish_options: { eligible: ['x'] } },
      'wamp.error.invalid_argument',
    ],
    ['a message for a queue', ['jobs'], { publish_options: { _queue: true } }, 'wamp.error.invalid_argument'],
  ])('refuses %s', (_what, args, kwargs, error) => {
    expect(add(peers.join(), args, kwargs)).toBe(error);
  });

  it('WAMP-40 WAMP-140: refuses one that is packed by a client that has not announced that', () => {
    const ppt = { publish_options: { ppt_scheme: 'x_a' } };
    const enc = { publish_options: { enc_algo: 'cryptobox' } };
    const other = heir();
    const plain = peers.join('[1,"realm1",{"roles":{"caller":{},"publisher":{}}}]');
    plain.send(JSON.stringify([48, 1, {}, 'wamp.session.add_testament', ['a.b', ['x']], ppt]));
    expect(plain.take()).toEqual([
      '[8,48,1,{},"wamp.error.invalid_argument",["Payload passthru was not announced."]]',
    ]);
    expect(add(plain, ['a.b', ['x']], enc)).toBe('wamp.error.invalid_argument');
    const announced = (feature: string): WampPeer =>
      peers.join(`[1,"realm1",{"roles":{"caller":{},"publisher":{"features":{"${feature}":true}}}}]`);
    const old = announced('payload_transparency');
    expect([add(old, ['a.b', ['x']], ppt), add(old, ['a.b', ['old']], enc)]).toEqual([
      'wamp.error.invalid_argument',
      [50, 1, {}],
    ]);
    const able = announced('payload_passthru_mode');
    expect(add(able, ['a.b', ['able']], ppt)).toEqual([50, 1, {}]);
    for (const peer of [plain, old, able]) peer.disconnect();
    expect(other.takeParsed().map((event) => event.slice(3))).toEqual([
      [{ enc_algo: 'cryptobox' }, ['old']],
      [{ ppt_scheme: 'x_a' }, ['able']],
    ]);
  });

  it('P19: refuses topics of the router, and more than a session may leave', () => {
    const peer = peers.join();
    expect(add(peer, ['wamp.session.on_join'])).toBe('wamp.error.invalid_uri');
    const answers = Array.from({ length: 101 }, () => add(peer, ['a.b']));
    expect(answers.filter((answer) => answer === answers[100])).toHaveLength(1);
    expect(answers[100]).toBe('wamp.error.unavailable');
  });
});

describe('a client of STOMP', () => {
  it('leaves testaments by a SEND to /rpc/wamp.session.add_testament, which are sent when it has gone', () => {
    const other = heir();
    const stomp = StompPeer.connect(services);
    stomp.send(
      'SEND',
      {
        destination: '/rpc/wamp.session.add_testament',
        'content-type': 'application/json',
        'wamp-payload': 'args',
      },
      '["a.b",["gone"],{"who":"me"}]',
    );
    stomp.send(
      'SEND',
      { destination: '/rpc/wamp.session.add_testament', 'content-type': 'application/wamp+json' },
      '{"args":["a.b",["first"]],"kwargs":{"scope":"detached"}}',
    );
    expect(other.take()).toEqual([]);
    stomp.disconnect();
    expect(told(other)).toEqual([[['first']], [['gone'], { who: 'me' }]]);
  });
});
