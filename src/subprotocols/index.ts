// What the author of a subprotocol meets on the floors below: this index is all that `mangrove/subprotocol` offers.
export { Payload } from '../broker/index.js';
export type {
  Action,
  Answer,
  Arguments,
  Attachment,
  AttachOptions,
  Audience,
  Authenticator,
  Authorizer,
  Batch,
  BatchItem,
  Body,
  BodyShape,
  Broker,
  BrokerErrorCode,
  BrokerLimits,
  BrokerStats,
  CallCommand,
  CancelMode,
  Challenge,
  ConnectionFacts,
  ConsumeCommand,
  Consumer,
  DeadLetterTarget,
  Death,
  DeathReason,
  Decision,
  Delivery,
  Endpoint,
  EndpointFeatures,
  EnqueueCommand,
  FieldValue,
  Filter,
  Form,
  Headers,
  Identity,
  Instrumentation,
  Interest,
  Invocation,
  InvocationPolicy,
  LoginAttempt,
  LoginRefusal,
  MatchPolicy,
  Origin,
  Outcome,
  Pattern,
  Principal,
  Publication,
  PublicationContent,
  PublishCommand,
  QueueArguments,
  Receivers,
  Refusal,
  RegisterCommand,
  Registration,
  Replay,
  Request,
  Settlement,
  SettlementVerdict,
  SubscribeCommand,
  Subscription,
  Values,
  Verdict,
} from '../broker/index.js';
export type { Clock, CoarseCallback, CoarseTimers, IdSource, Timer } from '../lib/index.js';
export { SerializerError } from '../serializers/index.js';
export type {
  ScanLimits,
  SerializerErrorCode,
  SerializerName,
  WireMap,
  WireValue,
} from '../serializers/index.js';
export { connectionOf } from './connection-facts.js';
export { ERROR_URIS } from './error-uris.js';
export { Inbox } from './inbox.js';
export { provideRenewal } from './renewal.js';
export type { RenewalParts } from './renewal.js';
export type { Admission } from './inbox.js';
export { DEFAULT_SESSION_LIMITS, Frame } from './subprotocol.js';
export type {
  ClosedReason,
  CloseKind,
  CloseReason,
  Handshake,
  Link,
  PauseReason,
  Realms,
  Remote,
  Services,
  Session,
  SessionLimits,
  Subprotocol,
} from './subprotocol.js';
export { DEFAULT_HEART_BEAT, DEFAULT_STOMP_LIMITS, stomp } from './stomp/index.js';
export type { FrameLimits, HeartBeatOptions, StompLimits, StompOptions } from './stomp/index.js';
export { DEFAULT_WAMP_LIMITS, FEATURE_NAMES, wamp } from './wamp/index.js';
export type { FeatureName, FeatureSwitches, ProfileName, WampLimits, WampOptions } from './wamp/index.js';
