import { ReconnectionTimeMode, Stomp, Versions } from '@stomp/stompjs';
import type { IMessage } from '@stomp/stompjs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { Mailbox } from '../support/mailbox.js';
import type { TestServer } from '../support/test-server.js';
import { startTestServer } from '../support/test-server.js';
import { StompClient } from './stompjs-client.js';
import { provideWebSocket } from './web-socket.js';

provideWebSocket();

let server: TestServer;
let clients: StompClient[];

beforeEach(async () => {
  server = await startTestServer();
  clients = [];
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.leave()));
  await server.stop();
});

async function connect(config: Parameters<typeof StompClient.connect>[1] = {}): Promise<StompClient> {
  const client = await StompClient.connect(server.url, config);
  clients.push(client);
  return client;
}

describe('stompjs connects', () => {
  it.each([
    ['1.0', 'v10.stomp'],
    ['1.1', 'v11.stomp'],
    ['1.2', 'v12.stomp'],
  ])('STOMP-20: with version %s alone, offering %s', async (version, token) => {
    const { client, connected } = await connect({ stompVersions: new Versions([version]) });
    expect(client.webSocket).toMatchObject({ protocol: token });
    expect(connected.headers).toMatchObject({ version });
    expect(client.connectedVersion).toBe(version);
  });

  it('STOMP-20 STOMP-29: offering all three, and learns server, session and its name', async () => {
    const { client, connected } = await connect();
    expect(client.webSocket).toMatchObject({ protocol: 'v12.stomp' });
    expect(connected.headers).toMatchObject({
      version: '1.2',
      server: expect.stringMatching(/^mangrove\/\S+$/),
      session: expect.stringMatching(/^\d+$/),
      'user-name': expect.any(String),
    });
  });

  it('STOMP-24: without a host header, into the default realm', async () => {
    const other = await connect({ connectHeaders: { host: 'realm1' } });
    const { messages } = await other.listen('/topic/com.example.realm');
    (await connect()).client.publish({ destination: '/topic/com.example.realm', body: 'x' });
    expect((await messages.take()).body).toBe('x');
  });

  it('STOMP-42: and gets the RECEIPT of its DISCONNECT before the close', async () => {
    const order: string[] = [];
    const { client } = await connect({
      onDisconnect: () => order.push('RECEIPT'),
      onWebSocketClose: () => order.push('close'),
    });
    await client.deactivate();
    expect(order).toEqual(['RECEIPT', 'close']);
  });

  it('again by itself after the connection broke, and hears what it subscribes to anew', async () => {
    const sockets: Socket[] = [];
    server.server.on('connection', (socket) => sockets.push(socket));
    const { client, connections, closes } = await connect({
      reconnectDelay: 10,
      reconnectTimeMode: ReconnectionTimeMode.EXPONENTIAL,
    });
    sockets[0]?.destroy();
    expect(await closes.take()).toMatchObject({ code: 1006 });
    await connections.take();
    const messages = new Mailbox<string>();
    client.subscribe('/topic/com.example.again', ({ body }) => messages.put(body));
    client.publish({ destination: '/topic/com.example.again', body: 'still here' });
    expect(await messages.take()).toBe('still here');
  });
});

