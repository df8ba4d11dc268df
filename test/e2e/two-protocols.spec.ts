import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PlainStomp, PlainWamp } from '../support/plain-clients.js';
import type { TestServer } from '../support/test-server.js';
import { startTestServer } from '../support/test-server.js';

let server: TestServer;
let stomp: PlainStomp;
let wamp: PlainWamp;

beforeEach(async () => {
  server = await startTestServer();
  stomp = await PlainStomp.connect(server.url);
  wamp = await PlainWamp.connect(server.url);
});

afterEach(async () => {
  await stomp.close();
  await wamp.close();
  await server.stop();
});

async function subscribeStomp(
  destination: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  stomp.send('SUBSCRIBE', { id: 'sub', destination, receipt: 'subscribed', ...headers });
  expect(await stomp.next()).toMatchObject({ command: 'RECEIPT', headers: { 'receipt-id': 'subscribed' } });
}

describe('topics', () => {
  it('a SEND reaches a WAMP subscriber, user headers beside it', async () => {
    wamp.send([32, 1, {}, 'com.example.chat']);
    await wamp.next();
    stomp.send(
      'SEND',
      { destination: '/topic/com.example.chat', 'content-type': 'text/plain', room: 'a' },
      'hello',
    );
    const [code, , , details, args] = await wamp.next();
    expect([code, args]).toEqual([36, ['hello']]);
    expect(details).toMatchObject({ _headers: { room: 'a' } });
  });

  it('a PUBLISH reaches a STOMP subscriber, as JSON', async () => {
    await subscribeStomp('/topic/com.example.chat');
    wamp.send([16, 1, { acknowledge: true, _headers: { room: 'a' } }, 'com.example.chat', [{ text: 'hi' }]]);
    const [, , publication] = await wamp.next();
    const message = await stomp.next();
    expect(message).toMatchObject({
      command: 'MESSAGE',
      headers: {
        destination: '/topic/com.example.chat',
        subscription: 'sub',
        'content-type': 'application/json',
        'wamp-payload': 'value',
        room: 'a',
      },
    });
    expect(message.headers['message-id']).toMatch(new RegExp(`^${String(publication)}-\\d+$`));
    expect(message.body.toString()).toBe('{"text":"hi"}');
  });

  it('patterns of either protocol match what the other publishes', async () => {
    await subscribeStomp('/topic/com.*.chat.#');
    wamp.send([32, 1, { match: 'prefix' }, 'com.exam']);
    await wamp.next();
    wamp.send([16, 2, {}, 'com.example.chat', ['from wamp']]);
    expect((await stomp.next()).body.toString()).toBe('"from wamp"');
    stomp.send(
      'SEND',
      { destination: '/topic/com.example.other', 'content-type': 'text/plain' },
      'from stomp',
    );
    const [, , , details, args] = await wamp.next();
    expect([details, args]).toMatchObject([{ topic: 'com.example.other' }, ['from stomp']]);
  });

  it('a COMMIT reaches WAMP subscribers as plain events, in order', async () => {
    wamp.send([32, 1, {}, 'com.example.chat']);
    await wamp.next();
    stomp.send('BEGIN', { transaction: 't' });
    for (const text of ['1', '2', '3']) {
      stomp.send(
        'SEND',
        { destination: '/topic/com.example.chat', 'content-type': 'text/plain', transaction: 't' },
        text,
      );
    }
    stomp.send('COMMIT', { transaction: 't' });
    const texts = [await wamp.next(), await wamp.next(), await wamp.next()].map((event) => event[4]);
    expect(texts).toEqual([['1'], ['2'], ['3']]);
  });
});

