export type {
  Authenticator,
  Authorizer,
  BrokerLimits,
  Challenge,
  Decision,
  Instrumentation,
  LoginAttempt,
  Principal,
  Verdict,
} from '../broker/index.js';
export { stomp, wamp } from '../subprotocols/index.js';
export type { SessionLimits, StompOptions, WampOptions } from '../subprotocols/index.js';
export type { TransportLimits } from '../transport/index.js';
export { createRouter } from './router.js';
export type { AnyHttpServer, Router, RouterStats } from './router.js';
export type { RouterOptions, UpgradeRequest } from './options.js';
export { VERSION } from './version.js';
