import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { TestServer } from '../support/test-server.js';
import { startTestServer } from '../support/test-server.js';
import { AutobahnClient } from './autobahn-client.js';
import { OPTIONS } from './features/expectations.js';
import { runPython } from './python.js';
import { provideWebSocket } from './web-socket.js';

provideWebSocket();

const TAKEN = 'com.example.taken';

let server: TestServer;
let taker: AutobahnClient;

beforeEach(async () => {
  let allowed = true;
  server = await startTestServer({
    ...OPTIONS,
    authorizer: (_principal, _action, { text }) => ({ allow: allowed || text !== TAKEN }),
  });
  taker = await AutobahnClient.join(server.url, 'json', 'realm1', 'taker');
  await taker.session.register('com.example.revoke', async () => {
    allowed = false;
    await server.router.reauthorize();
    allowed = true;
  });
});

afterEach(async () => {
  await taker.leave();
  await server.stop();
});

describe.each(['json', 'msgpack', 'cbor', 'json.batched'])(
  'Debian’s autobahn over wamp.2.%s',
  (serializer) => {
    it('lives on without what was taken away, and may have it again', async () => {
      const { stdout, stderr } = await runPython('wamp_revocation.py', [server.url, serializer]);
      expect([JSON.parse(stdout), stderr]).toEqual([
        {
          before: ['bob'],
          kept: ['now'],
          taken: 0,
          called: 'wamp.error.no_such_procedure',
          unsubscribed: 'wamp.error.no_such_subscription',
          unregistered: 'wamp.error.no_such_registration',
          again: [['again'], ['bob']],
        },
        '',
      ]);
    });
  },
);
