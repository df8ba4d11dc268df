import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Peers } from '../../../../test/support/wamp-peer.js';
import type { WampPeer } from '../../../../test/support/wamp-peer.js';
import { wampServices } from '../../../../test/support/wamp-services.js';
import type { Authorizer, Decision } from '../../../broker/index.js';
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

let request = 100;

/** Makes a call; the value that it answers, or the URI of its error. */
function call(peer: WampPeer, procedure: string, ...args: unknown[]): unknown {
  request += 1;
  peer.send(JSON.stringify([48, request, {}, procedure, args]));
  const answer = peer.takeParsed().find(([code]) => code === 50 || code === 8);
  return answer?.[0] === 50 ? (answer[3] as unknown[])[0] : answer?.[4];
}

function register(peer: WampPeer, uri: string, options: object = {}): number {
  request += 1;
  peer.send(JSON.stringify([64, request, options, uri]));
  return peer.takeParsed()[0]?.[2] as number;
}

function subscribe(peer: WampPeer, uri: string): void {
  request += 1;
  peer.send(JSON.stringify([32, request, {}, uri]));
  peer.take();
}

const ADD = { type: 'procedure', title: 'Adds two numbers', args: ['number', 'number'] };

describe('reflection', () => {
  it('WAMP-141: lists the procedures and topics that are there, and the errors that are described', () => {
    const [peer, other] = [peers.join(), peers.join()];
    register(peer, 'com.add');
    register(peer, 'com.all', { match: 'prefix' });
    subscribe(peer, 'com.topic');
    expect(call(other, 'wamp.reflection.procedure.list')).toEqual(['com.add']);
    expect(call(other, 'wamp.reflection.topic.list')).toEqual(['com.topic']);
    expect(call(other, 'wamp.reflection.error.list')).toEqual([]);
    expect(call(other, 'wamp.reflect.define', 'com.error.odd', { type: 'error' })).toBe(true);
    expect(call(other, 'wamp.reflect.define', 'com.other', { type: 'topic' })).toBe(true);
    expect(call(other, 'wamp.reflection.error.list')).toEqual(['com.error.odd']);
    expect(call(other, 'wamp.reflection.topic.list')).toEqual(['com.topic', 'com.other']);
  });

  it('WAMP-142: describes a procedure with what its callee says of it', () => {
    const [peer, other] = [peers.join(), peers.join()];
    expect(call(other, 'wamp.reflection.procedure.describe', 'com.add')).toBeNull();
    register(peer, 'com.add', { invoke: 'roundrobin' });
    const known = {
      uri: 'com.add',
      match: 'exact',
      invoke: 'roundrobin',
      created: new Date(services.clock.wallTime()).toISOString(),
    };
    expect(call(other, 'wamp.reflection.procedure.describe', 'com.add')).toEqual({
      ...known,
      definition: null,
    });
    expect(call(peer, 'wamp.reflect.define', 'com.add', ADD)).toBe(true);
    expect(call(other, 'wamp.reflection.procedure.describe', 'com.add')).toEqual({
      ...known,
      definition: ADD,
    });
    expect(call(other, 'wamp.reflect.describe', 'com.add')).toEqual([
      { type: 'procedure', uri: 'com.add', definition: ADD },
    ]);
    expect(call(other, 'wamp.reflect.describe')).toHaveLength(1);
  });

  it('WAMP-142: describes a topic, and an error', () => {
    const peer = peers.join();
    const [topic, error] = [
      { type: 'topic', of: 'x' },
      { type: 'error', status: 404 },
    ];
    call(peer, 'wamp.reflect.define', 'com.thing', topic);
    call(peer, 'wamp.reflect.define', 'com.thing', error);
    expect(call(peer, 'wamp.reflection.topic.describe', 'com.thing')).toEqual({
      uri: 'com.thing',
      definition: topic,
    });
    expect(call(peer, 'wamp.reflection.error.describe', 'com.thing')).toEqual({
      uri: 'com.thing',
      definition: error,
    });
    expect(call(peer, 'wamp.reflection.procedure.describe', 'com.thing')).toBeNull();
    expect(call(peer, 'wamp.reflect.describe', 'com.thing')).toHaveLength(2);
  });

  it('WAMP-143: announces what is defined, changed and undefined', () => {
    const [listener, peer] = [peers.join(), peers.join()];
    subscribe(listener, 'wamp.reflect.on_define');
    subscribe(listener, 'wamp.reflect.on_undefine');
    const events = (): unknown[] => listener.takeParsed().map((event) => event.slice(4));
    expect(call(peer, 'wamp.reflect.define', 'com.a', { type: 'topic', v: 1 })).toBe(true);
    expect(call(peer, 'wamp.reflect.define', 'com.a', { type: 'topic', v: 1 })).toBeNull();
    expect(call(peer, 'wamp.reflect.define', 'com.a', { type: 'topic', v: 2 })).toBe(false);
    expect(call(peer, 'wamp.reflect.define', 'com.a', null)).toBe(false);
    expect(call(peer, 'wamp.reflect.define', 'com.a', null)).toBeNull();
    expect(events()).toEqual([
      [['com.a', { type: 'topic', v: 1 }, true], { type: 'topic' }],
      [['com.a', { type: 'topic', v: 2 }, false], { type: 'topic' }],
      [['com.a'], { type: 'topic' }],
    ]);
  });

  it('WAMP-144: forgets a definition with the session that gave it, and then says what another has said', () => {
    const [listener, one, two] = [peers.join(), peers.join(), peers.join()];
    subscribe(listener, 'wamp.reflect.on_define');
    subscribe(listener, 'wamp.reflect.on_undefine');
    call(one, 'wamp.reflect.define', 'com.a', { type: 'topic', by: 'one' });
    call(two, 'wamp.reflect.define', 'com.a', { type: 'topic', by: 'two' });
    listener.take();
    two.disconnect();
    expect(listener.takeParsed().map((event) => event[4])).toEqual([
      ['com.a', { type: 'topic', by: 'one' }, false],
    ]);
    one.send('[6,{},"wamp.close.normal"]');
    expect(listener.takeParsed().map((event) => event[4])).toEqual([['com.a']]);
    expect(call(listener, 'wamp.reflect.describe')).toEqual([]);
  });

  it('WAMP-144: tells long integers apart, and ends a session wholly that has described with them', () => {
    const [watcher, one, other] = [peers.join(), peers.join(), peers.join()];
    const define = (peer: WampPeer, number: string): unknown => {
      const about = `{"type":"topic","n":${number}}`;
      peer.send(`[48,1,{},"wamp.reflect.define",["com.t",${about}]]`);
      return peer.takeParsed().find(([code]) => code === 50 || code === 8);
    };
    expect(define(one, '9007199254740993')).toEqual([50, 1, {}, [true]]);
    expect(define(other, '9007199254740995')).toEqual([50, 1, {}, [false]]);
    register(other, 'com.p');

    other.disconnect();

    expect(call(watcher, 'wamp.reflection.procedure.list')).toEqual([]);
    watcher.send('[48,2,{},"wamp.reflection.topic.describe",["com.t"]]');
    expect(watcher.take()[0]).toContain('"n":9007199254740993');
  });

  it('B12 WAMP-144: looks only at the definitions that a procedure may be about, when it ends', () => {
    const peer = peers.join();
    const id = register(peer, 'p.', { match: 'prefix' });
    const one = register(peer, 'p.kept');
    register(peer, 'q.kept');
    const [broker] = [services.realms.find('realm1')!];
    for (const uri of ['p.kept', 'p.gone', 'q.kept']) {
      expect(call(peer, 'wamp.reflect.define', uri, { type: 'procedure' })).toBe(true);
    }
    const looked: string[] = [];
    const { procedureFor } = broker.view;
    broker.view.procedureFor = (uri) => {
      looked.push(uri);
      return procedureFor.call(broker.view, uri);
    };
    peer.send(`[66,900,${id}]`, `[66,901,${one}]`);
    peer.take();
    expect(looked).toEqual(['p.kept', 'p.gone', 'p.kept']);
    expect(call(peer, 'wamp.reflect.describe')).toEqual([
      { type: 'procedure', uri: 'q.kept', definition: { type: 'procedure' } },
    ]);
  });

  it('WAMP-144: forgets a definition when its callee unregisters the procedure, or is put out quietly', () => {
    const [peer, other] = [peers.join(), peers.join()];
    const id = register(peer, 'com.add');
    call(peer, 'wamp.reflect.define', 'com.add', ADD);
    peer.send(`[66,1,${id}]`);
    expect(call(other, 'wamp.reflect.describe')).toEqual([]);
    register(peer, 'com.add');
    call(peer, 'wamp.reflect.define', 'com.add', ADD);
    const why = { code: 'killed', reason: 'x' } as const;
    services.brokers.get('realm1')?.evictAll(({ session }) => session === 1001, why, { quietly: true });
    expect(call(other, 'wamp.reflect.describe')).toEqual([]);
  });

  it('WAMP-145: takes a definition of a procedure from whom its calls come to, and of nothing that is private', () => {
    const [peer, other] = [peers.join(), peers.join()];
    register(peer, 'com.add');
    register(peer, 'com.many', { match: 'prefix' });
    expect(call(other, 'wamp.reflect.define', 'com.add', ADD)).toBe('wamp.error.not_authorized');
    expect(call(peer, 'wamp.reflect.define', 'com.none', ADD)).toBe('wamp.error.not_authorized');
    expect(call(peer, 'wamp.reflect.define', 'com.many.more', ADD)).toBe(true);
    for (const uri of ['wamp.session.count', 'user.ann.topic.x'])
      expect(call(peer, 'wamp.reflect.define', uri, { type: 'topic' })).toBe('wamp.error.invalid_uri');
  });

  it.each<[string, unknown[]]>([
    ['no URI', []],
    ['a definition that is no map', ['com.a', 'text']],
    ['a definition without type', ['com.a', { title: 'x' }]],
    ['a definition of something else', ['com.a', { type: 'queue' }]],
  ])('refuses %s', (_what, args) => {
    expect(call(peers.join(), 'wamp.reflect.define', ...args)).toBe('wamp.error.invalid_argument');
  });

  it('WAMP-146: bounds what one session may define, in number and in bytes', () => {
    peers.end();
    start({ brokerLimits: { definitions: 2, definitionBytes: 100 } });
    const peer = peers.join();
    const define = (uri: string, text = ''): unknown =>
      call(peer, 'wamp.reflect.define', uri, { type: 'topic', text });
    expect([define('a'), define('b'), define('c')]).toEqual([true, true, 'wamp.error.unavailable']);
    expect(define('b', 'x'.repeat(100))).toBe('wamp.error.unavailable');
    expect([call(peer, 'wamp.reflect.define', 'a', null), define('c')]).toEqual([false, true]);
  });

  it('is there for clients of STOMP', () => {
    const peer = peers.join();
    register(peer, 'com.add');
    const stomp = StompPeer.connect(services);
    stomp.send('SEND', {
      destination: '/rpc/wamp.reflection.procedure.list',
      'reply-to': '/temp-queue/answers',
    });
    const [answer] = stomp.take();
    expect(JSON.parse(String(answer?.body))).toEqual(['com.add']);
    stomp.disconnect();
  });
});

