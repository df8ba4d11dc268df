import type { BrokerErrorCode } from '../../broker/index.js';
import type { StompFrame, StompVersion } from './codec/index.js';
import { encodeFrame } from './codec/index.js';
import type { StompError } from './errors.js';

/**
 * Whether a session tells refusals softly: a frame that is refused, but not wrong, costs the client that frame and not its
 * session. `offer`: if CONNECT has `soft-errors:true`; `always`; `never`.
 */
export type SoftErrorPolicy = 'offer' | 'always' | 'never';

/** The subscription and the destination under which refusals are told. */
export const ERRORS_ID = 'errors';
export const ERRORS_DESTINATION = '/user/queue/errors';

/** The frame that was refused, as far as it is told. */
export interface Culprit {
  readonly command: string;
  readonly id: string | undefined;
  readonly destination: string | undefined;
  readonly transaction: string | undefined;
}

/** The only frames that can be refused softly: with the others the client would believe that something is over which is not. */
const SOFT_FRAMES: ReadonlySet<string> = new Set(['SEND', 'SUBSCRIBE', 'COMMIT']);

/** Which refusals of the broker are a matter of policy, and not of a broken client or server. */
const SOFT_CODES = {
  invalid_address: true,
  reserved_address: true,
  not_authorized: true,
  authorization_failed: true,
  disclosure_refused: true,
  no_such_subscription: false,
  no_such_procedure: true,
  no_such_registration: false,
  procedure_exists: true,
  policy_mismatch: true,
  taken_over: true,
  feature_missing: true,
  no_such_consumer: false,
  queue_full: true,
  queue_in_use: true,
  queue_mismatch: true,
  canceled: true,
  callee_gone: true,
  callee_unavailable: true,
  timeout: true,
  limit_exceeded: true,
  option_not_allowed: true,
  killed: false,
  credentials_expired: false,
  payload_not_representable: true,
  payload_too_long: true,
  unavailable: true,
  internal: false,
} as const satisfies Record<BrokerErrorCode, boolean>;

/** Whether this session tells refusals softly. */
export function hasSoftErrors(policy: SoftErrorPolicy, asked: string | undefined): boolean {
  return policy === 'always' || (policy === 'offer' && asked === 'true');
}

/** Whether a refusal of the broker may be told softly. */
export function isSoft(code: BrokerErrorCode): boolean {
  return SOFT_CODES[code];
}

/** What is told of a frame; undefined if its refusal ends the session all the same. */
export function culpritOf(frame: StompFrame | undefined): Culprit | undefined {
  if (frame === undefined || !SOFT_FRAMES.has(frame.command)) return undefined;
  const { command, headers } = frame;
  return {
    command,
    id: command === 'SUBSCRIBE' ? headers.get('id') : undefined,
    destination: headers.get('destination'),
    transaction: headers.get('transaction'),
  };
}

/** A SEND without a receipt, of which nothing was kept. */
export const SOME_SEND: Culprit = {
  command: 'SEND',
  id: undefined,
  destination: undefined,
  transaction: undefined,
};

/** A refusal that is told softly. */
export interface SoftError {
  readonly messageId: string;
  readonly error: StompError & { readonly uri: string };
  /** Undefined if no frame was refused: something was taken away later. */
  readonly command: string | undefined;
  /** The subscription that is over, or was not made. */
  readonly id: string | undefined;
}

/** The MESSAGE that tells it, in place of ERROR and the close. */
export function encodeSoftError({ messageId, error, command, id }: SoftError, version: StompVersion): Buffer {
  const headers: [string, string][] = [
    ['subscription', ERRORS_ID],
    ['message-id', messageId],
    ['destination', ERRORS_DESTINATION],
    ['error', error.uri],
    ['message', error.message],
  ];
  if (command !== undefined) headers.push(['frame', command]);
  if (id !== undefined) headers.push(['id', id]);
  if (error.receipt !== undefined) headers.push(['receipt-id', error.receipt]);
  headers.push(['content-type', 'text/plain']);
  return encodeFrame('MESSAGE', headers, version, Buffer.from(error.detail));
}
