export { MANY, canonicalPattern, isPrivate, isReserved, keyOf } from './address.js';
export type { MatchPolicy, Pattern } from './address.js';
export { Attachment } from './attachment.js';
export type { AdmissionGate } from './rights/admission.js';
export { Broker } from './broker.js';
export type { BrokerParts, BrokerStats } from './broker-parts.js';
export type { Answer, CallCommand } from './calls/calls.js';
export { admits } from './audience.js';
export type { Batch, BatchItem } from './batch.js';
export { BROKER_ERROR_CODES } from './errors.js';
export type { BrokerErrorCode, Refusal } from './errors.js';
export type { Filter } from './filter.js';
export type { HistoryRule } from './past/history.js';
export { DEFAULT_BROKER_LIMITS } from './limits.js';
export type { BrokerLimits } from './limits.js';
export type { Outcome } from './outcome.js';
export { literalPrefix, matcherOf, rulePattern } from './pattern-match.js';
export { Payload } from './payload.js';
export { sizeOfHeaders } from './payload.js';
export type { Headers, StoredPayload } from './payload.js';
export type { Arguments, Body, BodyShape, Slices, Values } from './conversion.js';
export type {
  AuthExtra,
  Authenticator,
  AuthenticatorHost,
  Challenge,
  ClientCertificate,
  HttpFacts,
  LoginAttempt,
  LoginRefusal,
  Principal,
  TlsFacts,
  Verdict,
} from './ports/authenticator.js';
export { AuthorizerBusy, AuthorizerUnavailable, allowAll } from './ports/authorizer.js';
export type { Action, Authorizer, AuthorizerHost, Decision } from './ports/authorizer.js';
export type { CancelMode, Endpoint } from './ports/endpoint.js';
export type {
  HistoryBounds,
  HistoryPage,
  HistoryQuery,
  HistoryStop,
  HistoryStore,
} from './ports/history-store.js';
export { noInstrumentation } from './ports/instrumentation.js';
export type { FieldValue, Instrumentation } from './ports/instrumentation.js';
export { BAND, DELAYED_BAND, StoreError } from './ports/queue-store.js';
export type {
  Death,
  DeathReason,
  QueueKey,
  QueueMessage,
  QueueOperation,
  QueueRecord,
  QueueStore,
  QueueStoreWatcher,
  RecordQuery,
  StoredQueue,
} from './ports/queue-store.js';
export { sizeOfPassthru, unpacks } from './passthru.js';
export type { OlderPassthru, Passthru, Unpacking } from './passthru.js';
export type { RecallQuery, RecallSink, Recalled } from './past/recall.js';
export type { RetainedChange, RetainedPage, RetainedQuery, RetainedStore } from './ports/retained-store.js';
export type { Stores } from './ports/stores.js';
export { Publication } from './publication.js';
export type { Form, Identity, Origin, PublicationContent, PublishCommand } from './publication.js';
export type {
  ConsumeCommand,
  Consumer,
  Delivery,
  EnqueueCommand,
  Producer,
  Settlement,
  SettlementVerdict,
} from './queues/consumer.js';
export type { DeadLetterTarget, QueueArguments, QueuePolicy, QueueRule } from './queues/queue-policy.js';
export { MOST_LISTED, audienceFault } from './receivers.js';
export type { Audience, Receivers } from './receivers.js';
export { isInvocationPolicy } from './calls/invocation-policy.js';
export type { InvocationPolicy } from './calls/invocation-policy.js';
export { Registration } from './calls/registrations.js';
export type { CallPart, EndpointFeatures, Invocation, RegisterCommand } from './calls/registrations.js';
export type {
  ConnectionFacts,
  Eviction,
  InterestView,
  ProcedureView,
  RealmObserver,
  RealmView,
  SessionView,
} from './sessions/realm-view.js';
export type { Announced, RouterAnswer } from './calls/router-callee.js';
export type { RouterCall, RouterProcedure } from './calls/router-procedures.js';
export type { AttachOptions } from './sessions/session-entry.js';
export type { Request } from './request.js';
export { workVerdictOf } from './calls/work-verdict.js';
export type { WorkVerdict } from './calls/work-verdict.js';
export { parseSelector } from './selector/index.js';
export type { Selector } from './selector/index.js';
export type { Replay, SubscribeCommand } from './subscribe-command.js';
export { Interest, Subscription } from './subscriptions.js';
export { TESTAMENT_SCOPES } from './sessions/testaments.js';
export type { Testament, TestamentScope } from './sessions/testaments.js';
export { isAnonymousUser, isUserTopic, userName, userOf, userOfTopic, userTopic } from './user-topics.js';