describe('procedures', () => {
  it('a SEND with reply-to calls a WAMP procedure', async () => {
    wamp.send([64, 1, {}, 'com.example.add']);
    await wamp.next();
    stomp.send(
      'SEND',
      {
        destination: '/rpc/com.example.add',
        'reply-to': '/temp-queue/answers',
        'correlation-id': 'c1',
        'content-type': 'application/json',
        'wamp-payload': 'args',
      },
      '[2,3]',
    );
    const [code, request, , , args] = await wamp.next();
    expect([code, args]).toEqual([68, [2, 3]]);
    wamp.send([70, request, {}, [5]]);
    const reply = await stomp.next();
    expect(reply).toMatchObject({
      command: 'MESSAGE',
      headers: {
        subscription: '/temp-queue/answers',
        'correlation-id': 'c1',
        'content-type': 'application/json',
      },
    });
    expect(reply.body.toString()).toBe('5');
  });

  it('a WAMP error reaches a STOMP caller with its URI and arguments', async () => {
    wamp.send([64, 1, {}, 'com.example.add']);
    await wamp.next();
    stomp.send('SEND', {
      destination: '/rpc/com.example.add',
      'reply-to': '/temp-queue/a',
      'correlation-id': 'c',
    });
    const [, request] = await wamp.next();
    wamp.send([8, 68, request, {}, 'com.example.error.overflow', ['too big']]);
    const reply = await stomp.next();
    expect(reply.headers).toMatchObject({ error: 'com.example.error.overflow', 'correlation-id': 'c' });
    expect(reply.body.toString()).toBe('"too big"');
  });

  it('a call to nobody is answered on the reply address, not with an ERROR', async () => {
    stomp.send('SEND', {
      destination: '/rpc/com.example.nobody',
      'reply-to': '/temp-queue/a',
      'correlation-id': 'c',
    });
    expect((await stomp.next()).headers).toMatchObject({ error: 'wamp.error.no_such_procedure' });
  });

  it('a SUBSCRIBE to /rpc makes a STOMP client the callee of a WAMP CALL', async () => {
    await subscribeStomp('/rpc/com.example.echo');
    wamp.send([48, 1, {}, 'com.example.echo', ['ping']]);
    const call = await stomp.next();
    expect(call.body.toString()).toBe('"ping"');
    const { 'reply-to': address = '' } = call.headers;
    expect(address).toMatch(/^\/reply-queue\/[\w-]{22,}$/);
    stomp.send('SEND', { destination: address, 'content-type': 'text/plain' }, 'pong');
    expect(await wamp.next()).toEqual([50, 1, expect.anything(), ['pong']]);
  });

  it('an error header makes the answer an error, and NACK says that the callee is not available', async () => {
    await subscribeStomp('/rpc/com.example.echo', { ack: 'client-individual' });
    wamp.send([48, 1, {}, 'com.example.echo']);
    const first = await stomp.next();
    stomp.send('SEND', { destination: first.headers['reply-to']!, error: 'com.example.no' });
    expect(await wamp.next()).toEqual([8, 48, 1, expect.anything(), 'com.example.no']);
    wamp.send([48, 2, {}, 'com.example.echo']);
    const second = await stomp.next();
    stomp.send('NACK', { id: second.headers['ack']! });
    expect((await wamp.next()).slice(0, 5)).toEqual([
      8,
      48,
      2,
      expect.anything(),
      'wamp.error.no_available_callee',
    ]);
  });

  it('a callee that leaves cancels the calls that it holds', async () => {
    await subscribeStomp('/rpc/com.example.echo');
    wamp.send([48, 1, {}, 'com.example.echo']);
    await stomp.next();
    stomp.socket.terminate();
    expect((await wamp.next()).slice(0, 5)).toEqual([8, 48, 1, expect.anything(), 'wamp.error.canceled']);
  });

  it('a procedure has one owner, whatever protocol it speaks', async () => {
    wamp.send([64, 1, {}, 'com.example.mine']);
    await wamp.next();
    stomp.send('SUBSCRIBE', { id: 'x', destination: '/rpc/com.example.mine' });
    const refused = await stomp.next();
    expect(refused.command).toBe('ERROR');
  });

  it('two STOMP clients ask and answer over a topic by reply-to', async () => {
    const other = await PlainStomp.connect(server.url);
    await subscribeStomp('/topic/echo');
    other.send(
      'SEND',
      { destination: '/topic/echo', 'reply-to': '/temp-queue/r', 'correlation-id': '7' },
      'hi',
    );
    const question = await stomp.next();
    expect(question.headers['reply-to']).toMatch(/^\/reply-queue\/[\w-]{22,}$/);
    stomp.send('SEND', { destination: question.headers['reply-to']!, 'correlation-id': '7' }, 'ho');
    const answer = await other.next();
    expect(answer).toMatchObject({
      command: 'MESSAGE',
      headers: { subscription: '/temp-queue/r', 'correlation-id': '7' },
    });
    expect(answer.body.toString()).toBe('ho');
    await other.close();
  });
});
