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
export { stomp } from './stomp/index.js';
export type { StompOptions } from './stomp/index.js';
export { wamp } from './wamp/index.js';
export type { WampOptions } from './wamp/index.js';
