import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { FactoryProvider, Provider } from '@nestjs/common';
import {
  MANGROVE_ROUTER,
  MangroveClient,
  getMangroveClientToken,
  getMangroveRouterToken,
} from './mangrove-client.js';
import type { MangroveModuleExtras, MangroveModuleOptions } from './mangrove-module-options.js';

/** Injection token of the module's own name; empty if it has none. */
export const MODULE_NAME = Symbol('MANGROVE_MODULE_NAME');

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<MangroveModuleOptions>({ moduleName: 'Mangrove' })
    .setClassMethodName('forRoot')
    .setExtras<MangroveModuleExtras>({ isGlobal: false, name: undefined }, (definition, extras) => ({
      ...definition,
      global: extras.isGlobal === true,
      providers: [
        ...(definition.providers ?? []),
        { provide: MODULE_NAME, useValue: extras.name ?? '' } satisfies Provider,
        ...namedProviders(extras.name),
      ],
      exports: [getMangroveRouterToken(extras.name), getMangroveClientToken(extras.name)],
    }))
    .build();

/** Inside, each module's router and client have the same tokens; a named module shows them under its name. */
function namedProviders(name: string | undefined): FactoryProvider[] {
  if (name === undefined) return [];
  return [
    {
      provide: getMangroveRouterToken(name),
      inject: [MANGROVE_ROUTER],
      useFactory: (router: unknown) => router,
    },
    {
      provide: getMangroveClientToken(name),
      inject: [MangroveClient],
      useFactory: (client: unknown) => client,
    },
  ];
}
