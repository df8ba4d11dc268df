export {
  Args,
  Args as MangroveArgs,
  Consume,
  Ctx,
  Ctx as MangroveCtx,
  Headers,
  Headers as MangroveHeaders,
  Kwargs,
  Payload,
  Payload as MangrovePayload,
  Principal,
  Procedure,
  Subscribe,
} from './decorators/index.js';
export type {
  ConsumeOptions,
  MangroveContext,
  ProcedureOptions,
  SchemaOptions,
  SubscribeOptions,
} from './decorators/index.js';
export { MangroveException } from './handler-errors.js';
export {
  InjectMangroveClient,
  MANGROVE_ROUTER,
  MangroveClient,
  getMangroveClientToken,
  getMangroveRouterToken,
} from './mangrove-client.js';
export { MangroveModule } from './mangrove.module.js';
export type { MangroveModuleExtras, MangroveModuleOptions } from './mangrove-module-options.js';
export { SubprotocolWsAdapter } from './subprotocol-ws-adapter.js';
