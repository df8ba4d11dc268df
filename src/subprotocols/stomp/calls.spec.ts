import { afterEach, describe, expect, it } from '@jest/globals';
import type { StompClient } from '../../../test/support/stomp-client.js';
import { StompClients } from '../../../test/support/stomp-client.js';
import { Payload } from '../../broker/index.js';
import type { RecordingEndpoint } from '../../testing/index.js';

const peers = new StompClients();

afterEach(() => peers.end());

const header = (frame: string | undefined, name: string): string | undefined =>
  frame
    ?.split('\n\n')[0]
    ?.split('\n')
    .find((line) => line.startsWith(`${name}:`))
    ?.slice(name.length + 1);

/** A callee of another protocol. */
function callee(procedure = 'add'): RecordingEndpoint {
  const endpoint = peers.other();
  void endpoint.attachment.register({}, { pattern: { match: 'exact', text: procedure } });
  endpoint.told.length = 0;
  return endpoint;
}

const CALL =
  'SEND\ndestination:/rpc/add\nreply-to:/temp-queue/r\ncorrelation-id:7\ncontent-type:application/json\nwamp-payload:args\nx:y\n\n[1,2]\0';
const SERVE = 'SUBSCRIBE\nid:s\ndestination:/rpc/add\nreceipt:0\n\n\0';

