import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { CallHandler, CanActivate, ExecutionContext } from '@nestjs/common';
import {
  Controller,
  Get,
  Injectable,
  ParseIntPipe,
  UseGuards,
  UseInterceptors,
  createParamDecorator,
} from '@nestjs/common';
import { Observable, from, interval, map, take } from 'rxjs';
import type { MangroveContext } from '../../src/nest/index.js';
import {
  Args,
  Ctx,
  Headers,
  Kwargs,
  MANGROVE_ROUTER,
  MangroveClient,
  Payload,
  Principal,
  Procedure,
  Subscribe,
} from '../../src/nest/index.js';
import type { Router } from '../../src/router/index.js';
import { CallResult } from '../../src/router/index.js';
import { NestTestBed, call, nextAnswer } from '../support/nest-app.js';
import { eventually } from '../support/test-server.js';
import { get } from './http-exchange.js';
import type { PlainWamp } from '../support/plain-clients.js';

const bed = new NestTestBed();

afterEach(() => bed.end());

const User = createParamDecorator((_data: unknown, host: ExecutionContext): string => {
  const context = host.switchToRpc().getContext<MangroveContext>();
  return `${context.principal.authid} (${host.getType()})`;
});

describe('a method with @Procedure', () => {
  it('gets its parameters, each by its decorator', async () => {
    @Injectable()
    class Service {
      @Procedure('com.example.all')
      all(
        @Args() args: unknown[],
        @Args(1) second: unknown,
        @Kwargs() kwargs: object,
        @Kwargs('name') name: unknown,
        @Payload() payload: unknown,
        @Headers() headers: ReadonlyMap<string, string>,
        @Headers('trace') trace: unknown,
        @Principal() principal: object,
        @Principal('authid') authid: unknown,
        @Ctx() context: MangroveContext,
        @User() user: string,
      ): unknown {
        return [
          [args, second, { ...kwargs }, name, payload, [...headers], trace],
          [principal, authid, context.kind, context.protocol, user],
        ];
      }

      @Procedure('com.example.bare')
      bare(payload: unknown, context: MangroveContext): unknown {
        return [payload, context.protocol];
      }
    }
    const client = await bed.wamp(await bed.start({ providers: [Service] }));
    const options = { _headers: { trace: 'x1' } };
    client.send([48, client.request(), options, 'com.example.all', [1, 'two'], { name: 'Ann' }]);
    const who = {
      authid: 'anonymous',
      authrole: 'anonymous',
      authmethod: 'anonymous',
      authprovider: 'static',
    };
    expect(await nextAnswer(client)).toEqual([
      'result',
      [
        [
          [
            [1, 'two'],
            'two',
            { name: 'Ann' },
            'Ann',
            { args: [1, 'two'], kwargs: { name: 'Ann' } },
            [['trace', 'x1']],
            'x1',
          ],
          [who, 'anonymous', 'call', 'wamp', 'anonymous (rpc)'],
        ],
      ],
    ]);
    expect(await call(client, 'com.example.bare', ['hello'])).toEqual(['result', [['hello', 'wamp']]]);
  });

  it('is found on providers and controllers, inherited ones too, and may have several', async () => {
    class Base {
      @Procedure('base')
      base(): string {
        return this.constructor.name;
      }
    }
    @Injectable()
    class Service extends Base {
      @Procedure('one')
      @Procedure('two')
      both(@Ctx() context: MangroveContext): string {
        return context.pattern.text;
      }
    }
    @Controller('page')
    class Page {
      @Get()
      @Procedure('page')
      page(): string {
        return 'the page';
      }
    }
    const app = await bed.start({ providers: [Service], controllers: [Page] });
    const client = await bed.wamp(app);
    const answers: unknown[] = [];
    for (const uri of ['base', 'one', 'two', 'page']) answers.push((await call(client, uri))[1]);
    expect(answers).toEqual([['Service'], ['one'], ['two'], ['the page']]);
    expect((await get(`http://${app.authority}/page`)).body).toBe('the page');
  });

  it('is called by STOMP clients as by WAMP clients, and is told which', async () => {
    @Injectable()
    class Service {
      @Procedure('com.example.', { match: 'prefix' })
      all(@Payload('name') name: string, @Ctx() context: MangroveContext): string {
        return `${name} by ${context.protocol} at ${context.kind === 'call' ? context.procedure : ''}`;
      }
    }
    const app = await bed.start({ providers: [Service] });
    const client = await bed.stomp(app);
    client.send('SUBSCRIBE', { id: 'r', destination: '/temp-queue/answers' });
    const headers = { 'reply-to': '/temp-queue/answers', 'content-type': 'application/json' };
    client.send('SEND', { destination: '/rpc/com.example.greet', ...headers }, '{"name":"Ann"}');
    expect((await client.next()).body.toString()).toBe('"Ann by stomp at com.example.greet"');
    expect(await call(await bed.wamp(app), 'com.example.x', [{ name: 'Bob' }])).toEqual([
      'result',
      ['Bob by wamp at com.example.x'],
    ]);
  });

  it('answers with several results, keyword results and headers by a CallResult', async () => {
    @Injectable()
    class Service {
      @Procedure('many')
      many(): CallResult {
        return new CallResult([1, 2], { three: 3 }, { trace: 'x2' });
      }
    }
    const client = await bed.wamp(await bed.start({ providers: [Service] }));
    client.send([48, client.request(), {}, 'many']);
    expect(await client.next()).toEqual([50, 1, { _headers: { trace: 'x2' } }, [1, 2], { three: 3 }]);
  });

  it('joins the realm that it names', async () => {
    @Injectable()
    class Service {
      @Procedure('where', { realm: 'two' })
      where(@Ctx() context: MangroveContext): string {
        return context.realm;
      }
    }
    const app = await bed.start({ providers: [Service], options: { realms: ['one', 'two'] } });
    const router = app.app.get<Router>(MANGROVE_ROUTER, { strict: false });
    expect(await router.connect({ realm: 'two' }).call('where')).toBe('two');
    await expect(router.connect({ realm: 'one' }).call('where')).rejects.toMatchObject({
      uri: 'wamp.error.no_such_procedure',
    });
  });

  it('stops the start if it cannot be put in force, and says which and why', async () => {
    @Injectable()
    class First {
      @Procedure('add')
      add(): number {
        return 1;
      }
    }
    @Injectable()
    class Second extends First {}
    await expect(bed.start({ providers: [First, Second] })).rejects.toThrow(
      "@Procedure('add') of Second.add: wamp.error.procedure_already_exists",
    );
    const authorizer = { decide: () => ({ allow: false }) };
    await expect(bed.start({ providers: [First], options: { authorizer } })).rejects.toThrow(
      "@Procedure('add') of First.add: wamp.error.not_authorized",
    );
  });
});

