import { Injectable, Module, ParseIntPipe, UseGuards } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Args, Ctx, MangroveModule, Payload, Procedure, Subscribe } from 'mangrove/nest';
import type { MangroveContext } from 'mangrove/nest';

class PasswordGuard implements CanActivate {
  canActivate(host: ExecutionContext): boolean {
    return host.switchToRpc().getContext<MangroveContext>().kwargs['password'] === 'swordfish';
  }
}

@Injectable()
class Room {
  @Subscribe('com.example.chat')
  hear(@Payload() text: string, @Ctx() { protocol }: MangroveContext): void {
    console.log(`${protocol} says: ${text}`);
  }

  @Procedure('com.example.add')
  add(@Args(0, ParseIntPipe) a: number, @Args(1, ParseIntPipe) b: number): number {
    return a + b;
  }

  @UseGuards(PasswordGuard)
  @Procedure('com.example.secret')
  secret(): string {
    return 'The treasure is under the mangrove.';
  }
}

@Module({ imports: [MangroveModule.forRoot()], providers: [Room] })
class AppModule {}

const http = process.env['PLATFORM'] === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
const app = (await NestFactory.create(AppModule, http)).enableShutdownHooks();
await app.listen(process.env['PORT'] ?? 8080, '127.0.0.1');
console.log(`listening on ${(await app.getUrl()).replace('http', 'ws')}/ws`);
