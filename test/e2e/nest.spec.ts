import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module } from '@nestjs/common';
import type { INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WebSocket } from 'ws';
import { MANGROVE_ROUTER, MangroveModule } from '../../src/nest/index.js';
import type { Router } from '../../src/router/index.js';
import { get, upgradeHeaders } from './http-exchange.js';

@Controller('greetings')
class GreetingsController {
  @Get()
  greet(): string {
    return 'hello';
  }
}

@WebSocketGateway({ path: '/other' })
class EchoGateway {
  @SubscribeMessage('echo')
  echo(_client: unknown, data: unknown): object {
    return { event: 'echoed', data };
  }
}

const running: INestApplication[] = [];
const sockets: WebSocket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  for (const app of running.splice(0)) await app.close();
});

async function start(root: Type): Promise<{ app: INestApplication; authority: string }> {
  const app = await NestFactory.create(root, { logger: false, abortOnError: false });
  running.push(app);
  app.useWebSocketAdapter(new WsAdapter(app));
  await app.listen(0, '127.0.0.1');
  return { app, authority: (await app.getUrl()).replace('http://', '') };
}

async function open(url: string, token?: string): Promise<WebSocket> {
  const socket = new WebSocket(url, token === undefined ? [] : [token]);
  sockets.push(socket);
  await once(socket, 'open');
  return socket;
}

describe('MangroveModule', () => {
  it('serves beside a REST controller and a gateway on another path', async () => {
    @Module({
      imports: [MangroveModule.forRoot({ drainMs: 500 })],
      controllers: [GreetingsController],
      providers: [EchoGateway],
    })
    class Root {}
    const { authority } = await start(Root);

    expect((await get(`http://${authority}/greetings`)).body).toBe('hello');
    const ours = await open(`ws://${authority}/ws`, 'wamp.2.json');
    expect(ours.protocol).toBe('wamp.2.json');
    const theirs = await open(`ws://${authority}/other`);
    const echoed = once(theirs, 'message');
    theirs.send(JSON.stringify({ event: 'echo', data: [1, 'two'] }));
    const [message] = await echoed;
    expect(JSON.parse(String(message))).toEqual({ event: 'echoed', data: [1, 'two'] });
  });

  it('takes its options from a factory with injected providers', async () => {
    @Module({ providers: [{ provide: 'ENDPOINT_PATH', useValue: '/swamp' }], exports: ['ENDPOINT_PATH'] })
    class Settings {}
    @Module({
      imports: [
        MangroveModule.forRootAsync({
          imports: [Settings],
          inject: ['ENDPOINT_PATH'],
          useFactory: (path: string) => ({ path, realms: ['swamp'] }),
        }),
      ],
    })
    class Root {}
    const { app, authority } = await start(Root);

    expect(app.get<Router>(MANGROVE_ROUTER, { strict: false }).realms).toEqual(['swamp']);
    const token = { 'Sec-WebSocket-Protocol': 'v12.stomp' };
    expect((await get(`http://${authority}/swamp`, upgradeHeaders(token))).status).toBe(101);
  });

  it('closes its sockets with 1001 when the application closes', async () => {
    @Module({ imports: [MangroveModule.forRoot({ drainMs: 500 })] })
    class Root {}
    const { app, authority } = await start(Root);
    const socket = await open(`ws://${authority}/ws`, 'v12.stomp');
    const closed = once(socket, 'close');
    await app.close();
    expect((await closed)[0]).toBe(1001);
  });

  it('keeps nothing between two applications in one process', async () => {
    @Module({ imports: [MangroveModule.forRoot({ realms: ['one'] })] })
    class First {}
    @Module({ imports: [MangroveModule.forRoot({ realms: ['two'] })] })
    class Second {}
    const [first, second] = [await start(First), await start(Second)];
    const realmsOf = (app: INestApplication) => app.get<Router>(MANGROVE_ROUTER, { strict: false }).realms;
    expect([realmsOf(first.app), realmsOf(second.app)]).toEqual([['one'], ['two']]);
  });

  it('refuses to start in an application without an HTTP server', async () => {
    @Module({ imports: [MangroveModule.forRoot()] })
    class Root {}
    await expect(
      NestFactory.createApplicationContext(Root, { logger: false, abortOnError: false }),
    ).rejects.toThrow('MangroveModule needs an application with an HTTP server');
  });
});
