import { afterEach, describe, expect, it } from '@jest/globals';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import {
  ForbiddenException,
  Injectable,
  ParseIntPipe,
  ServiceUnavailableException,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import type { MangroveContext } from '../../src/nest/index.js';
import {
  Args,
  Consume,
  Ctx,
  Headers,
  Kwargs,
  MangroveClient,
  Payload,
  Principal,
} from '../../src/nest/index.js';
import { Unavailable } from '../../src/router/index.js';
import { NestTestBed } from '../support/nest-app.js';
import type { NestApp } from '../support/nest-app.js';
import { eventually } from '../support/test-server.js';

const bed = new NestTestBed();

afterEach(() => bed.end());

function clientOf(app: NestApp): MangroveClient {
  return app.app.get(MangroveClient);
}

describe('a method with @Consume', () => {
  it('works on the messages of all protocols, with its parameters by their decorators', async () => {
    const done: unknown[][] = [];
    @Injectable()
    class Worker {
      @Consume('orders')
      work(
        @Payload() payload: unknown,
        @Args(0) first: unknown,
        @Kwargs('milk') milk: unknown,
        @Headers('trace') trace: unknown,
        @Principal('authid') authid: string,
        @Ctx() context: MangroveContext,
      ): void {
        const { kind, protocol } = context;
        const about = context.kind === 'message' ? [context.queue, context.attempt, context.redelivered] : [];
        done.push([protocol, kind, payload, first, milk, trace, authid, ...about]);
      }
    }
    const app = await bed.start({ providers: [Worker] });
    const stomp = await bed.stomp(app);
    stomp.send('SEND', { destination: '/queue/orders', 'content-type': 'text/plain', trace: 'x1' }, 'tea');
    const wamp = await bed.wamp(app);
    wamp.send([16, wamp.request(), { _queue: true }, 'orders', ['coffee'], { milk: true }]);
    await clientOf(app).enqueue('orders', ['water']);
    await eventually(() => done.length === 3);
    expect(done.sort()).toEqual([
      ['local', 'message', 'water', 'water', undefined, undefined, 'application', 'orders', 1, false],
      ['stomp', 'message', 'tea', 'tea', undefined, 'x1', 'anonymous', 'orders', 1, false],
      [
        'wamp',
        'message',
        { args: ['coffee'], kwargs: { milk: true } },
        'coffee',
        true,
        undefined,
        'anonymous',
        'orders',
        1,
        false,
      ],
    ]);
  });

  it('works on one message at a time, or on as many as its concurrency says', async () => {
    const most = { one: 0, many: 0 };
    const running = { one: 0, many: 0 };
    let done = 0;
    const work = async (kind: 'one' | 'many'): Promise<void> => {
      running[kind] += 1;
      most[kind] = Math.max(most[kind], running[kind]);
      await new Promise((go) => setTimeout(go, 5));
      running[kind] -= 1;
      done += 1;
    };
    @Injectable()
    class Worker {
      @Consume('one')
      one(): Promise<void> {
        return work('one');
      }

      @Consume('many', { concurrency: 3 })
      many(): Promise<void> {
        return work('many');
      }
    }
    const app = await bed.start({ providers: [Worker] });
    for (let n = 0; n < 6; n += 1) {
      await clientOf(app).enqueue('one');
      await clientOf(app).enqueue('many');
    }
    await eventually(() => done === 12);
    expect(most).toEqual({ one: 1, many: 3 });
  });

  it('gives back what its guard refuses, counted, until the message is a dead letter', async () => {
    const asked: string[] = [];
    const worked: unknown[] = [];
    const letters: unknown[][] = [];
    const noPoison: CanActivate = {
      canActivate: (host: ExecutionContext) => {
        const context = host.switchToRpc().getContext<MangroveContext>();
        if (context.kind === 'message') asked.push(`${host.getType()} ${context.attempt}`);
        return context.payload !== 'poison';
      },
    };
    @Injectable()
    class Worker {
      @UseGuards(noPoison)
      @Consume('orders')
      work(@Payload() payload: unknown): void {
        worked.push(payload);
      }

      @Consume('orders.dead')
      bury(@Payload() payload: unknown, @Ctx() context: MangroveContext): void {
        if (context.kind === 'message') letters.push([payload, context.death?.reason, context.death?.queue]);
      }
    }
    const app = await bed.start({
      providers: [Worker],
      options: { queues: [{ match: 'orders', maxDeliveries: 3 }] },
    });
    for (const payload of ['tea', 'poison', 'coffee']) await clientOf(app).enqueue('orders', [payload]);
    await eventually(() => letters.length === 1 && worked.length === 2);
    expect(worked).toEqual(['tea', 'coffee']);
    expect(letters).toEqual([['poison', 'delivery-limit', 'orders']]);
    expect(asked.filter((line) => line !== 'rpc 1')).toEqual(['rpc 2', 'rpc 3']);
  });

  it('gives back what a pipe cannot read and a method throws, and goes on', async () => {
    const attempts: number[] = [];
    @Injectable()
    class Worker {
      @Consume('numbers')
      work(@Args(0, ParseIntPipe) number: number, @Ctx() context: MangroveContext): void {
        if (context.kind === 'message') attempts.push(context.attempt);
        if (number === 2 && attempts.length < 4) throw new ForbiddenException();
      }
    }
    const app = await bed.start({
      providers: [Worker],
      options: { queues: [{ match: 'numbers', maxDeliveries: 5 }] },
    });
    for (const payload of [1, 'x', 2]) await clientOf(app).enqueue('numbers', [payload]);
    await eventually(() => attempts.length === 4);
    expect(attempts).toEqual([1, 1, 2, 3]);
  });

  it.each([
    ['Unavailable', () => new Unavailable('The printer is off.')],
    ['an HTTP exception with 503', () => new ServiceUnavailableException()],
  ])('gives back uncounted, for later, what it cannot begin: %s', async (_name, error) => {
    const attempts: number[] = [];
    @Injectable()
    class Worker {
      @Consume('jobs')
      work(@Ctx() context: MangroveContext): void {
        if (context.kind === 'message') attempts.push(context.attempt);
        if (attempts.length === 1) throw error();
      }
    }
    const app = await bed.start({ providers: [Worker] });
    await clientOf(app).enqueue('jobs');
    await eventually(() => attempts.length === 2);
    expect(attempts).toEqual([1, 1]);
  });

  it('lets a filter decide that a message was not begun', async () => {
    const attempts: number[] = [];
    const later = {
      catch(): never {
        throw new Unavailable();
      },
    };
    @Injectable()
    class Worker {
      @UseFilters(later)
      @Consume('jobs')
      work(@Ctx() context: MangroveContext): void {
        if (context.kind === 'message') attempts.push(context.attempt);
        if (attempts.length === 1) throw new Error('the database is away');
      }
    }
    const app = await bed.start({ providers: [Worker] });
    await clientOf(app).enqueue('jobs');
    await eventually(() => attempts.length === 2);
    expect(attempts).toEqual([1, 1]);
  });

  it('stops the start if it cannot be put in force, and says which and why', async () => {
    @Injectable()
    class Worker {
      @Consume('jobs', { exclusive: true })
      work(): void {}
    }
    const authorizer = { decide: () => ({ allow: false }) };
    await expect(bed.start({ providers: [Worker], options: { authorizer } })).rejects.toThrow(
      "@Consume('jobs') of Worker.work: wamp.error.not_authorized",
    );
  });

  it('finishes the message that it is at when the application closes, and takes no other', async () => {
    const log: string[] = [];
    @Injectable()
    class Worker {
      @Consume('jobs')
      async work(@Payload() payload: unknown): Promise<void> {
        log.push(`begin ${String(payload)}`);
        await new Promise((go) => setTimeout(go, 40));
        log.push(`end ${String(payload)}`);
      }
    }
    const app = await bed.start({ providers: [Worker], options: { drainMs: 2000 } });
    for (const number of [1, 2]) await clientOf(app).enqueue('jobs', [number]);
    await eventually(() => log.length === 1);
    await app.close();
    expect(log).toEqual(['begin 1', 'end 1']);
  });
});
