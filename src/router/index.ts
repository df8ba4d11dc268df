export {
  anonymous,
  certificate,
  chain,
  cookieSessions,
  cryptosign,
  dynamic,
  hashScram,
  hashTicket,
  hashWampcra,
  jwt,
  limitAttempts,
  makeCryptosignKeys,
  scram,
  ticket,
  wampcra,
} from '../auth/index.js';
export type {
  AttemptLimits,
  CertificateOptions,
  CertificatePrincipal,
  CookieOptions,
  CookieSessions,
  CryptosignKeyPair,
  CryptosignOptions,
  CryptosignPrincipal,
  DynamicAnswer,
  DynamicMethod,
  DynamicOptions,
  DynamicPrincipal,
  DynamicRequest,
  JwtAlgorithm,
  JwtIssuer,
  JwtKeySet,
  JwtKeys,
  JwtOptions,
  ScramKdf,
  ScramOptions,
  ScramPrincipal,
  TicketOptions,
  TicketPrincipal,
  WampcraOptions,
  WampcraPrincipal,
} from '../auth/index.js';
export type {
  Action,
  AuthExtra,
  Authenticator,
  AuthenticatorHost,
  Authorizer,
  BrokerLimits,
  BrokerStats,
  Challenge,
  ClientCertificate,
  Death,
  DeathReason,
  Decision,
  FieldValue,
  Headers,
  HistoryRule,
  HttpFacts,
  Instrumentation,
  InvocationPolicy,
  LoginAttempt,
  LoginRefusal,
  MatchPolicy,
  Origin,
  Pattern,
  Principal,
  QueueArguments,
  QueuePolicy,
  QueueRule,
  Stores,
  TlsFacts,
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
  ListenOptions,
  ListenPlace,
  ListenPort,
  Listener,
  LongPollOptions,
  SocketOptions,
  TransportLimits,
  Unnegotiated,
  UpgradeRequest,
} from '../transport/index.js';
export type { CallOptions } from './local/call.js';
export type { CallHandler } from './local/callee.js';
export type {
  ConnectOptions,
  HandlerOptions,
  LocalClient,
  LocalRegistration,
  LocalSubscription,
  RegisterOptions,
  SubscribeOptions,
} from './local/client.js';
export { CallResult } from './local/context.js';
export type { CallContext, EventContext, MessageContext } from './local/context.js';
export { MangroveError, Unavailable } from './local/errors.js';
export type { EnqueueOptions, PublishOptions, ReceiverLists } from './local/commands.js';
export type { ConsumeOptions, LocalConsumption, MessageHandler } from './local/consumer.js';
export type { EventHandler } from './local/subscriber.js';
export { createRouter } from './router.js';
export type { Router, RouterStats } from './router.js';
export type { RouterOptions } from './options.js';
export { VERSION } from './version.js';
