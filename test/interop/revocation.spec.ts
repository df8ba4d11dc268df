import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { TestServer } from '../support/test-server.js';
import { startTestServer } from '../support/test-server.js';
import { AUTOBAHN_SERIALIZERS, AutobahnClient, failureOf } from './autobahn-client.js';
import { WAMPY_SERIALIZERS, joinWampy, listenWampy } from './wampy-client.js';
import { provideWebSocket } from './web-socket.js';

provideWebSocket();

let server: TestServer;
let allowed: boolean;

beforeEach(async () => {
  allowed = true;
  const authorizer = (): { readonly allow: boolean } => ({ allow: allowed });
  server = await startTestServer({ authorizer });
});

afterEach(() => server.stop());

/** Takes away what everybody holds, and gives the rights back. */
async function revoke(): Promise<void> {
  allowed = false;
  await server.router.reauthorize();
  allowed = true;
}

describe.each(AUTOBAHN_SERIALIZERS)('AutobahnJS over wamp.2.%s', (serializer) => {
  it('is told that a subscription and a registration were taken away', async () => {
    const client = await AutobahnClient.join(server.url, serializer);
    const subscription = await client.session.subscribe('com.example.t', () => {});
    const registration = await client.session.register('com.example.p', () => 1);
    await revoke();
    const reason = 'wamp.error.not_authorized';
    expect([await subscription.on_unsubscribe, await registration.on_unregister]).toEqual([reason, reason]);
    expect([subscription.active, registration.active]).toEqual([false, false]);
    expect((await failureOf(client.session.call('com.example.p'))).error).toBe(
      'wamp.error.no_such_procedure',
    );
    await client.leave();
    expect(client.violations).toEqual([]);
  });
});

describe.each(WAMPY_SERIALIZERS)('wampy over wamp.2.%s', (serializer) => {
  it('lives on without what was taken away, of which it is told nothing', async () => {
    const [one, other] = [await joinWampy(server.url, serializer), await joinWampy(server.url, serializer)];
    const gone = await listenWampy(other, 'com.example.t');
    await other.register('com.example.p', () => ({ argsList: [1] }));
    await revoke();
    const control = await listenWampy(other, 'com.example.control');
    await one.publish('com.example.t', ['late']);
    await one.publish('com.example.control', ['now']);
    await control.take();
    expect(gone.left).toEqual([]);
    await expect(one.call('com.example.p')).rejects.toMatchObject({
      errorUri: 'wamp.error.no_such_procedure',
    });
    await Promise.all([one.disconnect(), other.disconnect()]);
  });
});
