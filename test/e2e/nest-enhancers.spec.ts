import { afterEach, describe, expect, it } from '@jest/globals';
import type {
  ArgumentsHost,
  CallHandler,
  CanActivate,
  ExceptionFilter,
  ExecutionContext,
  NestInterceptor,
  PipeTransform,
} from '@nestjs/common';
import {
  BadRequestException,
  Catch,
  ConflictException,
  Controller,
  ForbiddenException,
  Inject,
  Injectable,
  ParseIntPipe,
  Scope,
  SetMetadata,
  StandardSchemaValidationPipe,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { APP_GUARD, REQUEST, Reflector } from '@nestjs/core';
import type { Observable } from 'rxjs';
import { map, of, throwError } from 'rxjs';
import { z } from 'zod';
import type { MangroveContext } from '../../src/nest/index.js';
import { Args, Kwargs, MangroveException, Payload, Procedure } from '../../src/nest/index.js';
import { MangroveError } from '../../src/router/index.js';
import { NestTestBed, call, nextAnswer } from '../support/nest-app.js';

const bed = new NestTestBed();

afterEach(() => bed.end());

describe('guards, pipes, interceptors and filters', () => {
  const Roles = (...roles: string[]) => SetMetadata('roles', roles);

  @Injectable()
  class RolesGuard implements CanActivate {
    constructor(@Inject(Reflector) private readonly reflector: Reflector) {}

    canActivate(host: ExecutionContext): boolean {
      const roles = this.reflector.get<string[] | undefined>('roles', host.getHandler());
      const context = host.switchToRpc().getContext<MangroveContext>();
      return roles === undefined || roles.includes(context.principal.authrole);
    }
  }

  it('a guard of the application refuses with wamp.error.not_authorized', async () => {
    @Injectable()
    class Service {
      @Procedure('open')
      open(): string {
        return 'welcome';
      }

      @Roles('admin')
      @Procedure('closed')
      closed(): string {
        return 'never';
      }
    }
    const app = await bed.start({ providers: [Service, { provide: APP_GUARD, useClass: RolesGuard }] });
    const client = await bed.wamp(app);
    expect(await call(client, 'open')).toEqual(['result', ['welcome']]);
    expect(await call(client, 'closed')).toEqual([
      'error',
      'wamp.error.not_authorized',
      ['Forbidden resource'],
    ]);
  });

  it('those of the application are left out with globalEnhancers: false, its own stay', async () => {
    const deny: CanActivate = { canActivate: () => false };
    @Injectable()
    class Service {
      @Procedure('open')
      open(): string {
        return 'welcome';
      }

      @UseGuards(deny)
      @Procedure('closed')
      closed(): string {
        return 'never';
      }
    }
    const options = { globalEnhancers: false };
    const app = await bed.start({ providers: [Service, { provide: APP_GUARD, useValue: deny }], options });
    const client = await bed.wamp(app);
    expect(await call(client, 'open')).toEqual(['result', ['welcome']]);
    expect((await call(client, 'closed'))[1]).toBe('wamp.error.not_authorized');
  });

  it('a pipe of a parameter converts, or refuses with wamp.error.invalid_argument', async () => {
    @Injectable()
    class Service {
      @Procedure('double')
      double(@Args(0, ParseIntPipe) number: number): number {
        return number * 2;
      }
    }
    const client = await bed.wamp(await bed.start({ providers: [Service] }));
    expect(await call(client, 'double', ['21'])).toEqual(['result', [42]]);
    expect(await call(client, 'double', ['x'])).toEqual([
      'error',
      'wamp.error.invalid_argument',
      ['Validation failed (numeric string is expected)'],
    ]);
  });

  it('a validation pipe of the application sees payload, arguments and keyword arguments', async () => {
    const number = z.number().int();
    @Injectable()
    class Service {
      @Procedure('payload')
      payload(@Payload({ schema: z.object({ n: number }) }) { n }: { n: number }): number {
        return n;
      }

      @Procedure('args')
      args(@Args({ schema: z.tuple([number]) }) [n]: [number]): number {
        return n;
      }

      @Procedure('kwargs')
      kwargs(@Kwargs('n', { schema: number }) n: number): number {
        return n;
      }
    }
    const app = await bed.start({
      providers: [Service],
      configure: (nest) => void nest.useGlobalPipes(new StandardSchemaValidationPipe()),
    });
    const client = await bed.wamp(app);
    expect(await call(client, 'payload', [{ n: 1 }])).toEqual(['result', [1]]);
    expect(await call(client, 'args', [1])).toEqual(['result', [1]]);
    expect(await call(client, 'kwargs', [], { n: 1 })).toEqual(['result', [1]]);
    for (const [uri, ...bad] of [
      ['payload', [{ n: 'x' }]],
      ['args', ['x']],
      ['kwargs', [], { n: 'x' }],
    ]) {
      const [kind, error, , details] = await call(client, String(uri), ...bad);
      expect([kind, error]).toEqual(['error', 'wamp.error.invalid_argument']);
      expect(details).toEqual({ errors: [expect.stringContaining('expected number')] });
    }
  });

  it('a pipe of the method, a class interceptor and a filter do their work', async () => {
    const shout: PipeTransform = { transform: (value: unknown) => String(value).toUpperCase() };
    const frame: NestInterceptor = {
      intercept: (_host: ExecutionContext, next: CallHandler) =>
        next.handle().pipe(map((v) => `<${String(v)}>`)),
    };
    @Injectable()
    @UseInterceptors(frame)
    class Service {
      @UsePipes(shout)
      @Procedure('shout')
      shout(@Payload() text: string): string {
        return text;
      }

      @Procedure('stream')
      stream(): Observable<number> {
        return of(1, 2, 3);
      }
    }
    const client = await bed.wamp(await bed.start({ providers: [Service] }));
    expect(await call(client, 'shout', ['hey'])).toEqual(['result', ['<HEY>']]);
    client.send([48, client.request(), { receive_progress: true }, 'stream']);
    const answers = [await nextAnswer(client), await nextAnswer(client), await nextAnswer(client)];
    expect(answers.map(([, args]) => args)).toEqual([['<1>'], ['<2>'], ['<3>']]);
  });

  it('a filter that throws chooses the error; one that returns answers with an error too, never with a result', async () => {
    class Full extends Error {}
    @Catch(Full)
    class ThrowingFilter implements ExceptionFilter {
      catch(_error: Full, host: ArgumentsHost): never {
        const context = host.switchToRpc().getContext<MangroveContext>();
        throw new MangroveException('com.example.error.full', ['no seat'], { protocol: context.protocol });
      }
    }
    @Catch()
    class ReturningFilter implements ExceptionFilter {
      catch(): unknown {
        return { status: 'error', message: 'sorry' };
      }
    }
    @Catch()
    class RpcStyleFilter implements ExceptionFilter {
      catch(): unknown {
        return throwError(() => new BadRequestException('by an Observable'));
      }
    }
    @Catch()
    class SilentFilter implements ExceptionFilter {
      catch(): void {}
    }
    @Injectable()
    class Service {
      @UseFilters(ThrowingFilter)
      @Procedure('throwing')
      throwing(): never {
        throw new Full();
      }

      @UseFilters(ReturningFilter)
      @Procedure('returning')
      returning(): never {
        throw new ForbiddenException();
      }

      @UseFilters(RpcStyleFilter)
      @Procedure('rpc')
      rpc(): never {
        throw new Full();
      }

      @UseFilters(SilentFilter)
      @Procedure('silent')
      silent(): never {
        throw new BadRequestException('as it was');
      }

      @UseFilters(ThrowingFilter)
      @Procedure('stream')
      stream(): Observable<number> {
        return throwError(() => new Full());
      }
    }
    const client = await bed.wamp(await bed.start({ providers: [Service] }));
    const full = ['error', 'com.example.error.full', ['no seat'], { protocol: 'wamp' }];
    expect(await call(client, 'throwing')).toEqual(full);
    expect(await call(client, 'stream')).toEqual(full);
    expect(await call(client, 'returning')).toEqual([
      'error',
      'wamp.error.not_authorized',
      [{ status: 'error', message: 'sorry' }],
    ]);
    expect(await call(client, 'rpc')).toEqual(['error', 'wamp.error.invalid_argument', ['by an Observable']]);
    expect(await call(client, 'silent')).toEqual(['error', 'wamp.error.invalid_argument', ['as it was']]);
  });

  it('errors have the URI that their kind has, and in production unexpected ones have no message', async () => {
    /** As `@nestjs/microservices` has it. */
    class RpcException extends Error {
      constructor(private readonly error: string | object) {
        super();
      }

      getError(): string | object {
        return this.error;
      }
    }
    const errors: Readonly<Record<string, unknown>> = {
      mangrove: new MangroveError('com.example.error.a', [1], { b: 2 }),
      exception: new MangroveException('com.example.error.b'),
      rpcText: new RpcException('plain words'),
      rpcUri: new RpcException('com.example.error.c'),
      rpcObject: new RpcException({ uri: 'com.example.error.d', args: [1], kwargs: { e: 1 } }),
      conflict: new ConflictException('taken'),
      unexpected: new Error('SELECT 1'),
      text: 'just text',
    };
    @Injectable()
    class Service {
      @Procedure('fail')
      fail(@Args(0) kind: string): never {
        throw errors[kind];
      }
    }
    const answersOf = async (exposeErrors: boolean): Promise<Record<string, unknown>> => {
      const client = await bed.wamp(await bed.start({ providers: [Service], options: { exposeErrors } }));
      const answers: Record<string, unknown> = {};
      for (const kind of Object.keys(errors)) answers[kind] = (await call(client, 'fail', [kind])).slice(1);
      return answers;
    };
    const hidden = ['wamp.error.runtime_error', ['The procedure failed.']];
    const always = {
      mangrove: ['com.example.error.a', [1], { b: 2 }],
      exception: ['com.example.error.b'],
      rpcText: ['wamp.error.runtime_error', ['plain words']],
      rpcUri: ['com.example.error.c'],
      rpcObject: ['com.example.error.d', [1], { e: 1 }],
      text: hidden,
    };
    expect(await answersOf(true)).toEqual({
      ...always,
      conflict: ['wamp.error.runtime_error', ['taken']],
      unexpected: ['wamp.error.runtime_error', ['SELECT 1']],
    });
    expect(await answersOf(false)).toEqual({ ...always, conflict: hidden, unexpected: hidden });
  });

  it('a request-scoped provider is made for each call, and is given the context', async () => {
    let made = 0;
    @Injectable({ scope: Scope.REQUEST })
    class PerCall {
      readonly number = (made += 1);

      constructor(@Inject(REQUEST) readonly context: MangroveContext) {}
    }
    @Injectable()
    class Service {
      constructor(@Inject(PerCall) private readonly perCall: PerCall) {}

      @UseGuards(RolesGuard)
      @Procedure('who')
      who(@Args(0) first: unknown): unknown {
        return [this.perCall.number, this.perCall.context.args[0] === first, this.perCall.context.protocol];
      }
    }
    @Controller({ scope: Scope.REQUEST })
    class Page {
      constructor(@Inject(PerCall) private readonly perCall: PerCall) {}

      @Procedure('page')
      page(): number {
        return this.perCall.number;
      }
    }
    const app = await bed.start({ providers: [Service, PerCall], controllers: [Page] });
    const client = await bed.wamp(app);
    expect(await call(client, 'who', ['a'])).toEqual(['result', [[1, true, 'wamp']]]);
    expect(await call(client, 'who', ['b'])).toEqual(['result', [[2, true, 'wamp']]]);
    expect(await call(client, 'page')).toEqual(['result', [3]]);
  });
});
