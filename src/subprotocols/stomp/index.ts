import type { Subprotocol } from '../subprotocol.js';
import type { StompOptions } from './options.js';
import { settingsOf } from './options.js';
import { StompSession } from './stomp-session.js';

export type { FrameLimits } from './codec/index.js';
export { DEFAULT_HEART_BEAT, DEFAULT_STOMP_LIMITS } from './options.js';
export type { HeartBeatOptions, StompLimits, StompOptions } from './options.js';
export type { SoftErrorPolicy } from './soft-errors.js';

/** STOMP 1.0, 1.1 and 1.2 over WebSocket. The token only says that it is STOMP; `accept-version` says which one. */
export function stomp(options: StompOptions = {}): Subprotocol {
  const settings = settingsOf(options);
  return {
    name: 'stomp',
    tokens: ['v12.stomp', 'v11.stomp', 'v10.stomp'],
    recognises: (firstMessage) => FIRST_FRAME.test(firstMessage.toString('latin1', 0, RECOGNISED_BYTES)),
    open: (link, handshake, services) => new StompSession(link, handshake, services, settings),
  };
}

/** The first frame of every client, after line ends that some send before it. */
const FIRST_FRAME = /^[\r\n]*(?:CONNECT|STOMP)(?:\r?\n|\r?$)/;
const RECOGNISED_BYTES = 64;