describe.each(['1.0', '1.1', '1.2'])('stompjs with STOMP %s', (version) => {
  const connectVersion = (): Promise<StompClient> => connect({ stompVersions: new Versions([version]) });

  it('STOMP-38: hears what is sent, itself too, from the RECEIPT of its SUBSCRIBE on', async () => {
    const one = await connectVersion();
    const other = await connectVersion();
    const heard = await one.listen('/topic/com.example.news', { id: 'mine' });
    const alsoHeard = await other.listen('/topic/com.example.*');
    one.client.publish({
      destination: '/topic/com.example.news',
      body: 'żółw 𝄞',
      headers: { custom: 'kept', 'content-type': 'text/plain' },
    });
    for (const { id, messages } of [heard, alsoHeard]) {
      expect(await messages.take()).toMatchObject({
        command: 'MESSAGE',
        body: 'żółw 𝄞',
        headers: {
          destination: '/topic/com.example.news',
          subscription: id,
          'message-id': expect.any(String),
          'content-type': 'text/plain',
          'content-length': '12',
          custom: 'kept',
        },
      });
    }
  });

  it('STOMP-65: receives binary bodies octet for octet', async () => {
    const one = await connectVersion();
    const { messages } = await one.listen('/topic/com.example.bytes');
    const binaryBody = Uint8Array.from({ length: 256 }, (_, i) => 255 - i);
    one.client.publish({
      destination: '/topic/com.example.bytes',
      binaryBody,
      headers: { 'content-type': 'application/octet-stream' },
    });
    one.client.publish({ destination: '/topic/com.example.bytes', body: 'text\0with\0NUL' });
    expect(Buffer.from((await messages.take()).binaryBody)).toEqual(Buffer.from(binaryBody));
    expect((await messages.take()).body).toBe('text\0with\0NUL');
  });

  it.each(['client', ...(version === '1.0' ? [] : ['client-individual'])])(
    'STOMP-48: acknowledges in mode %s, and nothing comes twice',
    async (ack) => {
      const one = await connectVersion();
      const { messages } = await one.listen('/topic/com.example.ack', { ack });
      for (const body of ['1', '2', '3']) {
        one.client.publish({ destination: '/topic/com.example.ack', body });
      }
      const taken: IMessage[] = [await messages.take(), await messages.take(), await messages.take()];
      expect(taken.map(({ body }) => body)).toEqual(['1', '2', '3']);
      for (const message of taken) await one.receipt((receipt) => message.ack(receipt));
      expect([...messages.left, ...one.errors.left]).toEqual([]);
    },
  );

  it('STOMP-57: has COMMIT publish its SENDs in order, and ABORT drop them', async () => {
    const one = await connectVersion();
    const other = await connectVersion();
    const { messages } = await other.listen('/topic/com.example.tx');
    const send = (body: string, headers = {}): void =>
      one.client.publish({ destination: '/topic/com.example.tx', body, headers });
    const dropped = one.client.begin();
    const kept = one.client.begin('kept');
    send('1', { transaction: kept.id });
    send('never', { transaction: dropped.id });
    await one.receipt((receipt) => send('2', { transaction: kept.id, ...receipt }));
    send('0');
    dropped.abort();
    kept.commit();
    send('3');
    const heard = [];
    while (heard.length < 4) heard.push((await messages.take()).body);
    expect(heard).toEqual(['0', '1', '2', '3']);
  });

  it('hears nothing more after UNSUBSCRIBE', async () => {
    const one = await connectVersion();
    const gone = await one.listen('/topic/com.example.gone');
    const control = await one.listen('/topic/com.example.control');
    await one.receipt((receipt) => one.client.unsubscribe(gone.id, receipt));
    one.client.publish({ destination: '/topic/com.example.gone', body: 'late' });
    one.client.publish({ destination: '/topic/com.example.control', body: 'now' });
    await control.messages.take();
    expect([...gone.messages.left, ...one.unhandled.left]).toEqual([]);
  });
});

