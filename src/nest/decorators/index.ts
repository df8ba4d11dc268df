export { Consume, Procedure, Subscribe, definitionsOf } from './handler-decorators.js';
export type {
  ConsumeOptions,
  HandlerDefinition,
  ProcedureOptions,
  SubscribeOptions,
} from './handler-decorators.js';
export {
  Args,
  Ctx,
  Headers,
  Kwargs,
  PARAMETERS,
  Payload,
  Principal,
  parametersFactory,
} from './param-decorators.js';
export type { MangroveContext, SchemaOptions } from './param-decorators.js';
