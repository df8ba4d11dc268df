import { z } from 'zod';
import { DEFAULT_BROKER_LIMITS } from '../../broker/index.js';
import type { BrokerLimits } from '../../broker/index.js';
import { DEFAULT_SESSION_LIMITS } from '../../subprotocols/index.js';
import type { SessionLimits } from '../../subprotocols/index.js';
import { DEFAULT_TRANSPORT_LIMITS, HTTP_SERVER_OPTIONS } from '../../transport/index.js';
import type { TransportLimits } from '../../transport/index.js';

/** Bytes of a kibibyte. */
export const KIB = 1024;
/** Bytes of a mebibyte. */
export const MIB = 1024 * KIB;
/** Bytes of a gibibyte. */
export const GIB = 1024 * MIB;
const DAY_MS = 86_400_000;

/** The range of what is counted. */
export const COUNT = [1, 1_000_000] as const;

type Unit = 'ms' | 'bytes' | 'messages';

/** A whole number with its unit, range and default. */
export function whole(
  defaultValue: number,
  [min, max]: readonly [number, number],
  description: string,
  unit?: Unit,
) {
  const schema = z.int().min(min).max(max).default(defaultValue);
  return schema.meta(unit === undefined ? { description } : { description, unit });
}

/** Limits of the HTTP server itself, before any WebSocket exists. */
export interface HttpLimits {
  /** Bytes of request line and headers together. Default 8 KiB. */
  readonly httpHeaderBytes: number;
  /** How long a request may take to arrive, in ms. Default 10 000. */
  readonly httpRequestTimeoutMs: number;
}

const http = {
  httpHeaderBytes: whole(
    HTTP_SERVER_OPTIONS.maxHeaderSize,
    [KIB, 64 * KIB],
    'Request line and headers of one HTTP request',
    'bytes',
  ),
  httpRequestTimeoutMs: whole(
    HTTP_SERVER_OPTIONS.headersTimeout,
    [1000, 300_000],
    'Time for one HTTP request to arrive whole',
    'ms',
  ),
} satisfies Record<keyof HttpLimits, z.ZodType<number>>;

const sockets = DEFAULT_TRANSPORT_LIMITS;
/** Without `admitTimeoutMs`: only an embedder's own `admit` can take time, and the server gives none. */
const transport = {
  maxConnections: whole(sockets.maxConnections, COUNT, 'Sockets in all; above: 503'),
  maxConnectionsPerAddress: whole(
    sockets.maxConnectionsPerAddress,
    COUNT,
    'Sockets of one address; above: 503. A proxy is one address',
  ),
  maxPendingConnections: whole(sockets.maxPendingConnections, COUNT, 'Sockets without a session; above: 503'),
  maxPendingConnectionsPerAddress: whole(
    sockets.maxPendingConnectionsPerAddress,
    COUNT,
    'Sockets of one address without a session; above: 503',
  ),
  preLoginBytes: whole(
    sockets.preLoginBytes,
    [KIB, 16 * MIB],
    'What a socket may send before it has a session',
    'bytes',
  ),
  preLoginMessagesPerSecond: whole(
    sockets.preLoginMessagesPerSecond,
    COUNT,
    'Messages a second before there is a session; above: reading pauses',
  ),
  messagesPerSecond: whole(
    sockets.messagesPerSecond,
    [1, 10_000_000],
    'Messages a second from one socket; above: reading pauses',
  ),
  bytesPerSecond: whole(
    sockets.bytesPerSecond,
    [KIB, 1024 * MIB],
    'Bytes a second from one socket; above: reading pauses',
    'bytes',
  ),
  maxFragments: whole(sockets.maxFragments, COUNT, 'Fragments of one message'),
  maxBufferedChunks: whole(
    sockets.maxBufferedChunks,
    COUNT,
    'Reads that an unfinished WebSocket frame may be spread over',
  ),
  preLoginOutboundBytes: whole(
    sockets.preLoginOutboundBytes,
    [KIB, 16 * MIB],
    'Outbound bytes that may wait for a socket without a session',
    'bytes',
  ),
  outboundHighWaterBytes: whole(
    sockets.outboundHighWaterBytes,
    [KIB, 1024 * MIB],
    'Outbound bytes from which on a socket takes no more subscriptions’ messages for now',
    'bytes',
  ),
  outboundLowWaterBytes: whole(
    sockets.outboundLowWaterBytes,
    [0, 1024 * MIB],
    'Outbound bytes below which it takes them again',
    'bytes',
  ),
  outboundBytes: whole(
    sockets.outboundBytes,
    [KIB, 1024 * MIB],
    'Outbound bytes that may wait at all; above: close 1013',
    'bytes',
  ),
  outboundAgeMs: whole(
    sockets.outboundAgeMs,
    [100, 600_000],
    'Age of the oldest byte that waits; above: close 1013',
    'ms',
  ),
  pingIntervalMs: whole(
    sockets.pingIntervalMs,
    [1000, 3_600_000],
    'A socket that was silent for so long is pinged',
    'ms',
  ),
  pongTimeoutMs: whole(
    sockets.pongTimeoutMs,
    [100, 600_000],
    'How long anything may take to arrive after a ping',
    'ms',
  ),
  closeTimeoutMs: whole(
    sockets.closeTimeoutMs,
    [10, 60_000],
    'From our close frame to the end of the socket',
    'ms',
  ),
} satisfies Record<Exclude<keyof TransportLimits, 'admitTimeoutMs'>, z.ZodType<number>>;