describe('a stream of results', () => {
  @Injectable()
  class Streams {
    stopped = 0;
    aborted = 0;

    @Procedure('generator')
    async *generator(@Args(0) to: number): AsyncGenerator<number, string> {
      for (let number = 1; number <= to; number += 1) yield number;
      return 'done';
    }

    @Procedure('observable')
    observable(@Args(0) to: number): Observable<number> {
      return interval(1).pipe(
        take(to),
        map((index) => index + 1),
      );
    }

    @Procedure('promised')
    promised(): Promise<Observable<number>> {
      return Promise.resolve(from([1, 2]));
    }

    @UseInterceptors({ intercept: (_host: ExecutionContext, next: CallHandler) => next.handle() })
    @Procedure('intercepted')
    async *intercepted(): AsyncGenerator<number> {
      yield 1;
      yield 2;
    }

    @Procedure('endless')
    endless(@Ctx() { signal }: MangroveContext): Observable<number> {
      signal.addEventListener('abort', () => (this.aborted += 1));
      return new Observable<number>((subscriber) => {
        subscriber.next(1);
        return () => (this.stopped += 1);
      });
    }

    @Procedure('by-hand')
    async byHand(@Ctx() context: MangroveContext): Promise<number> {
      if (context.kind === 'call') context.progress?.('half');
      return 1;
    }
  }

  const progressive = async (
    client: PlainWamp,
    procedure: string,
    ...args: unknown[]
  ): Promise<unknown[]> => {
    client.send([48, client.request(), { receive_progress: true }, procedure, args]);
    const values: unknown[] = [];
    for (;;) {
      const [type, , details, results] = await client.next();
      if (type !== 50) throw new Error('no RESULT');
      const value = (results as unknown[] | undefined)?.[0];
      if ((details as { progress?: boolean }).progress !== true) return [values, value];
      values.push(value);
    }
  };

  it('arrives in order as progressive results if the caller wants them, its last value as the result', async () => {
    const client = await bed.wamp(await bed.start({ providers: [Streams] }));
    const numbers = (to: number): number[] => Array.from({ length: to }, (_, index) => index + 1);
    expect(await progressive(client, 'generator', 100)).toEqual([numbers(100), 'done']);
    expect(await progressive(client, 'observable', 20)).toEqual([numbers(19), 20]);
    expect(await progressive(client, 'promised')).toEqual([[1], 2]);
    expect(await progressive(client, 'intercepted')).toEqual([[1], 2]);
    expect(await progressive(client, 'by-hand')).toEqual([['half'], 1]);
  });

  it('is its last value for a caller that wants no others', async () => {
    const client = await bed.wamp(await bed.start({ providers: [Streams] }));
    const results: unknown[] = [];
    for (const uri of ['generator', 'observable', 'promised', 'intercepted', 'by-hand'])
      results.push((await call(client, uri, [3]))[1]);
    expect(results).toEqual([['done'], [3], [2], [2], [1]]);
  });

  it.each(['kill', 'killnowait'])('is unsubscribed by CANCEL with %s', async (mode) => {
    const app = await bed.start({ providers: [Streams] });
    const service = app.app.get(Streams);
    const client = await bed.wamp(app);
    client.send([48, client.request(), { receive_progress: true }, 'endless']);
    expect((await nextAnswer(client))[1]).toEqual([1]);
    client.send([49, 1, { mode }]);
    expect((await nextAnswer(client)).slice(0, 2)).toEqual(['error', 'wamp.error.canceled']);
    await eventually(() => service.stopped === 1 && service.aborted === 1);
    expect([service.stopped, service.aborted]).toEqual([1, 1]);
  });

  it('is unsubscribed when its caller leaves', async () => {
    const app = await bed.start({ providers: [Streams] });
    const service = app.app.get(Streams);
    const client = await bed.wamp(app);
    client.send([48, client.request(), { receive_progress: true }, 'endless']);
    await client.next();
    client.socket.terminate();
    await eventually(() => service.stopped === 1);
    expect(service.stopped).toBe(1);
  });
});

