import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Inject, Injectable, Module } from '@nestjs/common';
import type { INestApplication, Type } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WebSocket } from 'ws';
import {
  InjectMangroveClient,
  MANGROVE_ROUTER,
  MangroveClient,
  MangroveModule,
  Procedure,
  Subscribe,
  SubprotocolWsAdapter,
  getMangroveClientToken,
  getMangroveRouterToken,
} from '../../src/nest/index.js';
import type { Router } from '../../src/router/index.js';
import { createRouter } from '../../src/router/index.js';
import type { NestApp, NestAppOptions } from '../support/nest-app.js';
import { PLATFORMS, startNestApp } from '../support/nest-app.js';
import { PlainStomp } from '../support/plain-clients.js';
import { eventually } from '../support/test-server.js';
import { get, upgradeHeaders } from './http-exchange.js';

const running: NestApp[] = [];
const sockets: WebSocket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  for (const app of running.splice(0)) await app.close();
});

async function start(root: Type, options?: NestAppOptions): Promise<NestApp> {
  const app = await startNestApp(root, options);
  running.push(app);
  return app;
}

async function open(url: string, ...tokens: string[]): Promise<WebSocket> {
  const socket = new WebSocket(url, tokens);
  sockets.push(socket);
  await once(socket, 'open');
  return socket;
}

const STOMP = upgradeHeaders({ 'Sec-WebSocket-Protocol': 'v12.stomp' });

describe('two modules in one application', () => {
  @Injectable()
  class Handlers {
    heard: string[] = [];

    constructor(
      @Inject(MangroveClient) readonly first: MangroveClient,
      @InjectMangroveClient('second') readonly second: MangroveClient,
    ) {}

    @Procedure('where')
    inFirst(): string {
      return 'first';
    }

    @Procedure('where', { module: 'second' })
    inSecond(): string {
      return 'second';
    }

    @Subscribe('news', { module: 'second' })
    hear(): void {
      this.heard.push('second');
    }
  }

  @Module({
    imports: [
      MangroveModule.forRoot({ drainMs: 300 }),
      MangroveModule.forRoot({ name: 'second', path: '/second', realms: ['two'], drainMs: 300 }),
    ],
    providers: [Handlers],
  })
  class Root {}

  it.each(PLATFORMS)('have paths, realms, clients and handlers of their own (%s)', async (platform) => {
    const { app, authority } = await start(Root, { platform });
    const handlers = app.get(Handlers);
    expect([await handlers.first.call('where'), await handlers.second.call('where')]).toEqual([
      'first',
      'second',
    ]);
    await handlers.first.publish('news');
    await handlers.second.publish('news');
    await eventually(() => handlers.heard.length > 0);
    expect(handlers.heard).toEqual(['second']);
    expect([handlers.first.realm, handlers.second.realm]).toEqual(['realm1', 'two']);
    for (const path of ['/ws', '/second'])
      expect((await get(`http://${authority}${path}`, STOMP)).status).toBe(101);
    expect((await get(`http://${authority}/third`, STOMP)).status).toBe(404);
  });

  it('are found by their tokens, and closed with the application', async () => {
    const { app, close } = await start(Root);
    const router = app.get<Router>(getMangroveRouterToken('second'), { strict: false });
    const client = app.get<MangroveClient>(getMangroveClientToken('second'), { strict: false });
    expect([router.path, client.realm]).toEqual(['/second', 'two']);
    expect([getMangroveRouterToken(), getMangroveClientToken()]).toEqual([MANGROVE_ROUTER, MangroveClient]);
    await close();
    expect([client.closed, router.stats.realms['two']?.sessions]).toEqual([true, 0]);
  });
});

describe('forRootAsync', () => {
  it('takes options from a factory, a name, and may be global', async () => {
    @Module({ providers: [{ provide: 'PATH', useValue: '/swamp' }], exports: ['PATH'] })
    class Settings {}
    @Injectable()
    class Elsewhere {
      constructor(@InjectMangroveClient('swamp') readonly client: MangroveClient) {}
    }
    @Module({ providers: [Elsewhere] })
    class Feature {}
    @Module({
      imports: [
        MangroveModule.forRootAsync({
          name: 'swamp',
          isGlobal: true,
          imports: [Settings],
          inject: ['PATH'],
          useFactory: (path: string) => ({ path, realms: ['swamp'], principal: { authid: 'app1' } }),
        }),
        Feature,
      ],
    })
    class Root {}
    const { app, authority } = await start(Root);
    const { client } = app.get(Elsewhere, { strict: false });
    expect([client.realm, client.principal.authid, client.principal.authrole]).toEqual([
      'swamp',
      'app1',
      'application',
    ]);
    expect((await get(`http://${authority}/swamp`, STOMP)).status).toBe(101);
  });
});

