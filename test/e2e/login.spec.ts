import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { loadConfig } from '../../src/server/config/index.js';
import { startServer } from '../../src/server/index.js';
import type { RunningServer } from '../../src/server/index.js';

/** scrypt of "sesame" at a cost that a test can pay many times. */
const HASH = '$scrypt$ln=10,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$K7PYNFseA0uC8OQHCv4FP6vWo6X4uSnHP49xTCLsCs8';

let server: RunningServer;
const sockets: WebSocket[] = [];

beforeEach(async () => {
  const config = loadConfig({ env: { PORT: '0' } });
  const principals = [{ authid: 'alice', role: 'backend', ticket: HASH }];
  server = await startServer({
    ...config,
    anonymous: false,
    authentication: { principals, attempts: { failuresPerName: 5, failuresPerAddress: 100 } },
    logs: { json: false, level: 'error' },
  });
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await server.stop();
});

async function connect(token: string): Promise<WebSocket> {
  const socket = new WebSocket(server.wsUrl, [token]);
  sockets.push(socket);
  await once(socket, 'open');
  return socket;
}

/** Sends one message and waits for the next one that comes back. */
async function ask(socket: WebSocket, message: string): Promise<string> {
  const answered = once(socket, 'message');
  socket.send(message);
  const [answer] = await answered;
  return String(answer);
}

describe('logging in with a ticket', () => {
  it('lets a STOMP client in with login and passcode', async () => {
    const frame = 'CONNECT\naccept-version:1.2\nhost:realm1\nlogin:alice\npasscode:sesame\n\n\0';
    const answer = await ask(await connect('v12.stomp'), frame);
    expect(answer).toMatch(/^CONNECTED\n/);
    expect(answer).toContain('\nuser-name:alice\n');
  });

  it.each([
    ['a wrong passcode', 'login:alice\npasscode:Sesame\n'],
    ['an unknown login', 'login:mallory\npasscode:sesame\n'],
    ['no login', ''],
  ])('A1: refuses a STOMP client with %s', async (_, headers) => {
    const socket = await connect('v12.stomp');
    const closed = once(socket, 'close');
    const answer = await ask(socket, `CONNECT\naccept-version:1.2\nhost:realm1\n${headers}\n\0`);
    expect(answer).toMatch(/^ERROR\n/);
    expect(answer).not.toContain('sesame');
    expect((await closed)[0]).toBe(1008);
    expect(server.router.stats.realms['realm1']?.sessions).toBe(0);
  });

  it('challenges a WAMP client and lets it in with the right answer', async () => {
    const socket = await connect('wamp.2.json');
    const hello = '[1,"realm1",{"roles":{"caller":{}},"authmethods":["ticket"],"authid":"alice"}]';
    expect(JSON.parse(await ask(socket, hello))).toEqual([4, 'ticket', {}]);
    expect(JSON.parse(await ask(socket, '[5,"sesame",{}]'))).toEqual([
      2,
      expect.any(Number),
      expect.objectContaining({ authid: 'alice', authrole: 'backend', authmethod: 'ticket' }),
    ]);
  });

  it.each(['alice', 'mallory'])(
    'A1: aborts a WAMP client that says it is %s with a wrong ticket',
    async (authid) => {
      const socket = await connect('wamp.2.json');
      const hello = `[1,"realm1",{"roles":{"caller":{}},"authmethods":["ticket"],"authid":"${authid}"}]`;
      expect(JSON.parse(await ask(socket, hello))).toEqual([4, 'ticket', {}]);
      const [type, , reason] = JSON.parse(await ask(socket, '[5,"open",{}]')) as unknown[];
      expect([type, reason]).toEqual([3, 'wamp.error.authentication_denied']);
    },
  );

  it('aborts a WAMP client that wants to be anonymous', async () => {
    const answer = await ask(await connect('wamp.2.json'), '[1,"realm1",{"roles":{"caller":{}}}]');
    expect((JSON.parse(answer) as unknown[])[0]).toBe(3);
  });
});
