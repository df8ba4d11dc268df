import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { LocalClient, Router } from '../../src/router/index.js';
import { createRouter } from '../../src/router/index.js';
import { ManualClock } from '../../src/testing/index.js';
import { turn, uriOf } from '../support/local-router.js';
import { RawWebSocket } from './raw-web-socket.js';

let clock: ManualClock;
let router: Router;
let client: LocalClient;
let server: Server | undefined;

/** A router that may use so many bytes; the resident memory of this process is real unless a test says otherwise. */
function start(memoryLimitBytes: number): void {
  clock = new ManualClock();
  router = createRouter({ memoryLimitBytes, clock });
  client = router.connect();
}

/** Says how much memory the process uses, from now on. */
function resident(bytes: number): void {
  jest.spyOn(process.memoryUsage, 'rss').mockReturnValue(bytes);
}

/** The status of the answer to an upgrade request. */
async function statusOfUpgrade(): Promise<number> {
  const listening = createServer();
  server = listening;
  router.attach(listening);
  await new Promise<void>((done) => listening.listen(0, '127.0.0.1', done));
  const { port } = listening.address() as AddressInfo;
  const socket = await RawWebSocket.connect(port);
  socket.write(
    `GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n' +
      'Sec-WebSocket-Protocol: v12.stomp\r\n\r\n',
  );
  const { status } = await socket.answer();
  socket.destroy();
  await socket.ended;
  return status;
}

/** Whether a publication has been taken without waiting. */
async function isTakenAtOnce(): Promise<boolean> {
  let taken = false;
  client.publish('com.a').then(
    () => (taken = true),
    () => {},
  );
  await turn();
  return taken;
}

afterEach(async () => {
  jest.restoreAllMocks();
  await router.close();
  server?.closeAllConnections();
  await new Promise<void>((closed) => (server === undefined ? closed() : server.close(() => closed())));
  server = undefined;
});

describe('a router whose process uses more memory than it may', () => {
  it('refuses new sockets with 503', async () => {
    start(1);
    expect(await statusOfUpgrade()).toBe(503);
  });

  it('refuses a publication that has waited for 5 s, and no sooner', async () => {
    start(1);
    let ended = false;
    const refused = uriOf(client.publish('com.a').finally(() => (ended = true)));
    clock.advance(4750);
    await turn();
    expect(ended).toBe(false);
    clock.advance(250);
    expect(await refused).toBe('wamp.error.unavailable');
  });

  it('takes a publication that waits, as soon as there is room again', async () => {
    start(1000);
    resident(1000);
    clock.advance(250);
    const waiting = client.publish('com.a');
    resident(0);
    clock.advance(250);
    expect(await waiting).toEqual(expect.any(Number));
  });
});

describe('a router that may use 1000 bytes', () => {
  it.each([
    [799, true, 101],
    [800, false, 101],
    [899, false, 101],
    [900, false, 503],
  ])(
    'and uses %d: takes publications at once is %p, answers new sockets with %d',
    async (bytes, taken, status) => {
      start(1000);
      resident(bytes);
      clock.advance(250);
      expect([await isTakenAtOnce(), await statusOfUpgrade()]).toEqual([taken, status]);
    },
  );

  it('uses what it likes if the limit is 0', async () => {
    start(0);
    expect([await isTakenAtOnce(), await statusOfUpgrade()]).toEqual([true, 101]);
  });
});
