import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BadRequestException, Module, UseGuards } from '@nestjs/common';
import type { CanActivate, ExecutionContext, PipeTransform } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Args, MangroveModule, Procedure } from 'mangrove/nest';
import type { MangroveContext } from 'mangrove/nest';
import { serve } from '../processes/child.js';
import { LIMITS, LIMITS_NOTE } from './mangrove-limits.js';

/** Looks at the caller, as a guard of an application would, and lets everybody pass. */
class KnownCaller implements CanActivate {
  canActivate(host: ExecutionContext): boolean {
    return host.switchToRpc().getContext<MangroveContext>().principal.authrole !== '';
  }
}

/** Takes text only. */
class TextPipe implements PipeTransform<unknown, string> {
  transform(value: unknown): string {
    if (typeof value !== 'string') throw new BadRequestException('text only');
    return value;
  }
}

class Echo {
  @UseGuards(KnownCaller)
  @Procedure('bench.echo')
  echo(@Args(0, TextPipe) text: string): string {
    return text;
  }
}

@Module({ imports: [MangroveModule.forRoot({ limits: LIMITS })], providers: [Echo] })
class BenchModule {}

/** A Nest application whose one procedure is a decorated method behind one guard and one pipe. */
async function start(): Promise<number> {
  const app = await NestFactory.create(BenchModule, { logger: ['error'] });
  const server = (await app.listen(0, '127.0.0.1')) as Server;
  return (server.address() as AddressInfo).port;
}

serve({ listen: async () => ({ port: await start(), notes: [LIMITS_NOTE] }) });