describe('a method with @Subscribe', () => {
  it('hears the events of all protocols, with their sender and topic', async () => {
    const heard: unknown[][] = [];
    @Injectable()
    class Service {
      @Subscribe('chat.#', { match: 'multi' })
      hear(@Payload() payload: unknown, @Ctx() context: MangroveContext): void {
        heard.push([payload, context.kind === 'event' ? context.topic : '', context.protocol]);
      }
    }
    const app = await bed.start({ providers: [Service] });
    (await bed.stomp(app)).send('SEND', { destination: '/topic/chat.a', 'content-type': 'text/plain' }, 'hi');
    const client = await bed.wamp(app);
    client.send([16, client.request(), {}, 'chat.b', ['hello']]);
    await app.app.get(MangroveClient).publish('chat', [], { text: 'hey' });
    await eventually(() => heard.length === 3);
    expect(heard.sort((one, other) => String(one[1]).localeCompare(String(other[1])))).toEqual([
      [{ text: 'hey' }, 'chat', 'local'],
      ['hi', 'chat.a', 'stomp'],
      ['hello', 'chat.b', 'wamp'],
    ]);
  });

  it('keeps the order of one connection while a guard awaits', async () => {
    const heard: unknown[] = [];
    const slowFirst: CanActivate = {
      canActivate: async (host) => {
        const { args } = host.switchToRpc().getContext<MangroveContext>();
        await new Promise((go) => setTimeout(go, args[0] === 1 ? 20 : 0));
        return true;
      },
    };
    @Injectable()
    class Service {
      @UseGuards(slowFirst)
      @Subscribe('numbers')
      hear(@Args(0) number: number): void {
        heard.push(number);
      }
    }
    const client = await bed.wamp(await bed.start({ providers: [Service] }));
    for (const number of [1, 2, 3]) client.send([16, client.request(), {}, 'numbers', [number]]);
    await eventually(() => heard.length === 3);
    expect(heard).toEqual([1, 2, 3]);
  });

  it('does not hear what a guard or pipe refuses, and goes on', async () => {
    const heard: unknown[] = [];
    const counted: string[] = [];
    @Injectable()
    class Service {
      @Subscribe('numbers')
      hear(@Args(0, ParseIntPipe) number: number): void {
        heard.push(number);
      }
    }
    const instrumentation = {
      count: (name: string) => void counted.push(name),
      event() {},
      defect: (where: string) => void counted.push(`defect ${where}`),
    };
    const app = await bed.start({ providers: [Service], options: { instrumentation } });
    const client = app.app.get(MangroveClient);
    for (const number of [1, 'x', 3]) await client.publish('numbers', [number]);
    await eventually(() => heard.length === 2);
    expect(heard).toEqual([1, 3]);
    expect(counted.filter((name) => /nest|defect/.test(name))).toEqual(['nest.events_failed']);
  });

  it('is put in force again when it lagged too far behind', async () => {
    let finish = (): void => {};
    const heard: unknown[] = [];
    @Injectable()
    class Service {
      @Subscribe('numbers')
      async hear(@Args(0) number: number): Promise<void> {
        heard.push(number);
        if (number === 0) await new Promise<void>((done) => (finish = done));
      }
    }
    const app = await bed.start({ providers: [Service], options: { limits: { backlogMessages: 1 } } });
    const client = app.app.get(MangroveClient);
    await client.publish('numbers', [0]);
    await eventually(() => heard.length === 1);
    const many: Promise<number>[] = [];
    for (let number = 1; number < 8192 + 5; number += 1) many.push(client.publish('numbers', [number]));
    await Promise.all(many);
    const router = app.app.get<Router>(MANGROVE_ROUTER, { strict: false });
    await eventually(() => router.stats.realms['realm1']?.subscriptions === 1);
    await client.publish('numbers', ['again']);
    await eventually(() => heard.length === 2);
    expect(heard).toEqual([0, 'again']);
    finish();
  });
});

describe('app.close()', () => {
  it('lets the event and the call that are here be handled, and leaves nothing', async () => {
    const log: string[] = [];
    const work = async (what: string): Promise<string> => {
      log.push(`begin ${what}`);
      await new Promise((go) => setTimeout(go, 60));
      log.push(`end ${what}`);
      return what;
    };
    @Injectable()
    class Service {
      @Subscribe('work')
      hear(): Promise<string> {
        return work('event');
      }

      @Procedure('work')
      call(): Promise<string> {
        return work('call');
      }
    }
    const app = await bed.start({ providers: [Service], options: { drainMs: 2000 } });
    const client = await bed.wamp(app);
    client.send([16, client.request(), {}, 'work']);
    client.send([48, client.request(), {}, 'work']);
    await eventually(() => log.length === 2);
    const closed = once(client.socket, 'close');
    const closing = app.close();
    expect(await nextAnswer(client)).toEqual(['result', ['call']]);
    expect((await client.next())[0]).toBe(6);
    await closing;
    expect((await closed)[0]).toBe(1001);
    expect(log.sort()).toEqual(['begin call', 'begin event', 'end call', 'end event']);
    expect(app.app.get(MangroveClient, { strict: false }).closed).toBe(true);
  });
});
