import { afterEach, describe, expect, it } from '@jest/globals';
import { HELLO, Peers } from '../../../test/support/wamp-peer.js';
import type { WampPeer } from '../../../test/support/wamp-peer.js';
import type { Action, Decision } from '../../broker/index.js';
import { testServices } from '../../testing/index.js';
import type { TestServices } from '../../testing/index.js';

const GOODBYE = '[6,{"message":"The server is shutting down."},"wamp.close.system_shutdown"]';
const ANSWER = '[6,{},"wamp.close.goodbye_and_out"]';

let services: TestServices;
let peers: Peers;
let decide: (decision: Decision) => void = () => {};

afterEach(() => peers.end());

/** A realm whose authorizer answers later, if it is asked about one of these actions. */
function start(...later: Action[]): WampPeer {
  const authorizer = {
    decide: (_who: unknown, action: Action): Decision | Promise<Decision> =>
      later.includes(action) ? new Promise((settle) => (decide = settle)) : { allow: true },
  };
  services = testServices({ authorizer });
  peers = new Peers(services);
  return peers.join();
}

function stop(peer: WampPeer, withinMs = 5000): void {
  peer.session.closing(services.clock.now() + withinMs);
}

/** Lets promises that have settled be heard. */
function settled(): Promise<void> {
  return new Promise((go) => setImmediate(go));
}

describe('a server that shuts down while the authorizer thinks', () => {
  it.each<[Action, string, string]>([
    ['publish', '[16,7,{"acknowledge":true},"com.a"]', '[17,7,1002]'],
    ['subscribe', '[32,7,{},"com.a"]', '[33,7,1]'],
    ['register', '[64,7,{},"com.a"]', '[65,7,1]'],
    ['call', '[48,7,{},"com.a"]', '[8,48,7,{},"wamp.error.no_such_procedure",["No such procedure."]]'],
  ])('answers a %s before it says GOODBYE', async (action, request, answer) => {
    const peer = start(action).send(request);
    stop(peer);
    expect(peer.take()).toEqual([]);
    decide({ allow: true });
    await settled();
    expect(peer.take()).toEqual([answer, GOODBYE]);
    peer.send(ANSWER);
    expect(peer.closedAs).toBe('going_away');
  });

  it('tells a refusal before it says GOODBYE', async () => {
    const peer = start('publish').send('[16,7,{"acknowledge":true},"com.a"]');
    stop(peer);
    decide({ allow: false });
    await settled();
    expect(peer.takeParsed().map((message) => message.slice(0, 5))).toEqual([
      [8, 16, 7, {}, 'wamp.error.not_authorized'],
      [6, { message: 'The server is shutting down.' }, 'wamp.close.system_shutdown'],
    ]);
  });

  it('takes no further request', async () => {
    const watcher = start('publish').send('[32,1,{},"com.a"]');
    watcher.take();
    const peer = peers.join().send('[16,7,{"acknowledge":true},"com.a"]');
    stop(peer);
    peer.send('[16,8,{"acknowledge":true},"com.a"]', '[32,9,{},"com.b"]');
    decide({ allow: true });
    await settled();
    expect([peer.take(), watcher.take()]).toEqual([['[17,7,1003]', GOODBYE], ['[36,1,1003,{}]']]);
  });

  it('says GOODBYE a second before the deadline at the latest', () => {
    const peer = start('subscribe').send('[32,7,{},"com.a"]');
    stop(peer, 5000);
    services.clock.advance(3900);
    expect(peer.take()).toEqual([]);
    services.clock.advance(200);
    expect(peer.take()).toEqual([GOODBYE]);
    services.clock.advance(1100);
    expect(peer.closedAs).toBe('going_away');
  });

  it('leaves half of a short time for the GOODBYE', () => {
    const peer = start('subscribe').send('[32,7,{},"com.a"]');
    stop(peer, 800);
    services.clock.advance(500);
    expect([peer.take(), peer.closedAs]).toEqual([[GOODBYE], undefined]);
  });

  it('leaves nothing behind when the client goes first', () => {
    const peer = start('subscribe').send('[32,7,{},"com.a"]');
    stop(peer);
    peer.disconnect();
    expect(peer.take()).toEqual([]);
  });
});

describe('a server that shuts down while a call is open', () => {
  function open(): { callee: WampPeer; caller: WampPeer } {
    const callee = start().send('[64,1,{},"com.a"]');
    callee.take();
    const caller = peers.join().send('[48,7,{},"com.a"]');
    expect(callee.take()).toEqual(['[68,1,1,{}]']);
    return { callee, caller };
  }

  it('hands on the answer before it says GOODBYE', () => {
    const { callee, caller } = open();
    stop(caller);
    callee.send('[70,1,{},["done"]]');
    expect(caller.take()).toEqual(['[50,7,{},["done"]]', GOODBYE]);
  });

  it('lets the caller give it up', () => {
    const { caller } = open();
    stop(caller);
    caller.send('[49,7,{}]');
    expect(caller.takeParsed().map(([code, , , , error]) => error ?? code)).toEqual([
      'wamp.error.canceled',
      6,
    ]);
  });

  it('lets a callee that waits for an answer itself give its own', () => {
    const { callee, caller } = open();
    const other = peers.join().send('[64,1,{},"com.b"]');
    callee.send('[48,2,{},"com.b"]');
    stop(callee);
    callee.send('[70,1,{},["done"]]');
    expect([caller.take(), callee.take()]).toEqual([['[50,7,{},["done"]]'], []]);
    other.disconnect();
    expect(callee.takeParsed().map(([code]) => code)).toEqual([8, 6]);
  });

  it('lets the client leave as it wants', () => {
    const { caller } = open();
    stop(caller);
    caller.send('[6,{},"wamp.close.normal"]');
    expect([caller.take(), caller.closedAs]).toEqual([[ANSWER], 'going_away']);
  });

  it('takes a second HELLO for a violation, as before', () => {
    const { caller } = open();
    stop(caller);
    caller.send(HELLO);
    expect(caller.takeParsed()[0]?.[2]).toBe('wamp.error.protocol_violation');
  });
});
