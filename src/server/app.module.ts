import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { MangroveModule } from '../nest/index.js';
import type { MangroveModuleOptions } from '../nest/index.js';
import { HealthController } from './http/index.js';

/** The server application: the endpoint and its health check. */
@Module({})
export class AppModule {
  /** @param options of the endpoint; see `endpointOptions`. */
  static forRoot(options: MangroveModuleOptions): DynamicModule {
    return { module: AppModule, imports: [MangroveModule.forRoot(options)], controllers: [HealthController] };
  }
}
