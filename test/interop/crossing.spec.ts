import autobahn from 'autobahn';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Wampy } from 'wampy';
import type { TestServer } from '../support/test-server.js';
import { startTestServer } from '../support/test-server.js';
import { AUTOBAHN_SERIALIZERS, AutobahnClient, failureOf } from './autobahn-client.js';
import { StompClient } from './stompjs-client.js';
import { WAMPY_SERIALIZERS, joinWampy, listenWampy } from './wampy-client.js';
import { provideWebSocket } from './web-socket.js';

provideWebSocket();

let server: TestServer;
let stomp: StompClient;

beforeEach(async () => {
  server = await startTestServer();
  stomp = await StompClient.connect(server.url);
});

afterEach(async () => {
  await stomp.leave();
  await server.stop();
});

/** What STOMP sends as this body, and WAMP as these arguments (`docs/mapping.md`). */
const SAME = [
  { args: ['żółw 𝄞'], body: '"żółw 𝄞"', payload: 'value' },
  { args: [{ deep: [1, null, true] }], body: '{"deep":[1,null,true]}', payload: 'value' },
  { args: [1, 'two', [3]], body: '[1,"two",[3]]', payload: 'args' },
  { args: [], kwargs: { a: 1 }, body: '{"a":1}', payload: 'kwargs' },
  { args: [1], kwargs: { a: [2] }, body: '{"args":[1],"kwargs":{"a":[2]}}', payload: 'both' },
] as const;

describe.each(AUTOBAHN_SERIALIZERS)('stompjs and AutobahnJS over %s', (serializer) => {
  let wamp: AutobahnClient;

  beforeEach(async () => {
    wamp = await AutobahnClient.join(server.url, serializer);
  });

  afterEach(async () => {
    await wamp.leave();
    expect(wamp.violations).toEqual([]);
  });

  it('chat: each hears the other', async () => {
    const heardByStomp = await stomp.listen('/topic/com.example.chat');
    const heardByWamp = await wamp.listen('com.example.chat');
    stomp.client.publish({
      destination: '/topic/com.example.chat',
      body: 'hello from STOMP',
      headers: { 'content-type': 'text/plain' },
    });
    wamp.session.publish('com.example.chat', ['hello from WAMP']);
    expect((await heardByWamp.take()).args).toEqual(['hello from STOMP']);
    // STOMP clients hear themselves, WAMP clients do not.
    const bodies = [
      (await heardByStomp.messages.take()).body,
      (await heardByStomp.messages.take()).body,
    ].sort();
    expect(bodies).toEqual(['"hello from WAMP"', 'hello from STOMP']);
    expect(heardByWamp.left).toEqual([]);
  });

  it.each(SAME)('$body from WAMP is the body of a MESSAGE ($payload)', async (same) => {
    const { messages } = await stomp.listen('/topic/com.example.same');
    wamp.session.publish('com.example.same', same.args, 'kwargs' in same ? same.kwargs : undefined);
    const { body, headers } = await messages.take();
    expect([JSON.parse(body), headers['wamp-payload']]).toEqual([JSON.parse(same.body), same.payload]);
    expect(headers['content-type']).toBe(
      same.payload === 'both' ? 'application/wamp+json' : 'application/json',
    );
  });

  it.each(SAME)('$body from STOMP becomes arguments ($payload)', async (same) => {
    const events = await wamp.listen('com.example.same');
    stomp.client.publish({
      destination: '/topic/com.example.same',
      body: same.body,
      headers: { 'content-type': 'application/json', 'wamp-payload': same.payload },
    });
    const { args, kwargs } = await events.take();
    expect([args, kwargs]).toEqual([same.args, 'kwargs' in same ? same.kwargs : {}]);
  });

  it('hear each other by patterns of their own', async () => {
    const { messages } = await stomp.listen('/topic/com.#');
    const events = await wamp.listen('com..price', { match: 'wildcard' });
    wamp.session.publish('com.acme.price', [42]);
    const message = await messages.take();
    expect([message.body, message.headers['destination']]).toEqual(['42', '/topic/com.acme.price']);
    stomp.sendJson('/topic/com.acme.price', 43);
    const event = await events.take();
    expect([event.args, event.details.topic]).toEqual([[43], 'com.acme.price']);
  });

  it('WAMP hears the SENDs of a transaction when it is committed', async () => {
    const events = await wamp.listen('com.example.tx');
    const transaction = stomp.client.begin();
    stomp.sendJson('/topic/com.example.tx', 1, { transaction: transaction.id });
    stomp.sendJson('/topic/com.example.tx', 2, { transaction: transaction.id });
    stomp.sendJson('/topic/com.example.tx', 0);
    transaction.commit();
    const heard = [(await events.take()).args, (await events.take()).args, (await events.take()).args];
    expect(heard).toEqual([[0], [1], [2]]);
  });

  it('STOMP calls a procedure of WAMP', async () => {
    await wamp.session.register('com.example.add', ([a, b]) => Number(a) + Number(b));
    stomp.sendJson('/rpc/com.example.add', [2, 3], {
      'wamp-payload': 'args',
      'reply-to': '/temp-queue/sums',
      'correlation-id': 'c-1',
    });
    expect(await stomp.unhandled.take()).toMatchObject({
      body: '5',
      headers: {
        subscription: '/temp-queue/sums',
        'correlation-id': 'c-1',
        'content-type': 'application/json',
      },
    });
  });

  it('STOMP gets the error of a procedure of WAMP, its URI and arguments', async () => {
    await wamp.session.register('com.example.fail', () => {
      throw new autobahn.Error('com.example.error.overflow', ['too big', 7]);
    });
    stomp.sendJson('/rpc/com.example.fail', null, {
      'reply-to': '/temp-queue/r',
      'correlation-id': 'c-2',
    });
    const { body, headers } = await stomp.unhandled.take();
    expect(headers).toMatchObject({ error: 'com.example.error.overflow', 'correlation-id': 'c-2' });
    expect(JSON.parse(body)).toEqual(['too big', 7]);
  });

  it('WAMP calls a procedure of STOMP', async () => {
    const { messages } = await stomp.listen('/rpc/com.example.upper');
    const call = wamp.session.call('com.example.upper', ['quiet']);
    const { body, headers } = await messages.take();
    stomp.sendJson(headers['reply-to'] ?? '', String(JSON.parse(body)).toUpperCase());
    expect(await call).toBe('QUIET');
  });

  it('WAMP gets progress of STOMP before the result', async () => {
    const { messages } = await stomp.listen('/rpc/com.example.steps');
    const steps: unknown[] = [];
    const call = wamp.session.call('com.example.steps', [], {}, { receive_progress: true }).then(
      (result) => result,
      null,
      (step) => steps.push(step),
    );
    const address = (await messages.take()).headers['reply-to'] ?? '';
    stomp.sendJson(address, 1, { progress: 'true' });
    stomp.sendJson(address, 2, { progress: 'true' });
    stomp.sendJson(address, 3);
    expect([await call, steps]).toEqual([3, [1, 2]]);
  });

  it('WAMP gets the error of STOMP, and wamp.error.no_available_callee for its NACK', async () => {
    const { messages } = await stomp.listen('/rpc/com.example.no', { ack: 'client-individual' });
    const failed = failureOf(wamp.session.call('com.example.no'));
    const { headers } = await messages.take();
    stomp.sendJson(headers['reply-to'] ?? '', 'not today', { error: 'com.example.error.closed' });
    expect(await failed).toMatchObject({ error: 'com.example.error.closed', args: ['not today'] });
    const refused = failureOf(wamp.session.call('com.example.no'));
    (await messages.take()).nack();
    expect((await refused).error).toBe('wamp.error.no_available_callee');
  });

  it('WAMP cancels, and STOMP is told', async () => {
    const { messages } = await stomp.listen('/rpc/com.example.slow');
    const call = wamp.session.call('com.example.slow');
    const failed = failureOf(call);
    const asked = await messages.take();
    call.cancel({ mode: 'killnowait' });
    await failed;
    expect((await messages.take()).headers).toMatchObject({
      cancel: 'true',
      'correlation-id': asked.headers['correlation-id'],
    });
  });
});