describe('two applications in one process', () => {
  it('have handlers of their own, and one goes on when the other is closed', async () => {
    @Injectable()
    class Handlers {
      @Procedure('who')
      who(): string {
        return 'me';
      }
    }
    @Module({ imports: [MangroveModule.forRoot({ drainMs: 300 })], providers: [Handlers] })
    class Root {}
    const [first, second] = [await start(Root), await start(Root)];
    const clients = [first, second].map(({ app }) => app.get(MangroveClient));
    expect(await Promise.all(clients.map((client) => client.call('who')))).toEqual(['me', 'me']);
    await first.close();
    expect(await clients[1]!.call('who')).toBe('me');
    await expect(clients[0]!.call('who')).rejects.toMatchObject({ uri: 'wamp.error.canceled' });
    expect((await get(`http://${second.authority}/ws`, STOMP)).status).toBe(101);
  });
});

describe('one HTTP server', () => {
  it.each([
    ['first', 'second', 'third'],
    ['third', 'second', 'first'],
    ['second', 'third', 'first'],
  ])('is as it was found when its routers have gone in the order %s, %s, %s', async (...order) => {
    const server = createServer();
    const asked: string[] = [];
    const foreign = (request: { url?: string }, socket: { end: (text: string) => void }): void => {
      asked.push(request.url ?? '');
      socket.end('HTTP/1.1 418 I am a teapot\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    };
    server.on('upgrade', foreign);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const status = async (path: string): Promise<number> =>
      (await get(`http://127.0.0.1:${port}${path}`, STOMP)).status;
    const routers = new Map(
      ['first', 'second', 'third'].map((name) => [name, createRouter({ path: `/${name}` })]),
    );
    try {
      for (const router of routers.values()) router.attach(server);
      const later = (): void => {};
      server.on('upgrade', later);
      expect(await status('/other')).toBe(418);
      for (const name of order) {
        expect(await status(`/${name}`)).toBe(101);
        await routers.get(name)!.close();
        if (name !== order[2]) expect(await status(`/${name}`)).toBe(418);
      }
      expect(server.listeners('upgrade')).toEqual([foreign, later]);
    } finally {
      for (const router of routers.values()) await router.close();
      server.closeAllConnections();
      server.close();
    }
  });
});

describe('SubprotocolWsAdapter', () => {
  @WebSocketGateway({ path: '/ws' })
  class SamePathGateway {
    @SubscribeMessage('echo')
    echo(_client: unknown, data: unknown): object {
      return { event: 'echoed', data };
    }
  }

  @WebSocketGateway({ path: '/gateway' })
  class OtherGateway extends SamePathGateway {}

  @Module({
    imports: [MangroveModule.forRoot({ drainMs: 300 })],
    providers: [SamePathGateway, OtherGateway],
  })
  class Root {}

  const configure = (app: INestApplication): void =>
    void app.useWebSocketAdapter(new SubprotocolWsAdapter(app));

  const echoed = async (socket: WebSocket): Promise<unknown> => {
    const message = once(socket, 'message');
    socket.send(JSON.stringify({ event: 'echo', data: [1, 'two'] }));
    return JSON.parse(String((await message)[0])) as unknown;
  };

  it.each(PLATFORMS)(
    'sends known subprotocols to Mangrove and all others to the gateway, on the same path (%s)',
    async (platform) => {
      const { app, url, authority } = await start(Root, { platform, configure });
      const expected = { event: 'echoed', data: [1, 'two'] };
      expect(await echoed(await open(url))).toEqual(expected);
      expect(await echoed(await open(url, 'chat'))).toEqual(expected);
      expect(await echoed(await open(`ws://${authority}/gateway`))).toEqual(expected);
      expect((await open(url, 'chat', 'wamp.2.json')).protocol).toBe('wamp.2.json');

      const heard: unknown[] = [];
      await app.get(MangroveClient).subscribe('news', ({ payload }) => heard.push(payload));
      const clients = [await PlainStomp.connect(url), await PlainStomp.connect(`ws://${authority}/gateway`)];
      for (const client of clients) client.send('SEND', { destination: '/topic/news' }, 'hello');
      await eventually(() => heard.length === 2);
      expect(heard).toEqual(['hello', 'hello']);
      for (const client of clients) await client.close();
    },
  );

  it('lets Mangrove say its own good-bye, and refuses as Mangrove does', async () => {
    const { url, authority, close } = await start(Root, { configure });
    const foreign = upgradeHeaders({ 'Sec-WebSocket-Protocol': 'v12.stomp', Origin: 'https://evil.example' });
    expect((await get(`http://${authority}/ws`, foreign)).status).toBe(403);
    const socket = await open(url, 'v12.stomp');
    const closed = once(socket, 'close');
    await close();
    expect((await closed)[0]).toBe(1001);
  });

  it('leaves another path of the module to the module', async () => {
    @Module({
      imports: [MangroveModule.forRoot({ path: '/mangrove', drainMs: 300 })],
      providers: [OtherGateway],
    })
    class Apart {}
    const { authority } = await start(Apart, { configure });
    expect((await get(`http://${authority}/mangrove`, STOMP)).status).toBe(101);
    expect((await get(`http://${authority}/gateway`, STOMP)).status).toBe(101);
    expect(await echoed(await open(`ws://${authority}/gateway`))).toEqual({
      event: 'echoed',
      data: [1, 'two'],
    });
  });
});
