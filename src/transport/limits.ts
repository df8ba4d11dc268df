/** Limits that the transport enforces. Each is named in the answer or the close that it causes. */
export interface TransportLimits {
  /** Sockets in all; above: 503. Default 20 000. */
  readonly maxConnections: number;
  /** Sockets of one address; above: 503. Default 20 000, because a proxy is one address. */
  readonly maxConnectionsPerAddress: number;
  /** Sockets without a session; above: 503. Default 1 000. */
  readonly maxPendingConnections: number;
  /** Sockets of one address without a session; above: 503. Default 20. */
  readonly maxPendingConnectionsPerAddress: number;
  /** How long `admit` may take before the request gets 503, in ms. Default 10 000. */
  readonly admitTimeoutMs: number;
  /** Octets that a socket may send before it has a session; above: close `policy`. Default 64 KiB. */
  readonly preLoginBytes: number;
  /** Messages a second before there is a session; above: reading pauses. Default 20. */
  readonly preLoginMessagesPerSecond: number;
  /** Messages a second from one socket; above: reading pauses. Default 10 000. */
  readonly messagesPerSecond: number;
  /** Octets a second from one socket; above: reading pauses. Default 10 MiB. */
  readonly bytesPerSecond: number;
  /** Fragments of one message; above: close `policy`. Default 1 024. */
  readonly maxFragments: number;
  /** Reads that an unfinished frame may be spread over; above: close `policy`. Default 4 096. */
  readonly maxBufferedChunks: number;
  /** Outbound bytes that a socket without a session may have waiting; above: close `overloaded`. Default 64 KiB. */
  readonly preLoginOutboundBytes: number;
  /** Outbound bytes from which on a link is congested. Default 1 MiB. */
  readonly outboundHighWaterBytes: number;
  /** Outbound bytes below which a link that was congested has room again. Default 64 KiB. */
  readonly outboundLowWaterBytes: number;
  /** Outbound bytes that may wait; above: close `overloaded`. Default 4 MiB. */
  readonly outboundBytes: number;
  /** Age of the oldest byte that the system has not taken, in ms; above: close `overloaded`. Default 10 000. */
  readonly outboundAgeMs: number;
  /** A socket that was silent in one direction for so long is pinged, in ms. Default 25 000. */
  readonly pingIntervalMs: number;
  /** How long any octet may take to arrive after a ping before the connection counts as broken, in ms. Default 10 000. */
  readonly pongTimeoutMs: number;
  /** From our close frame to the end of the socket, in ms. Default 1 000. */
  readonly closeTimeoutMs: number;
}

/** The defaults of {@link TransportLimits}. */
export const DEFAULT_TRANSPORT_LIMITS: TransportLimits = {
  maxConnections: 20_000,
  maxConnectionsPerAddress: 20_000,
  maxPendingConnections: 1_000,
  maxPendingConnectionsPerAddress: 20,
  admitTimeoutMs: 10_000,
  preLoginBytes: 64 * 1024,
  preLoginMessagesPerSecond: 20,
  messagesPerSecond: 10_000,
  bytesPerSecond: 10 * 1024 * 1024,
  maxFragments: 1024,
  maxBufferedChunks: 4096,
  preLoginOutboundBytes: 64 * 1024,
  outboundHighWaterBytes: 1024 * 1024,
  outboundLowWaterBytes: 64 * 1024,
  outboundBytes: 4 * 1024 * 1024,
  outboundAgeMs: 10_000,
  pingIntervalMs: 25_000,
  pongTimeoutMs: 10_000,
  closeTimeoutMs: 1_000,
};

/**
 * Options for `http.createServer` that bound what a client may do before its request is complete: 8 KiB of headers, 10 s,
 * looked after every second. Node's defaults let a silent socket stay for a minute and a half.
 */
export const HTTP_SERVER_OPTIONS = {
  maxHeaderSize: 8 * 1024,
  headersTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
} as const;
