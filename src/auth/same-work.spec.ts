import { createHook } from 'node:async_hooks';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { LoginSocket, loginOverStomp } from '../../test/support/login-socket.js';
import { startTestServer } from '../../test/support/test-server.js';
import type { TestServer } from '../../test/support/test-server.js';
import { anonymous, chain, hashTicket, ticket } from './index.js';

let server: TestServer;
const sockets: LoginSocket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  await server.stop();
});

async function serve(queue?: number): Promise<void> {
  const principals = [{ authid: 'alice', ticket: await hashTicket('sesame') }];
  const options = queue === undefined ? { principals } : { principals, queue };
  const limits = { maxPendingConnectionsPerAddress: 50 };
  server = await startTestServer({ authenticator: chain([ticket(options), anonymous()]), limits });
}

/** Begins a ticket login over WAMP; what answers the challenge, and gives back what comes of it. */
async function challenged(authid: string): Promise<(answer: string) => Promise<unknown[]>> {
  const socket = await LoginSocket.connect(server.url, 'wamp.2.json');
  sockets.push(socket);
  await socket.askWamp([1, 'realm1', { roles: { caller: {} }, authmethods: ['ticket'], authid }]);
  return (answer) => socket.askWamp([5, answer, {}]);
}

/** How many key derivations a login costs: they are the work that could be told by its time. */
async function derivations(login: () => Promise<unknown>): Promise<number> {
  let count = 0;
  const hook = createHook({
    init: (_id, type) => {
      if (type === 'SCRYPTREQUEST') count += 1;
    },
  }).enable();
  await login();
  hook.disable();
  return count;
}

describe('a name that nobody has', () => {
  it('A1 WAMP-168: costs the same work as a wrong secret, and gets the same bytes, over both protocols', async () => {
    await serve();
    const heard: unknown[] = [];
    for (const name of ['alice', 'mallory', 'alice', 'mallory']) {
      const answer = await challenged(name);
      const overWamp = await derivations(async () => heard.push(JSON.stringify(await answer('guess'))));
      const overStomp = await derivations(async () =>
        heard.push(await loginOverStomp(server.url, name, 'guess')),
      );
      expect([name, overWamp, overStomp]).toEqual([name, 1, 1]);
    }
    expect(new Set(heard)).toEqual(
      new Set([
        '[3,{"message":"The login was refused."},"wamp.error.authentication_denied"]',
        expect.stringMatching(/^ERROR\nmessage:authentication failed\n/),
      ]),
    );
  });
});

describe('a flood of logins', () => {
  it('A4: waits in a bounded queue, beyond it is refused, and everybody else is served meanwhile', async () => {
    await serve(4);
    const live = new WebSocket(server.url, ['wamp.2.json']);
    await once(live, 'open');
    const ask = async (message: string): Promise<string> => {
      const answered = once(live, 'message');
      live.send(message);
      return String((await answered)[0]);
    };
    await ask('[1,"realm1",{"roles":{"publisher":{}}}]');
    const answers = await Promise.all(Array.from({ length: 12 }, () => challenged('alice')));
    const logins = { open: 12 };
    let served = 0;
    const flood = answers.map(async (answer) => {
      const [, , reason] = await answer('guess');
      logins.open -= 1;
      return reason;
    });
    while (logins.open > 0) {
      expect(await ask(`[16,${served + 1},{"acknowledge":true},"com.example.live"]`)).toMatch(/^\[17,/);
      if (logins.open > 0) served += 1;
    }
    const reasons = await Promise.all(flood);
    const count = (reason: string): number => reasons.filter((given) => given === reason).length;
    const [denied, failed] = [
      count('wamp.error.authentication_denied'),
      count('wamp.error.authentication_failed'),
    ];
    // Two and four that wait, and more only if some were done before the last ones came.
    expect(denied).toBeGreaterThanOrEqual(6);
    expect([failed > 0, denied + failed]).toEqual([true, 12]);
    // Six derivations would block the loop for half a second; each round trip here is a turn of it.
    expect(served).toBeGreaterThan(5);
    live.terminate();
    await once(live, 'close');
  });
});
