export type {
  Authenticator,
  Authorizer,
  BrokerLimits,
  Challenge,
  Decision,
  Instrumentation,
  Headers,
  LoginAttempt,
  MatchPolicy,
  Origin,
  Pattern,
  Principal,
  Verdict,
} from '../broker/index.js';
export { stomp, wamp } from '../subprotocols/index.js';
export type { SessionLimits, StompOptions, WampOptions } from '../subprotocols/index.js';
export type { TransportLimits } from '../transport/index.js';
export type { CallOptions } from './local-call.js';
export type { CallHandler } from './local-callee.js';
export type {
  ConnectOptions,
  HandlerOptions,
  LocalClient,
  LocalRegistration,
  LocalSubscription,
  PublishOptions,
} from './local-client.js';
export { CallResult } from './local-context.js';
export type { CallContext, EventContext } from './local-context.js';
export { MangroveError } from './local-errors.js';
export type { EventHandler } from './local-subscriber.js';
export { createRouter } from './router.js';
export type { AnyHttpServer, Router, RouterStats } from './router.js';
export type { RouterOptions, UpgradeRequest } from './options.js';
export { VERSION } from './version.js';
