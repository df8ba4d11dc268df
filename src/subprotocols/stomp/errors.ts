import type { BrokerErrorCode, Refusal } from '../../broker/index.js';
import { ERROR_URIS } from '../error-uris.js';
import type { CloseKind } from '../subprotocol.js';
import type { FrameFault } from './codec/index.js';

/** Why a session ends with an ERROR frame [STOMP 1.2 §ERROR]. */
export interface StompError {
  /** For the `message` header: fixed text. */
  readonly message: string;
  /** For the body: one sentence; input only through {@link quoted}. */
  readonly detail: string;
  readonly close: CloseKind;
  /** The culprit's `receipt`, if it had one. */
  readonly receipt?: string | undefined;
  /** What it is called in WAMP's words, if it is a matter of policy: a client may ask to survive it. */
  readonly uri?: string | undefined;
  /** The versions that we speak, when the client speaks none of them. */
  readonly version?: string;
}

/** How STOMP says a refusal of the broker. */
export interface RefusalWords {
  /** The `message` header of an ERROR frame. */
  readonly message: string;
  /** The `error` header of an answer to a call, in WAMP's words. */
  readonly uri: string;
  /** How the connection ends after an ERROR frame. */
  readonly close: CloseKind;
}

/** Every refusal of the broker in STOMP's words; `docs/errors.md` shows the same table. */
export const REFUSALS = {
  invalid_address: words('invalid destination', ERROR_URIS.invalid_address, 'policy'),
  reserved_address: words('reserved destination', ERROR_URIS.reserved_address, 'policy'),
  not_authorized: words('not authorized', ERROR_URIS.not_authorized, 'policy'),
  authorization_failed: words('authorization failed', ERROR_URIS.authorization_failed, 'internal'),
  disclosure_refused: words('disclosure refused', ERROR_URIS.disclosure_refused, 'policy'),
  no_such_subscription: words('no such subscription', ERROR_URIS.no_such_subscription, 'protocol_error'),
  no_such_procedure: words('no such procedure', ERROR_URIS.no_such_procedure, 'policy'),
  no_such_registration: words('no such registration', ERROR_URIS.no_such_registration, 'protocol_error'),
  procedure_exists: words('procedure already exists', ERROR_URIS.procedure_exists, 'policy'),
  policy_mismatch: words('procedure exists with another policy', ERROR_URIS.policy_mismatch, 'policy'),
  taken_over: words('procedure taken over', ERROR_URIS.taken_over, 'policy'),
  feature_missing: words('feature not supported', ERROR_URIS.feature_missing, 'policy'),
  no_such_consumer: words('no such subscription', ERROR_URIS.no_such_consumer, 'protocol_error'),
  queue_full: words('queue full', ERROR_URIS.queue_full, 'overloaded'),
  queue_in_use: words('queue in use', ERROR_URIS.queue_in_use, 'policy'),
  queue_mismatch: words('queue exists with another policy', ERROR_URIS.queue_mismatch, 'policy'),
  canceled: words('canceled', ERROR_URIS.canceled, 'policy'),
  callee_gone: words('callee gone', ERROR_URIS.callee_gone, 'policy'),
  callee_unavailable: words('callee unavailable', ERROR_URIS.callee_unavailable, 'overloaded'),
  timeout: words('timeout', ERROR_URIS.timeout, 'policy'),
  limit_exceeded: words('limit exceeded', ERROR_URIS.limit_exceeded, 'policy'),
  option_not_allowed: words('option not allowed', ERROR_URIS.option_not_allowed, 'policy'),
  killed: words('session killed', ERROR_URIS.killed, 'policy'),
  credentials_expired: words('credentials expired', ERROR_URIS.credentials_expired, 'policy'),
  payload_not_representable: words(
    'payload not representable',
    ERROR_URIS.payload_not_representable,
    'invalid_data',
  ),
  payload_too_long: words('payload too long', ERROR_URIS.payload_too_long, 'too_big'),
  unavailable: words('unavailable', ERROR_URIS.unavailable, 'overloaded'),
  internal: words('internal error', ERROR_URIS.internal, 'internal'),
} as const satisfies Record<BrokerErrorCode, RefusalWords>;

/** What refused octets are called, and how the connection ends. */
const FAULTS = {
  malformed: { message: 'malformed frame', close: 'protocol_error' },
  too_large: { message: 'frame too large', close: 'too_big' },
  invalid_utf8: { message: 'invalid UTF-8', close: 'invalid_data' },
} as const satisfies Record<FrameFault['code'], { readonly message: string; readonly close: CloseKind }>;

/** The error for octets that are no frame. */
export function errorOfFault(fault: FrameFault): StompError {
  return { ...FAULTS[fault.code], detail: fault.text, receipt: fault.receipt };
}

/** The error for a command that the broker refused. */
export function errorOfRefusal(refusal: Refusal, receipt: string | undefined): StompError {
  const { message, close } = REFUSALS[refusal.code];
  return { message, detail: refusal.reason, close, receipt };
}

/** The error for a frame that says something wrong. */
export function protocolError(message: string, detail: string, receipt?: string): StompError {
  return { message, detail, close: 'protocol_error', receipt };
}

/** A piece of the input for an error text: at most 64 characters, everything but printable ASCII escaped. */
export function quoted(input: string): string {
  let shown = '';
  for (const byte of Buffer.from(input.slice(0, QUOTED_LENGTH))) {
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x5c;
    const next = plain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
    if (shown.length + next.length > QUOTED_LENGTH) break;
    shown += next;
  }
  return shown;
}

const QUOTED_LENGTH = 64;

function words(message: string, uri: string, close: CloseKind): RefusalWords {
  return { message, uri, close };
}
