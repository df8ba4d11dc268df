import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { TestServer } from '../support/test-server.js';
import { startTestServer } from '../support/test-server.js';
import { AutobahnClient } from './autobahn-client.js';
import { OPTIONS } from './features/expectations.js';
import { runPython } from './python.js';
import { provideWebSocket } from './web-socket.js';

provideWebSocket();

let server: TestServer;

beforeEach(async () => {
  server = await startTestServer(OPTIONS);
});

afterEach(() => server.stop());

describe.each([
  ['json', 'json'],
  ['msgpack', 'msgpack'],
  ['cbor', 'cbor'],
  ['json', 'msgpack'],
  ['cbor', 'json'],
  ['json.batched', 'cbor.batched'],
])('Debian’s autobahn with a key ring, from %s to %s', (from, to) => {
  it('WAMP-179: reads what it has packed, and nobody else does', async () => {
    const stranger = await AutobahnClient.join(server.url, 'json', 'realm1', 'eve');
    const overheard = await stranger.listen('com.example.secret');
    const { stdout, stderr } = await runPython('wamp_cryptobox.py', [server.url, from, to]);
    expect([JSON.parse(stdout), stderr]).toEqual([
      {
        event: [['ssh', { deep: [1, 'żółw'] }], { key: 'value' }, 'cryptobox'],
        result: { args: [[1, 'two'], 'cryptobox'], kwargs: { three: [3] } },
        error: { error: 'com.example.error', args: ['no', ['please']], kwargs: { why: 1 } },
        count: [['done'], [[1], [2]]],
      },
      '',
    ]);
    const { args } = await overheard.take();
    expect(args.length).toBe(1);
    expect(String(args[0])).toMatch(/^\0[A-Za-z0-9+/]+=*$/);
    await stranger.leave();
    expect(stranger.violations).toEqual([]);
  });
});
