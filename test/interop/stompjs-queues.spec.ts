import { Client as CurrentClient } from '@stomp/stompjs';
import type { IStompSocket, StompHeaders } from '@stomp/stompjs';
import { Client as ClientOf6 } from 'stompjs-6';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { openLmdbStore } from '../../src/engines/lmdb/index.js';
import { built } from '../e2e/built.js';
import type { TestServer } from '../support/test-server.js';
import { startTestServer } from '../support/test-server.js';
import { ANYBODY, EXPECTED, HISTORY } from './queue-expectations.js';
import type { ScenarioName } from './queue-scenarios.js';
import { SCENARIOS, StompClients } from './queue-scenarios.js';
import type { StompJs } from './stompjs-client.js';
import { StompClient } from './stompjs-client.js';
import { provideWebSocket } from './web-socket.js';

provideWebSocket();

describe.each([
  ['its current version', CurrentClient],
  ['version 6', ClientOf6 as unknown as StompJs],
])('stompjs in %s', (_, Made) => {
  let server: TestServer;
  let clients: StompClients;

  beforeEach(async () => {
    server = await startTestServer({ authenticator: ANYBODY, history: HISTORY });
    clients = new StompClients(server.url, Made);
  });

  afterEach(async () => {
    await clients.leave();
    await server.stop();
  });

  const sees = async (name: ScenarioName): Promise<void> => {
    expect(await SCENARIOS[name](clients)).toEqual(EXPECTED[name]);
  };

  it('STOMP-49 STOMP-53: acknowledges, and gets what was not acknowledged again after a lost connection', () =>
    sees('acknowledges'));

  it('STOMP-49: refuses by NACK, with and without another try', () => sees('refuses'));

  it('STOMP-56 STOMP-57: commits SEND and ACK together, or aborts both', () => sees('commits'));

  it('has a durable subscription that collects while it is away, until it forgets it', () =>
    sees('subscribesDurably'));

  it('hears what it missed, and whether that is all', () => sees('replays'));

  it('hears what is retained if it asks for it', () => sees('remembers'));

  it('STOMP-53: comes back by itself and goes on where it was', () => sees('reconnects'));
});

describe('stompjs, when the server is restarted with its store,', () => {
  let folder = '';

  beforeEach(() => {
    // The store is verified by a program of its own.
    built('engines/lmdb/verify-main.js');
    folder = mkdtempSync(join(tmpdir(), 'stompjs-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const start = async (): Promise<TestServer> =>
    startTestServer({ authenticator: ANYBODY, store: await openLmdbStore({ path: folder }) });

  it('STOMP-53: comes back and finds its queue, its durable subscription and what is retained', async () => {
    let server = await start();
    const client = await StompClient.connect('', {
      webSocketFactory: () => new WebSocket(server.url, ['v12.stomp']) as unknown as IStompSocket,
      connectHeaders: { login: 'alice', passcode: 'x' },
      reconnectDelay: 20,
    });
    const send = (destination: string, body: string, headers: StompHeaders = {}) =>
      client.receipt((receipt) =>
        client.client.publish({ destination, body, headers: { ...headers, ...receipt } }),
      );
    const work = { ack: 'client-individual', 'prefetch-count': '1' };
    const inbox = { id: 'inbox', durable: 'true', ack: 'client' };
    for (const body of ['one', 'two']) await send('/queue/work', body);
    await client.listen('/topic/news.#', inbox);
    await send('/topic/news.eu', 'stored', { retain: 'true' });
    expect((await (await client.listen('/queue/work', work)).messages.take()).body).toBe('one');

    await server.router.close();
    await new Promise((closed) => server.server.close(closed));
    server = await start();
    await client.connections.take();

    const queue = await client.listen('/queue/work', work);
    const again = await queue.messages.take();
    expect([again.body, again.headers['redelivered']]).toEqual(['one', 'true']);
    again.ack();
    expect((await queue.messages.take()).body).toBe('two');
    expect((await (await client.listen('/topic/news.#', inbox)).messages.take()).body).toBe('stored');
    const retained = await client.listen('/topic/news.*', { 'get-retained': 'true' });
    expect((await retained.messages.take()).headers).toMatchObject({ retained: 'true' });
    await client.leave();
    await server.stop();
  });
});
