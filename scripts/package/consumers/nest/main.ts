import type { AddressInfo } from 'node:net';
import { Inject, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Router } from 'mangrove';
import { MANGROVE_ROUTER, MangroveModule } from 'mangrove/nest';

@Injectable()
class Endpoint {
  constructor(@Inject(MANGROVE_ROUTER) readonly router: Router) {}
}

@Module({ imports: [MangroveModule.forRoot({ path: '/ws' })], providers: [Endpoint] })
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'], abortOnError: false });
app.enableShutdownHooks();
await app.listen(0, '127.0.0.1');
const { port } = app.getHttpServer().address() as AddressInfo;
console.log(`listening at ws://127.0.0.1:${port}${app.get(Endpoint).router.path}`);
