export { MANY, canonicalPattern, isPrivate, isReserved } from './address.js';
export type { MatchPolicy, Pattern } from './address.js';
export { Attachment, keyOf } from './attachment.js';
export type { AdmissionGate, RegisterCommand, SubscribeCommand } from './attachment.js';
export { Broker } from './broker.js';
export type { BrokerParts, BrokerStats } from './realm-core.js';
export type { Answer, CallCommand } from './calls.js';
export { BROKER_ERROR_CODES } from './errors.js';
export type { BrokerErrorCode, Refusal } from './errors.js';
export { DEFAULT_BROKER_LIMITS } from './limits.js';
export type { BrokerLimits } from './limits.js';
export type { Outcome } from './outcome.js';
export { Payload } from './payload.js';
export type { Headers } from './payload.js';
export type { Arguments, Body, BodyShape, Values } from './conversion.js';
export type {
  Authenticator,
  Challenge,
  LoginAttempt,
  LoginRefusal,
  Principal,
  Verdict,
} from './ports/authenticator.js';
export { allowAll } from './ports/authorizer.js';
export type { Action, Authorizer, Decision } from './ports/authorizer.js';
export type { CancelMode, Endpoint } from './ports/endpoint.js';
export { noInstrumentation } from './ports/instrumentation.js';
export type { FieldValue, Instrumentation } from './ports/instrumentation.js';
export { Publication } from './publication.js';
export type { Form, Identity, Origin, PublishCommand } from './publication.js';
export { Registration } from './registrations.js';
export type { EndpointFeatures, Invocation } from './registrations.js';
export type { Request } from './request.js';
export { Interest, Subscription } from './subscriptions.js';