describe('reflection, with an authorizer,', () => {
  it('P18 WAMP-147: shows only what the caller may call or subscribe to, as far as that is known at once', () => {
    let allowed = true;
    const authorizer: Authorizer = {
      decide: (_who, _action, { text }) => {
        if (text.includes('late')) return allowed ? { allow: true } : new Promise<Decision>(() => {});
        return { allow: allowed || !text.includes('secret') };
      },
    };
    peers.end();
    start({ authorizer });
    const peer = peers.join();
    for (const name of ['com.open', 'com.secret', 'com.late']) {
      register(peer, name);
      subscribe(peer, name);
      call(peer, 'wamp.reflect.define', name, { type: 'procedure' });
      call(peer, 'wamp.reflect.define', name, { type: 'topic' });
    }
    allowed = false;
    expect(call(peer, 'wamp.reflection.procedure.list')).toEqual(['com.open']);
    expect(call(peer, 'wamp.reflection.topic.list')).toEqual(['com.open']);
    expect(call(peer, 'wamp.reflection.procedure.describe', 'com.secret')).toBeNull();
    expect(call(peer, 'wamp.reflection.topic.describe', 'com.late')).toBeNull();
    const described = call(peer, 'wamp.reflect.describe') as { uri: string }[];
    expect(described.map(({ uri }) => uri)).toEqual(['com.open', 'com.open']);
    services.clock.advance(6000);
  });

  it('stops asking one that answers with promises only', () => {
    let asked = 0;
    let isLate = false;
    const authorizer: Authorizer = {
      decide: (_who, _action, { text }) => {
        if (!isLate || !text.startsWith('com.')) return { allow: true };
        asked += 1;
        return new Promise<Decision>(() => {});
      },
    };
    peers.end();
    start({ authorizer });
    const peer = peers.join();
    for (let at = 0; at < 100; at += 1) register(peer, `com.p${at}`);
    isLate = true;
    peer.send('[48,1,{},"wamp.reflection.procedure.list"]');
    expect(peer.take()).toEqual(['[50,1,{},[[]],{"complete":false}]']);
    expect(asked).toBe(16);
    services.clock.advance(6000);
  });

  it('B12: counts what it passes over, too, and says that it has not seen all', () => {
    peers.end();
    start({ brokerLimits: { subscriptions: 20_000, patternSubscriptions: 20_000 } });
    const peer = peers.join();
    for (let at = 0; at < 10_000; at += 1) peer.send(`[32,${at + 1},{"match":"prefix"},"com.t${at}"]`);
    services.clock.flush();
    peer.take();
    peer.send('[48,20001,{},"wamp.reflection.topic.list"]');
    expect(peer.take()).toEqual(['[50,20001,{},[[]]]']);
    peer.send('[32,20002,{},"com.last"]');
    peer.take();
    peer.send('[48,20003,{},"wamp.reflection.topic.list"]');
    expect(peer.take()).toEqual(['[50,20003,{},[[]],{"complete":false}]']);
  });
});
