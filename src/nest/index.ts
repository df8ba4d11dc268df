export { MANGROVE_ROUTER, MangroveModule } from './mangrove.module.js';
export type { MangroveModuleExtras, MangroveModuleOptions } from './mangrove-module-options.js';
