// What the author of a subprotocol meets on the floors below: this index is all that `mangrove/subprotocol` offers.
export { Payload } from '../broker/index.js';
export type {
  Action,
  Answer,
  Arguments,
  Attachment,
  Authenticator,
  Authorizer,
  Body,
  BodyShape,
  Broker,
  BrokerErrorCode,
  BrokerLimits,
  BrokerStats,
  CallCommand,
  CancelMode,
  Challenge,
  Decision,
  Endpoint,
  EndpointFeatures,
  FieldValue,
  Form,
  Headers,
  Identity,
  Instrumentation,
  Interest,
  Invocation,
  LoginAttempt,
  LoginRefusal,
  MatchPolicy,
  Origin,
  Outcome,
  Pattern,
  Principal,
  Publication,
  PublishCommand,
  Refusal,
  RegisterCommand,
  Registration,
  Request,
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
export { ERROR_URIS } from './error-uris.js';
export { Inbox } from './inbox.js';
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
export { DEFAULT_WAMP_LIMITS, wamp } from './wamp/index.js';
export type { ProfileName, WampLimits, WampOptions } from './wamp/index.js';
