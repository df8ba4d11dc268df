import { SECRET } from './stomp-frame';

/** number → name of the message [WAMP BP Message Codes] */
const NAMES: ReadonlyMap<unknown, string> = new Map([
  [1, 'HELLO'],
  [2, 'WELCOME'],
  [3, 'ABORT'],
  [4, 'CHALLENGE'],
  [5, 'AUTHENTICATE'],
  [6, 'GOODBYE'],
  [8, 'ERROR'],
  [16, 'PUBLISH'],
  [17, 'PUBLISHED'],
  [32, 'SUBSCRIBE'],
  [33, 'SUBSCRIBED'],
  [34, 'UNSUBSCRIBE'],
  [35, 'UNSUBSCRIBED'],
  [36, 'EVENT'],
  [48, 'CALL'],
  [49, 'CANCEL'],
  [50, 'RESULT'],
  [64, 'REGISTER'],
  [65, 'REGISTERED'],
  [66, 'UNREGISTER'],
  [67, 'UNREGISTERED'],
  [68, 'INVOCATION'],
  [69, 'INTERRUPT'],
  [70, 'YIELD'],
]);

/** The name of a WAMP message. */
export function nameOfWampMessage(message: unknown): string {
  return (Array.isArray(message) ? NAMES.get(message[0]) : undefined) ?? 'not WAMP';
}

/** Whether a message carries a secret: the ticket in AUTHENTICATE. */
export function isSecret(message: unknown): boolean {
  return Array.isArray(message) && message[0] === 5;
}

/** A message as it is shown: a ticket is hidden. */
export function shownWampMessage(message: unknown): unknown {
  return isSecret(message) ? [5, SECRET, {}] : message;
}