describe('a STOMP caller', () => {
  it('gets the result at its reply address', () => {
    const endpoint = callee();
    const c = peers.connect().say(CALL);
    const { lastInvocation } = endpoint;
    expect(lastInvocation.payload.values().args).toEqual([1, 2]);
    expect([...lastInvocation.headers!]).toEqual([
      ['wamp-payload', 'args'],
      ['x', 'y'],
    ]);
    endpoint.attachment.yield(lastInvocation, {
      payload: Payload.ofValues([3]),
      headers: new Map([['h', 'v']]),
    });
    expect(c.heard()).toEqual([
      'MESSAGE\nsubscription:/temp-queue/r\nmessage-id:reply-1002-1\ndestination:/temp-queue/r\ncorrelation-id:7\nh:v\ncontent-type:application/json\nwamp-payload:value\ncontent-length:1\n\n3\0',
    ]);
  });

  it('gets an error with its URI', () => {
    const endpoint = callee();
    const c = peers.connect().say(CALL);
    endpoint.attachment.fail(endpoint.lastInvocation, 'com.acme.no', { payload: Payload.ofValues(['why']) });
    const [message] = c.heard();
    expect([header(message, 'error'), header(message, 'correlation-id')]).toEqual(['com.acme.no', '7']);
    expect(message).toContain('\n\n"why"\0');
  });

  it.each(['1.0', '1.1', '1.2'] as const)(
    'X3: gets an error whatever its URI is made of, in %s',
    (version) => {
      const endpoint = callee();
      const c = peers.connect(version).say(CALL);
      endpoint.attachment.fail(endpoint.lastInvocation, 'a\n\r\0b', { payload: Payload.empty });
      expect(header(c.heard()[0], 'error')).toBe('a%0A%0D%00b');
    },
  );

  it('X5: believes no header of the callee that would make a result an error, a part or a question', () => {
    const endpoint = callee();
    const c = peers.connect().say(CALL);
    const names = ['error', 'progress', 'reply-to', 'correlation-id', 'cancel', 'timeout', 'mine'];
    const headers = new Map(names.map((name) => [name, 'forged']));
    endpoint.attachment.yield(endpoint.lastInvocation, { payload: Payload.empty, headers });
    const [message] = c.heard();
    expect(names.filter((name) => header(message, name) === 'forged')).toEqual(['mine']);
  });

  it('gets parts of the result before it', () => {
    const endpoint = callee();
    const c = peers.connect().say(CALL);
    const { lastInvocation } = endpoint;
    for (const part of [1, 2])
      endpoint.attachment.yield(lastInvocation, { payload: Payload.ofValues([part]) }, true);
    endpoint.attachment.yield(lastInvocation, { payload: Payload.ofValues([3]) });
    expect(c.heard().map((frame) => header(frame, 'progress'))).toEqual(['true', 'true', undefined]);
  });

  it.each([
    ['no such procedure', '/rpc/none', {}, 'wamp.error.no_such_procedure'],
    ['too many calls', '/rpc/add', { callsPerCaller: 0 }, 'wamp.error.unavailable'],
    ['a busy callee', '/rpc/add', { callsPerCallee: 0 }, 'wamp.error.no_available_callee'],
  ])('STOMP-41: a refusal (%s) arrives there too, never as ERROR', (_why, destination, brokerLimits, uri) => {
    peers.given({ brokerLimits });
    callee();
    const c = peers.connect().say(CALL.replace('/rpc/add', destination));
    const [message] = c.heard();
    expect([message?.split('\n')[0], header(message, 'error'), header(message, 'correlation-id')]).toEqual([
      'MESSAGE',
      uri,
      '7',
    ]);
    expect(c.link.closeReason).toBeUndefined();
  });

  it('is told that it is not authorized', () => {
    peers.given({ authorizer: { decide: (_principal, action) => ({ allow: action !== 'call' }) } });
    expect(header(peers.connect().say(CALL).heard()[0], 'error')).toBe('wamp.error.not_authorized');
  });

  it('is told when the callee leaves', () => {
    const endpoint = callee();
    const c = peers.connect().say(CALL);
    endpoint.attachment.detach();
    expect(header(c.heard()[0], 'error')).toBe('wamp.error.canceled');
  });

  it('is told when time is up: after 30 s, or when its timeout says', () => {
    const endpoint = callee();
    const c = peers.connect().say(CALL, CALL.replace('x:y', 'timeout:500'));
    peers.services.clock.advance(700);
    expect(c.heard().map((frame) => header(frame, 'error'))).toEqual(['wamp.error.timeout']);
    peers.services.clock.advance(29_000);
    expect(c.heard()).toEqual([]);
    peers.services.clock.advance(500);
    expect(c.heard().map((frame) => header(frame, 'error'))).toEqual(['wamp.error.timeout']);
    expect(endpoint.take().filter((told) => told.startsWith('interrupted'))).toHaveLength(2);
  });

  it.each(['-1', 'soon', '1e3', ''])('refuses timeout:%s', (timeout) => {
    const c = peers.connect().say(CALL.replace('x:y', `timeout:${timeout}`));
    expect(c.heard()[0]).toContain('ERROR\nmessage:invalid timeout\n');
  });

  it('without reply-to calls and forgets', () => {
    const endpoint = callee();
    const c = peers
      .connect()
      .say('SEND\ndestination:/rpc/add\nreceipt:1\n\nx\0', 'SEND\ndestination:/rpc/none\n\n\0');
    expect(endpoint.lastInvocation.receiveProgress).toBe(false);
    endpoint.attachment.yield(endpoint.lastInvocation, { payload: Payload.empty });
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:1\n\n\0']);
  });

  it('may subscribe to its reply address, with an id and acknowledgements of its own', () => {
    const endpoint = callee();
    const c = peers
      .connect()
      .say('SUBSCRIBE\nid:9\ndestination:/temp-queue/r\nack:client\nreceipt:1\n\n\0', CALL);
    endpoint.attachment.yield(endpoint.lastInvocation, { payload: Payload.empty });
    const [, message] = c.heard();
    expect([header(message, 'subscription'), header(message, 'destination')]).toEqual(['9', '/temp-queue/r']);
    expect(header(message, 'ack')).toBe(header(message, 'message-id'));
    c.say(`ACK\nid:${header(message, 'ack')}\nreceipt:2\n\n\0`, 'UNSUBSCRIBE\nid:9\nreceipt:3\n\n\0');
    expect(c.heard()).toHaveLength(2);
  });

  it.each([
    ['UNSUBSCRIBE\nid:/temp-queue/r\nreceipt:1\n\n\0', ''],
    ['UNSUBSCRIBE\nid:9\nreceipt:1\n\n\0', 'SUBSCRIBE\nid:9\ndestination:/temp-queue/r\n\n\0'],
  ])('gives its calls up by UNSUBSCRIBE of the reply address: %j', (unsubscribe, subscribe) => {
    const endpoint = callee();
    const c = peers.connect().say(subscribe, CALL, CALL, unsubscribe);
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:1\n\n\0']);
    expect(endpoint.take()).toEqual([
      'invoked add',
      'invoked add',
      'interrupted killnowait',
      'interrupted killnowait',
    ]);
    expect(peers.broker.stats.calls).toBe(0);
  });

  it('gives one call up by cancel:true', () => {
    const endpoint = callee();
    const c = peers.connect().say(CALL, CALL.replace('correlation-id:7', 'correlation-id:8'));
    c.say('SEND\ndestination:/rpc/add\ncancel:true\ncorrelation-id:8\nreceipt:1\n\n\0');
    expect(c.heard().map((frame) => header(frame, 'error') ?? frame)).toEqual([
      'RECEIPT\nreceipt-id:1\n\n\0',
      'wamp.error.canceled',
    ]);
    expect(peers.broker.stats.calls).toBe(1);
    endpoint.attachment.yield(endpoint.lastInvocation, { payload: Payload.empty });
  });

  it('forgets a reply address that nothing can arrive at any more', () => {
    callee();
    const c = peers.connect('1.2', { limits: { replyAddresses: 2 } });
    for (let i = 0; i < 10; i += 1) {
      c.say(`SEND\ndestination:/rpc/none\nreply-to:/temp-queue/${i}\n\n\0`);
    }
    expect(c.heard()).toHaveLength(10);
    for (let i = 0; i < 3; i += 1) c.say(`SEND\ndestination:/rpc/add\nreply-to:/temp-queue/${i}\n\n\0`);
    expect(c.heard()[0]).toContain('ERROR\nmessage:limit exceeded\n');
  });

  it.each(['/topic/a', '/reply-queue/abc', 'x'])(
    'S22: refuses a reply-to of a call that is not its own: %s',
    (to) => {
      callee();
      expect(peers.connect().say(CALL.replace('/temp-queue/r', to)).heard()[0]).toContain(
        'ERROR\nmessage:invalid destination\n',
      );
    },
  );

  it('calls in a transaction at its COMMIT', () => {
    const endpoint = callee();
    const c = peers
      .connect()
      .say('BEGIN\ntransaction:t\n\n\0', CALL.replace('x:y', 'transaction:t\nreceipt:1'));
    expect(endpoint.take()).toEqual([]);
    c.say('COMMIT\ntransaction:t\nreceipt:2\n\n\0');
    expect([endpoint.take(), c.heard()]).toEqual([
      ['invoked add'],
      ['RECEIPT\nreceipt-id:1\n\n\0', 'RECEIPT\nreceipt-id:2\n\n\0'],
    ]);
  });
});