describe('stompjs', () => {
  it('STOMP-39: gets a RECEIPT for each kind of frame that may ask', async () => {
    const { client, ...rest } = await connect();
    const one = clients[0]!;
    expect(rest.connected.command).toBe('CONNECTED');
    const { id, messages } = await one.listen('/topic/com.example.r', { ack: 'client-individual' });
    await one.receipt((headers) => client.publish({ destination: '/topic/com.example.r', headers }));
    await one.receipt((headers) => client.publish({ destination: '/topic/com.example.r', headers }));
    const [first, second] = [await messages.take(), await messages.take()];
    await one.receipt((headers) => first.ack(headers));
    await one.receipt((headers) => second.nack(headers));
    await one.receipt((headers) => client.unsubscribe(id, headers));
    expect(one.errors.left).toEqual([]);
  });

  it('STOMP-03: has header values arrive that need every escape', async () => {
    const one = await connect();
    const { messages } = await one.listen('/topic/com.example.escapes');
    const headers = { colon: 'a:b', lines: 'a\r\nb', backslash: 'C:\\temp', empty: '' };
    one.client.publish({ destination: '/topic/com.example.escapes', headers });
    expect((await messages.take()).headers).toMatchObject(headers);
  });

  it('STOMP-06: of version 1.1 may send backslashes that it does not escape', async () => {
    const old = await connect({ stompVersions: new Versions(['1.1']) });
    const { messages } = await (await connect()).listen('/topic/com.example.path');
    old.client.publish({ destination: '/topic/com.example.path', headers: { path: 'D:\\apps' } });
    expect((await messages.take()).headers['path']).toBe('D:\\apps');
  });

  it.each([
    ['/nowhere/x', 'SUBSCRIBE'],
    ['/topic/', 'SUBSCRIBE'],
  ])('STOMP-41 STOMP-42: gets an ERROR for %s before the close', async (destination) => {
    const one = await connect();
    one.client.subscribe(destination, () => {}, { receipt: 'culprit' });
    const error = await one.errors.take();
    expect(error).toMatchObject({
      command: 'ERROR',
      headers: { 'receipt-id': 'culprit', 'content-type': 'text/plain', message: expect.any(String) },
      body: expect.stringMatching(/\S/),
    });
    expect(await one.closes.take()).toMatchObject({ code: expect.any(Number) });
  });

  it('asks a topic and is answered on its own reply address', async () => {
    const asker = await connect();
    const answerer = await connect();
    const { messages } = await answerer.listen('/topic/com.example.questions');
    asker.client.publish({
      destination: '/topic/com.example.questions',
      body: 'how many?',
      headers: { 'reply-to': '/temp-queue/answers', 'correlation-id': '7' },
    });
    const question = await messages.take();
    answerer.client.publish({
      destination: question.headers['reply-to'] ?? '',
      body: 'three',
      headers: { 'correlation-id': question.headers['correlation-id'] ?? '' },
    });
    expect(await asker.unhandled.take()).toMatchObject({
      body: 'three',
      headers: { subscription: '/temp-queue/answers', 'correlation-id': '7' },
    });
  });

  it('calls a procedure of another stompjs, which answers or refuses', async () => {
    const caller = await connect();
    const callee = await connect();
    const { messages } = await callee.listen('/rpc/com.example.add', { ack: 'client-individual' });
    const call = (id: string): void =>
      caller.sendJson('/rpc/com.example.add', [2, 3], {
        'reply-to': '/temp-queue/sums',
        'correlation-id': id,
      });
    call('1');
    const asked = await messages.take();
    const [a, b] = JSON.parse(asked.body) as [number, number];
    callee.sendJson(asked.headers['reply-to'] ?? '', a + b);
    expect(await caller.unhandled.take()).toMatchObject({ body: '5', headers: { 'correlation-id': '1' } });
    call('2');
    (await messages.take()).nack();
    expect((await caller.unhandled.take()).headers).toMatchObject({
      'correlation-id': '2',
      error: 'wamp.error.no_available_callee',
    });
    caller.client.publish({
      destination: '/rpc/com.example.nobody',
      headers: { 'reply-to': '/temp-queue/sums', 'correlation-id': '3' },
    });
    expect((await caller.unhandled.take()).headers).toMatchObject({
      'correlation-id': '3',
      error: 'wamp.error.no_such_procedure',
    });
  });
});

describe('the old interface of stompjs', () => {
  it('STOMP-66: works with content-length switched off', async () => {
    const client = Stomp.over(() => new WebSocket(server.url, ['v12.stomp', 'v11.stomp', 'v10.stomp']));
    client.debug = () => {};
    client.reconnect_delay = 0;
    await new Promise<void>((connected) => client.connect({}, () => connected()));
    const messages = new Mailbox<string>();
    client.subscribe('/topic/com.example.old', ({ body }) => messages.put(body));
    client.send('/topic/com.example.old', { 'content-length': false }, 'ends with NUL: żółw');
    expect(await messages.take()).toBe('ends with NUL: żółw');
    await new Promise<void>((disconnected) => client.disconnect(() => disconnected()));
  });
});
