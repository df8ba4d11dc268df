import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Wampy } from 'wampy';
import { CborSerializer } from 'wampy/CborSerializer.js';
import type { TestServer } from '../support/test-server.js';
import { startTestServer } from '../support/test-server.js';
import { joinWampy, listenWampy } from './wampy-client.js';
import { provideWebSocket } from './web-socket.js';

provideWebSocket();

/** What the router must not look into; in JSON wampy cannot send octets. */
const OPAQUE = { ppt_scheme: 'x_test', ppt_serializer: 'cbor', ppt_keyid: 'key-1' };
const SECRET = { argsList: ['secret', 7], argsDict: { deep: [1, null] } };

describe.each(['msgpack', 'cbor'] as const)('wampy over wamp.2.%s passes payloads through', (serializer) => {
  let server: TestServer;
  let one: Wampy;
  let other: Wampy;

  beforeEach(async () => {
    server = await startTestServer();
    one = await join();
    other = await join();
  });

  afterEach(async () => {
    await Promise.all([one.disconnect(), other.disconnect()]);
    await server.stop();
  });

  async function join(): Promise<Wampy> {
    const wampy = await joinWampy(server.url, serializer);
    wampy.setOptions({ payloadSerializers: { cbor: new CborSerializer() } });
    return wampy;
  }

  it('in events', async () => {
    const events = await listenWampy(other, 'com.example.secret');
    await one.publish('com.example.secret', SECRET, OPAQUE);
    expect(await events.take()).toMatchObject({ ...SECRET, details: OPAQUE });
  });

  it('in calls and results', async () => {
    await other.register('com.example.secret', ({ details, argsList = [], argsDict = {} }) => ({
      argsList: [...argsList, details['ppt_keyid']],
      argsDict,
      options: OPAQUE,
    }));
    const result = await one.call('com.example.secret', SECRET, OPAQUE);
    expect(result).toMatchObject({ ...SECRET, argsList: ['secret', 7, 'key-1'], details: OPAQUE });
  });
});