describe('a STOMP callee', () => {
  function serving(version = '1.2', subscribe = SERVE): StompClient {
    const c = peers.connect(version).say(subscribe);
    c.heard();
    return c;
  }

  function called(caller: RecordingEndpoint, progress = false): object {
    const request = {};
    void caller.attachment.call(request, {
      procedure: 'add',
      payload: Payload.ofValues([1, 2]),
      receiveProgress: progress,
    });
    return request;
  }

  it('is called by a MESSAGE with a reply address', () => {
    const c = serving();
    called(peers.other());
    expect(c.heard()).toEqual([
      'MESSAGE\nsubscription:s\nmessage-id:call-1001-1\ndestination:/rpc/add\nreply-to:/reply-queue/token-1\ncorrelation-id:1\ncontent-type:application/json\nwamp-payload:args\ncontent-length:5\n\n[1,2]\0',
    ]);
  });

  it('answers by a SEND to it', () => {
    const c = serving();
    const caller = peers.other();
    called(caller);
    c.say('SEND\ndestination:/reply-queue/token-1\ncontent-type:application/json\nx:y\nreceipt:1\n\n3\0');
    const [told] = caller.told;
    expect(told?.kind === 'answered' && told.outcome).toMatchObject({
      kind: 'result',
      headers: new Map([['x', 'y']]),
    });
    expect(
      told?.kind === 'answered' && told.outcome.kind === 'result' && told.outcome.payload.values().args,
    ).toEqual([3]);
    expect(c.heard().at(-1)).toBe('RECEIPT\nreceipt-id:1\n\n\0');
  });

  it('answers with an error', () => {
    const c = serving();
    const caller = peers.other();
    called(caller);
    c.say('SEND\ndestination:/reply-queue/token-1\nerror:com.acme.no\n\nwhy\0');
    const [told] = caller.told;
    expect(told?.kind === 'answered' && told.outcome).toMatchObject({ kind: 'failed', error: 'com.acme.no' });
  });

  it.each(['', 'a..b', '.'])('refuses an error that is no URI: %j', (error) => {
    const c = serving();
    called(peers.other());
    c.heard();
    c.say(`SEND\ndestination:/reply-queue/token-1\nerror:${error}\n\n\0`);
    expect(c.heard()[0]).toContain('ERROR\nmessage:invalid error\n');
  });

  it('answers in parts, if the caller takes them', () => {
    const c = serving();
    const caller = peers.other();
    called(caller, true);
    const part = 'SEND\ndestination:/reply-queue/token-1\nprogress:true\n\n1\0';
    c.say(part, part, 'SEND\ndestination:/reply-queue/token-1\n\n2\0', part);
    expect(caller.take()).toEqual(['answered progress', 'answered progress', 'answered result']);
    called(caller);
    c.say(part.replace('token-1', 'token-2'), 'SEND\ndestination:/reply-queue/token-2\n\n2\0');
    expect(caller.take()).toEqual(['answered result']);
  });

  it.each([
    ['1.2', 'ack:client-individual\n', 'id:'],
    ['1.2', '', 'id:'],
    ['1.1', 'ack:client\n', 'subscription:s\nmessage-id:'],
  ])('does not take a call by NACK: %s %j', (version, mode, names) => {
    const c = serving(version, `SUBSCRIBE\nid:s\ndestination:/rpc/add\n${mode}\n\0`);
    const caller = peers.other();
    called(caller);
    const id = header(c.heard()[0], 'message-id');
    c.say(`NACK\n${names}${id}\nreceipt:1\n\n\0`, `NACK\n${names}${id}\nreceipt:2\n\n\0`);
    expect(caller.take()).toEqual(['answered refused callee_unavailable']);
    c.say('SEND\ndestination:/reply-queue/token-1\n\n\0');
    expect(c.heard()).toHaveLength(2);
    expect(caller.take()).toEqual([]);
  });

  it('hears that a call was given up', () => {
    const c = serving();
    const caller = peers.other();
    const request = called(caller);
    c.heard();
    caller.attachment.cancel(request, 'killnowait');
    expect(c.heard()).toEqual([
      'MESSAGE\nsubscription:s\nmessage-id:call-1001-2\ndestination:/rpc/add\ncorrelation-id:1\ncancel:true\nwamp-payload:none\n\n\0',
    ]);
    c.say('SEND\ndestination:/reply-queue/token-1\nreceipt:1\n\nlate\0');
    expect([caller.take(), c.heard()]).toEqual([
      ['answered refused canceled'],
      ['RECEIPT\nreceipt-id:1\n\n\0'],
    ]);
  });

  it('still answers a call that was given up with kill', () => {
    const c = serving();
    const caller = peers.other();
    const request = called(caller);
    caller.attachment.cancel(request, 'kill');
    c.say('SEND\ndestination:/reply-queue/token-1\nerror:wamp.error.canceled\n\n\0');
    expect(caller.take()).toEqual(['answered failed']);
  });

  it('hears that the caller left', () => {
    const c = serving();
    const caller = peers.other();
    called(caller);
    c.heard();
    caller.attachment.detach();
    expect(header(c.heard()[0], 'cancel')).toBe('true');
  });

  it('withdraws by UNSUBSCRIBE, and may still answer', () => {
    const c = serving();
    const caller = peers.other();
    called(caller);
    c.say('UNSUBSCRIBE\nid:s\nreceipt:1\n\n\0');
    expect(peers.broker.stats.registrations).toBe(0);
    c.say('SEND\ndestination:/reply-queue/token-1\n\nx\0');
    expect(caller.take()).toEqual(['answered result']);
  });

  it('is not the second one of a procedure', () => {
    serving();
    const c = peers.connect().say(SERVE);
    expect(c.heard()[0]).toContain('ERROR\nmessage:procedure already exists\n');
  });

  it('does not register what belongs to the router', () => {
    expect(peers.connect().say(SERVE.replace('add', 'wamp.session.kill')).heard()[0]).toContain(
      'ERROR\nmessage:reserved destination\n',
    );
  });

  it('forgets calls that ended behind its back', () => {
    const c = serving();
    const caller = peers.other();
    for (let i = 0; i < 200; i += 1) caller.attachment.cancel(called(caller), 'skip');
    const tokens = c.heard().map((frame) => header(frame, 'reply-to'));
    expect(tokens).toHaveLength(200);
    c.say(`SEND\ndestination:${tokens[0]}\nreceipt:1\n\n\0`);
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:1\n\n\0']);
  });

  it('S22 X8: its reply address is of its session alone, and good for one answer', () => {
    const c = serving();
    const caller = peers.other();
    called(caller);
    const forger = peers.connect().say('SEND\ndestination:/reply-queue/token-1\nreceipt:1\n\nforged\0');
    expect([forger.heard(), caller.take()]).toEqual([['RECEIPT\nreceipt-id:1\n\n\0'], []]);
    c.say(
      'SEND\ndestination:/reply-queue/token-1\n\n1\0SEND\ndestination:/reply-queue/token-1\nreceipt:2\n\n2\0',
    );
    expect(caller.take()).toEqual(['answered result']);
    expect(c.heard().at(-1)).toBe('RECEIPT\nreceipt-id:2\n\n\0');
  });

  it('serves STOMP callers: one text for both sides', () => {
    const c = serving();
    const caller = peers.connect().say(CALL);
    const [message] = c.heard();
    expect([
      header(message, 'x'),
      header(message, 'wamp-payload'),
      header(message, 'correlation-id'),
    ]).toEqual(['y', 'args', '1']);
    c.say(`SEND\ndestination:${header(message, 'reply-to')}\ncorrelation-id:1\n\nthree\0`);
    expect(caller.heard()).toEqual([
      'MESSAGE\nsubscription:/temp-queue/r\nmessage-id:reply-1002-1\ndestination:/temp-queue/r\ncorrelation-id:7\ncontent-length:5\n\nthree\0',
    ]);
  });
});
