import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { MangroveModuleExtras, MangroveModuleOptions } from './mangrove-module-options.js';

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<MangroveModuleOptions>({ moduleName: 'Mangrove' })
    .setClassMethodName('forRoot')
    .setExtras<MangroveModuleExtras>({ isGlobal: false }, (definition, { isGlobal }) => ({
      ...definition,
      global: isGlobal === true,
    }))
    .build();