describe.each(WAMPY_SERIALIZERS)('stompjs and wampy over %s', (serializer) => {
  let wampy: Wampy;

  beforeEach(async () => {
    wampy = await joinWampy(server.url, serializer);
  });

  afterEach(async () => {
    await wampy.disconnect();
  });

  it('chat: each hears the other', async () => {
    const { messages } = await stomp.listen('/topic/com.example.chat');
    const events = await listenWampy(wampy, 'com.example.chat');
    await wampy.publish('com.example.chat', ['hello from WAMP', 2]);
    expect((await messages.take()).body).toBe('["hello from WAMP",2]');
    stomp.sendJson('/topic/com.example.chat', { hello: 'from STOMP' });
    expect((await events.take()).argsList).toEqual([{ hello: 'from STOMP' }]);
  });

  it('call each other', async () => {
    const { messages } = await stomp.listen('/rpc/com.example.stomp');
    await wampy.register('com.example.wampy', ({ argsList = [] }) => ({ argsList: [argsList.length] }));
    const call = wampy.call('com.example.stomp', ['ask']);
    const { body, headers } = await messages.take();
    stomp.sendJson(headers['reply-to'] ?? '', [body]);
    expect((await call).argsList).toEqual([['"ask"']]);
    stomp.sendJson('/rpc/com.example.wampy', [7, 8, 9], {
      'wamp-payload': 'args',
      'reply-to': '/temp-queue/r',
    });
    expect((await stomp.unhandled.take()).body).toBe('3');
  });
});

describe('octets', () => {
  it.each(['msgpack', 'cbor'] as const)(
    'pass between stompjs and AutobahnJS over %s both ways',
    async (serializer) => {
      const wamp = await AutobahnClient.join(server.url, serializer);
      const bytes = Buffer.from([0, 0x80, 0xff, 0x0a]);
      const { messages } = await stomp.listen('/topic/com.example.bytes');
      const events = await wamp.listen('com.example.bytes');
      wamp.session.publish('com.example.bytes', [bytes]);
      const message = await messages.take();
      expect(Buffer.from(message.binaryBody)).toEqual(bytes);
      expect(message.headers['content-type']).toBe('application/octet-stream');
      stomp.client.publish({
        destination: '/topic/com.example.bytes',
        binaryBody: bytes,
        headers: { 'content-type': 'application/octet-stream' },
      });
      expect(Buffer.from((await events.take()).args[0] as Uint8Array)).toEqual(bytes);
      await wamp.leave();
    },
  );
});
