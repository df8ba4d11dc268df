import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Authenticator } from '../../src/broker/index.js';
import { PlainStomp } from '../support/plain-clients.js';
import { SocketPeer } from '../support/raw-socket-peer.js';
import type { TestServer } from '../support/test-server.js';
import { startTestServer } from '../support/test-server.js';
import { AUTOBAHN_SERIALIZERS, AutobahnClient, failureOf } from './autobahn-client.js';
import { provideHttpRequest } from '../support/http-request.js';
import { joinWampy } from './wampy-client.js';
import { provideWebSocket } from './web-socket.js';

provideHttpRequest();
provideWebSocket();

/** Takes an authid at its word; `admin` has the role of that name. */
const byName: Authenticator = {
  methods: ['ticket', 'anonymous'],
  begin: ({ authid = 'nobody' }) => {
    const authrole = authid === 'admin' ? 'admin' : 'user';
    return {
      kind: 'accepted',
      principal: { authid, authrole, authmethod: 'ticket', authprovider: 'static' },
    };
  },
};

let server: TestServer;

beforeEach(async () => {
  server = await startTestServer({ authenticator: byName, authorizer: () => ({ allow: true }) });
});

afterEach(() => server.stop());

describe.each(AUTOBAHN_SERIALIZERS)('the meta API with AutobahnJS over wamp.2.%s', (serializer) => {
  const join = (authid: string) => AutobahnClient.join(server.url, serializer, 'realm1', authid);

  it('WAMP-111 WAMP-112 WAMP-115: shows sessions that come, and ends them', async () => {
    const admin = await join('admin');
    const joined = await admin.listen('wamp.session.on_join');
    const left = await admin.listen('wamp.session.on_leave');
    const alice = await join('alice');
    const { id } = alice.session;

    const event = await joined.take();
    expect(event.args).toMatchObject([
      {
        session: id,
        authid: 'alice',
        authrole: 'user',
        transport: { type: 'websocket', protocol: `wamp.2.${serializer}`, peer: '127.0.0.1' },
      },
    ]);
    expect(await admin.session.call('wamp.session.count', [['user']])).toBe(1);
    expect(await admin.session.call('wamp.session.list')).toEqual([admin.session.id, id]);
    expect(await admin.session.call('wamp.session.get', [id])).toMatchObject({ session: id });
    const kwargs = { reason: 'com.example.closed', message: 'Out.' };
    await admin.session.call('wamp.session.kill', [id], kwargs);

    expect(await alice.ended).toMatchObject({ reason: 'com.example.closed', message: 'Out.' });
    expect((await left.take()).args).toEqual([id, 'alice', 'user']);
    const failure = await failureOf(admin.session.call('wamp.session.kill', [id]));
    expect(failure.error).toBe('wamp.error.no_such_session');
    await admin.leave();
    expect([...admin.violations, ...alice.violations]).toEqual([]);
  });

  it('WAMP-123 WAMP-127: shows registrations and subscriptions', async () => {
    const admin = await join('admin');
    const created = await admin.listen('wamp.registration.on_create');
    const alice = await join('alice');
    const registration = await alice.session.register('com.p', () => 1);
    const subscription = await alice.session.subscribe('com.a', () => {});

    const { args } = await created.take();
    expect(args).toMatchObject([alice.session.id, { id: registration.id, uri: 'com.p', match: 'exact' }]);
    expect(await admin.session.call('wamp.registration.match', ['com.p'])).toBe(registration.id);
    expect(await admin.session.call('wamp.registration.list_callees', [registration.id])).toEqual([
      alice.session.id,
    ]);
    expect(await admin.session.call('wamp.subscription.lookup', ['com.a'])).toBe(subscription.id);
    expect(await admin.session.call('wamp.subscription.count_subscribers', [subscription.id])).toBe(1);
    await Promise.all([alice.leave(), admin.leave()]);
  });
});

describe('the meta API between clients', () => {
  it('WAMP-128: shows a client of STOMP to wampy, which ends it', async () => {
    const wampy = await joinWampy(server.url, 'json', 'admin');
    const stomp = await PlainStomp.connect(server.url);

    const listed = await wampy.call('wamp.session.list', [['user']]);
    const [[id]] = (listed.argsList ?? [[]]) as unknown as [number[]];
    const shown = await wampy.call('wamp.session.get', [id]);
    expect(shown.argsList?.[0]).toMatchObject({
      authid: 'nobody',
      transport: { type: 'websocket', protocol: 'v12.stomp' },
      _protocol: 'stomp',
    });
    await wampy.call('wamp.session.kill', [id]);

    expect(await stomp.next()).toMatchObject({ command: 'ERROR', headers: { message: 'session killed' } });
    await stomp.close();
    await wampy.disconnect();
  });

  it('WAMP-111: shows what carries a session', async () => {
    const [rawSocket, longPoll, tcp] = await Promise.all([
      server.router.listen({ kind: 'rawsocket', port: 0 }),
      server.router.listen({ kind: 'longpoll', port: 0 }),
      server.router.listen({ kind: 'stomp-tcp', port: 0 }),
    ]);
    const admin = await AutobahnClient.join(server.url, 'json', 'realm1', 'admin');
    const joined = await admin.listen('wamp.session.on_join');
    const transport = async (): Promise<unknown> =>
      ((await joined.take()).args[0] as { readonly transport: unknown }).transport;

    const one = await AutobahnClient.join(rawSocket.url, 'json', 'realm1', 'alice');
    expect(await transport()).toEqual({
      type: 'rawsocket',
      protocol: 'wamp.2.json',
      peer: '127.0.0.1',
      is_secure: false,
    });
    const two = await AutobahnClient.join(longPoll.url, 'json', 'realm1', 'alice');
    expect(await transport()).toMatchObject({ type: 'longpoll', protocol: 'wamp.2.json' });
    const stomp = await SocketPeer.connect({ port: tcp.port, host: '127.0.0.1' });
    stomp.write('CONNECT\naccept-version:1.1\nhost:realm1\n\n\0');
    expect(await transport()).toMatchObject({ type: 'tcp', protocol: 'v11.stomp' });
    stomp.destroy();
    await Promise.all([one.leave(), two.leave(), admin.leave()]);
  });

  it('WAMP-128: answers a client of STOMP', async () => {
    const stomp = await PlainStomp.connect(server.url);
    stomp.send('SUBSCRIBE', { id: '0', destination: '/temp-queue/answers' });
    stomp.send('SEND', { destination: '/rpc/wamp.session.count', 'reply-to': '/temp-queue/answers' });

    expect((await stomp.next()).body.toString()).toBe('1');
    await stomp.close();
  });
});
