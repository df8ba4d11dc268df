export { anonymous, chain, hashTicket, ticket } from '../auth/index.js';
export type { TicketOptions, TicketPrincipal } from '../auth/index.js';
export type {
  Action,
  Authenticator,
  Authorizer,
  BrokerLimits,
  BrokerStats,
  Challenge,
  Decision,
  FieldValue,
  Headers,
  Instrumentation,
  LoginAttempt,
  LoginRefusal,
  MatchPolicy,
  Origin,
  Pattern,
  Principal,
  Verdict,
} from '../broker/index.js';
export type { Clock, IdSource, Timer } from '../lib/index.js';
export { stomp, wamp } from '../subprotocols/index.js';
export type {
  HeartBeatOptions,
  SessionLimits,
  StompLimits,
  StompOptions,
  Subprotocol,
  WampLimits,
  WampOptions,
} from '../subprotocols/index.js';
export type {
  AdmitHook,
  AnyHttpServer,
  TransportLimits,
  Unnegotiated,
  UpgradeRequest,
} from '../transport/index.js';
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
export type { Router, RouterStats } from './router.js';
export type { RouterOptions } from './options.js';
export { VERSION } from './version.js';
