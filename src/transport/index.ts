export { addressOf } from './address-of.js';
export type { AdmitHook, UpgradeRequest } from './admission.js';
export { CLOSE_CODES } from './close-codes.js';
export { DEFAULT_TRANSPORT_LIMITS, HTTP_SERVER_OPTIONS } from './limits.js';
export type { TransportLimits } from './limits.js';
export type {
  ListenOptions,
  ListenPlace,
  ListenPort,
  Listener,
  LongPollOptions,
  SocketOptions,
} from './listener.js';
export { negotiate } from './negotiate.js';
export type { Negotiation, Unnegotiated } from './negotiate.js';
export { allowsHost, hostList } from './origin.js';
export { SystemClock } from './system-clock.js';
export { Transport } from './transport.js';
export type { TransportOptions } from './transport.js';
export type { AnyHttpServer } from './upgrade.js';