const sessions = DEFAULT_SESSION_LIMITS;
const session = {
  loginTimeoutMs: whole(sessions.loginTimeoutMs, [100, 300_000], 'Time from the 101 to a live session', 'ms'),
  messageBytes: whole(
    sessions.messageBytes,
    [KIB, 16 * MIB],
    'One message: a STOMP frame however it was split, or a WAMP message',
    'bytes',
  ),
  sliceMs: whole(
    sessions.sliceMs,
    [1, 1000],
    'How long one connection is served before others have their turn',
    'ms',
  ),
} satisfies Record<keyof SessionLimits, z.ZodType<number>>;

const defaults = DEFAULT_BROKER_LIMITS;
const broker = {
  subscriptions: whole(defaults.subscriptions, [1, 1_000_000], 'Subscriptions of one session'),
  patternSubscriptions: whole(
    defaults.patternSubscriptions,
    [0, 1_000_000],
    'Subscriptions of one session that have a pattern or a selector; part of `subscriptions`',
  ),
  registrations: whole(defaults.registrations, [0, 1_000_000], 'Procedures registered by one session'),
  patternRegistrations: whole(
    defaults.patternRegistrations,
    [0, 1_000_000],
    'Registrations of one session that have a pattern; part of `registrations`',
  ),
  callsPerCaller: whole(defaults.callsPerCaller, [1, 1_000_000], 'Open calls of one caller'),
  callsPerCallee: whole(defaults.callsPerCallee, [1, 1_000_000], 'Open invocations of one callee'),
  callBytes: whole(
    defaults.callBytes,
    [KIB, 1024 * MIB],
    'Payloads and headers in the open calls of one caller',
    'bytes',
  ),
  testaments: whole(defaults.testaments, [0, 1_000_000], 'Testaments of one session'),
  testamentBytes: whole(
    defaults.testamentBytes,
    [0, 1024 * MIB],
    'About what the testaments of one session keep in memory',
    'bytes',
  ),
  definitions: whole(
    defaults.definitions,
    [0, 1_000_000],
    'Descriptions of topics, procedures and errors that one session may give (`wamp.reflect.define`)',
  ),
  definitionBytes: whole(
    defaults.definitionBytes,
    [0, 1024 * MIB],
    'Those descriptions with their URIs, written as JSON',
    'bytes',
  ),
  addressBytes: whole(defaults.addressBytes, [64, 64 * KIB], 'An address or pattern, in UTF-8', 'bytes'),
  addressComponents: whole(
    defaults.addressComponents,
    [8, 1024],
    'Components of an address or pattern: each is a step of every look-up',
  ),
  authorizerTimeoutMs: whole(
    defaults.authorizerTimeoutMs,
    [100, 60_000],
    'How long an authorizer may take for a decision; then it is a no',
    'ms',
  ),
  expiryGraceMs: whole(
    defaults.expiryGraceMs,
    [0, 3_600_000],
    'How long a session lasts beyond the expiry of its token or certificate',
    'ms',
  ),
  callTimeoutMs: whole(
    defaults.callTimeoutMs,
    [100, DAY_MS],
    'How long a call waits for its answer when the caller says nothing',
    'ms',
  ),
  maxCallTimeoutMs: whole(
    defaults.maxCallTimeoutMs,
    [100, DAY_MS],
    'The longest time-out that a caller may ask for',
    'ms',
  ),
  backlogMessages: whole(
    defaults.backlogMessages,
    [0, 1_000_000],
    'Messages kept back for one session that takes no more for now',
    'messages',
  ),
  backlogBytes: whole(
    defaults.backlogBytes,
    [0, 1024 * MIB],
    'Payloads and headers kept back for one session that takes no more for now',
    'bytes',
  ),
  retainedReplay: whole(
    defaults.retainedReplay,
    [0, 1_000_000],
    'Retained messages that one new subscription begins with',
    'messages',
  ),
  replayMessages: whole(
    defaults.replayMessages,
    [0, 1_000_000],
    'Messages of a history that one new subscription begins with: the newest ones',
    'messages',
  ),
  replayBytes: whole(
    defaults.replayBytes,
    [0, 1024 * MIB],
    'Payloads and headers of the history that one new subscription begins with',
    'bytes',
  ),
  queues: whole(defaults.queues, COUNT, 'Queues of one realm, those of durable subscriptions too'),
  durableSubscriptions: whole(
    defaults.durableSubscriptions,
    COUNT,
    'Durable subscriptions of one name in a realm; those of anonymous sessions have one name together',
  ),
  queueMessages: whole(
    defaults.queueMessages,
    [1, 1_000_000_000],
    'Messages in a queue for which `queues` says nothing else; delivered and not acknowledged ones too',
    'messages',
  ),
  queueBytes: whole(
    defaults.queueBytes,
    [KIB, 1024 * GIB],
    'Payloads and headers in such a queue, if it is kept in memory',
    'bytes',
  ),
  durableQueueBytes: whole(
    defaults.durableQueueBytes,
    [KIB, 1024 * GIB],
    'Payloads and headers in such a queue, if it is kept in the store',
    'bytes',
  ),
  producers: whole(
    defaults.producers,
    [1, 1_000_000],
    'Producers of one realm whose message numbers are remembered, so that what they send again is stored once',
  ),
  credit: whole(defaults.credit, [1, 1_000_000], 'Unacknowledged messages of a consumer that says nothing'),
  maxCredit: whole(
    defaults.maxCredit,
    [1, 1_000_000],
    'The most unacknowledged messages of a consumer, whatever it says',
  ),
  unsettled: whole(
    defaults.unsettled,
    [1, 1_000_000],
    'Unacknowledged messages of one session, over all its consumers; then they get no more until one is acknowledged',
    'messages',
  ),
  unsettledBytes: whole(
    defaults.unsettledBytes,
    [KIB, 1024 * GIB],
    'Payloads and headers in those; the message that exceeds it is the last one',
    'bytes',
  ),
} satisfies Record<keyof BrokerLimits, z.ZodType<number>>;

const memoryBytes = z
  .int()
  .min(0)
  .max(Number.MAX_SAFE_INTEGER)
  .optional()
  .meta({ unit: 'bytes' })
  .describe(
    'Memory of the process: from 80 % on publications and calls wait, from 90 % on new sockets get 503. 0 switches this ' +
      "off. Default: the container's limit, if there is one",
  );

/** Every limit with its default and range. */
export const limitsSchema = z
  .strictObject({ ...http, ...transport, ...session, ...broker, memoryBytes })
  .superRefine((limits, context) => {
    // What is wrong by itself is told first.
    if (context.issues.length > 0) return;
    for (const [smaller, bigger] of ORDERED) {
      if (limits[smaller] <= limits[bigger]) continue;
      const message = `at most ${bigger}, which is ${limits[bigger]}`;
      context.addIssue({ code: 'custom', path: [smaller], message });
    }
  })
  .prefault({})
  .describe('What one request, socket, session or process may take; each limit names itself in the error');

/** Pairs of which the first must not exceed the second. */
const ORDERED = [
  ['callTimeoutMs', 'maxCallTimeoutMs'],
  ['outboundLowWaterBytes', 'outboundHighWaterBytes'],
  ['outboundHighWaterBytes', 'outboundBytes'],
] as const;
