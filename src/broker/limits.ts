/** What one attachment (one client's session) may hold; each limit names itself in the error that it causes. */
export interface BrokerLimits {
  /** Subscriptions of all kinds. Default 1000. */
  readonly subscriptions: number;
  /** Subscriptions with a pattern (prefix, wildcard, multi) or a filter; part of the above. Default 100. */
  readonly patternSubscriptions: number;
  /** Registrations. Default 1000. */
  readonly registrations: number;
  /** Registrations with a pattern (prefix, wildcard); part of the above. Default 100. */
  readonly patternRegistrations: number;
  /** Calls waiting for their answer, as a caller. Default 1000. */
  readonly callsPerCaller: number;
  /** Invocations waiting for an answer, as a callee. Default 1000; whoever has as many is passed over. */
  readonly callsPerCallee: number;
  /** Bytes of payloads and headers in calls waiting for their answer, as a caller. Default 16 MiB. */
  readonly callBytes: number;
  /** Events that a session may leave behind [WAMP AP Session Testament]. Default 100. */
  readonly testaments: number;
  /** About what those keep in memory: payloads, headers, topics, lists of receivers. Default 1 MiB. */
  readonly testamentBytes: number;
  /** Descriptions of topics, procedures and errors that a session may give [WAMP AP Reflection]. Default 1000. */
  readonly definitions: number;
  /** Bytes of those, written as JSON, with their URIs. Default 256 KiB. */
  readonly definitionBytes: number;
  /** Length of an address or pattern in UTF-8 bytes. Default 1024. */
  readonly addressBytes: number;
  /** Components of an address or pattern: each is a step of every look-up. Default 64. */
  readonly addressComponents: number;
  /** How long an authorizer may take for a decision, in ms; then it is a no. Default 5000. */
  readonly authorizerTimeoutMs: number;
  /** How long a session lasts beyond the end of what proves who it is (a token's expiry), in ms. Default 10 000. */
  readonly expiryGraceMs: number;
  /** How long a call waits for its answer when the caller says nothing, in ms. Default 30 000. */
  readonly callTimeoutMs: number;
  /** The longest time-out a caller may ask for, in ms. Default 600 000. */
  readonly maxCallTimeoutMs: number;
  /** Publications kept back for one endpoint that takes no more for now. Default 1000. */
  readonly backlogMessages: number;
  /** Bytes of payloads and headers kept back for one endpoint that takes no more for now. Default 1 MiB. */
  readonly backlogBytes: number;
  /** Retained events that one new subscription begins with. Default 1000. */
  readonly retainedReplay: number;
  /** Events of the history that one new subscription begins with: the newest ones. Default 1000. */
  readonly replayMessages: number;
  /** Bytes of payloads and headers of the history that one new subscription begins with. Default 1 MiB. */
  readonly replayBytes: number;
  /** Queues of a realm, those of durable subscriptions too. Default 10 000. */
  readonly queues: number;
  /** Durable subscriptions of one authid in a realm, whether or not somebody consumes. Default 1000. */
  readonly durableSubscriptions: number;
  /**
   * Messages of a queue whose policy says nothing else, given and unsettled ones too; no client may ask for more than that, or
   * than the rule of the queue says. Default 100 000.
   */
  readonly queueMessages: number;
  /** Bytes of payloads and headers in such a queue if it is kept in memory, and the most for clients to ask for. Default 64 MiB. */
  readonly queueBytes: number;
  /** The same if it is kept in a durable store. Default 1 GiB. */
  readonly durableQueueBytes: number;
  /** Producers of a realm whose numbers are remembered, so that what they send again is stored once. Default 1000. */
  readonly producers: number;
  /** Messages that a consumer may have unsettled if it says nothing. Default 256. */
  readonly credit: number;
  /** The most messages that a consumer may have unsettled, whatever it says. Default 10 000. */
  readonly maxCredit: number;
  /** Messages that one attachment may have unsettled, over all its consumers. Default 10 000. */
  readonly unsettled: number;
  /** Bytes of payloads and headers in those; the message that exceeds it is the last one. Default 64 MiB. */
  readonly unsettledBytes: number;
}

/** The defaults of {@link BrokerLimits}. */
export const DEFAULT_BROKER_LIMITS: BrokerLimits = {
  subscriptions: 1000,
  patternSubscriptions: 100,
  registrations: 1000,
  patternRegistrations: 100,
  callsPerCaller: 1000,
  callsPerCallee: 1000,
  callBytes: 16 * 1024 * 1024,
  testaments: 100,
  testamentBytes: 1024 * 1024,
  definitions: 1000,
  definitionBytes: 256 * 1024,
  addressBytes: 1024,
  addressComponents: 64,
  authorizerTimeoutMs: 5000,
  expiryGraceMs: 10_000,
  callTimeoutMs: 30_000,
  maxCallTimeoutMs: 600_000,
  backlogMessages: 1000,
  backlogBytes: 1024 * 1024,
  queues: 10_000,
  durableSubscriptions: 1000,
  queueMessages: 100_000,
  queueBytes: 64 * 1024 * 1024,
  durableQueueBytes: 1024 * 1024 * 1024,
  producers: 1000,
  credit: 256,
  maxCredit: 10_000,
  unsettled: 10_000,
  unsettledBytes: 64 * 1024 * 1024,
  retainedReplay: 1000,
  replayMessages: 1000,
  replayBytes: 1024 * 1024,
};
