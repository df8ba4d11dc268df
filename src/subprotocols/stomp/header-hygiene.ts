import type { BodyShape, Headers, Identity, Payload } from '../../broker/index.js';
import { isUtf8 } from '../../lib/index.js';
import type { StompVersion } from './codec/index.js';
import { frameTail, headerLine } from './codec/index.js';

/**
 * Headers of a SEND that are not the application's: what rules the frame, and what only the server may say about a
 * delivery. They are never passed on, in either direction; the server's own value stands alone.
 */
const RESERVED: ReadonlySet<string> = new Set([
  'destination',
  'content-length',
  'content-type',
  'receipt',
  'transaction',
  'ack',
  'subscription',
  'id',
  'login',
  'passcode',
  'message-id',
  'redelivered',
  'user-id',
  'publisher',
  'publisher-role',
  'exclude-me',
]);

/** Headers that rule a call or its answer; the other side gets the server's own. */
const OF_CALLS: ReadonlySet<string> = new Set([
  'reply-to',
  'correlation-id',
  'timeout',
  'cancel',
  'error',
  'progress',
]);

/** The most user headers that one MESSAGE carries, and the longest name and value; what exceeds them is left out. */
const MOST_HEADERS = 100;
const LONGEST_NAME = 256;
const LONGEST_VALUE = 65_536;

const SHAPES: ReadonlySet<string> = new Set(['none', 'value', 'bytes', 'args', 'kwargs', 'both']);

/** The application's own headers of a SEND to a topic, unchanged [STOMP 1.2 §SEND]; undefined if there are none. */
export function userHeaders(headers: ReadonlyMap<string, string>): Map<string, string> | undefined {
  return without(headers, isReserved);
}

/** The application's own headers of a SEND that calls or answers. */
export function callHeaders(headers: ReadonlyMap<string, string>): Map<string, string> | undefined {
  return without(headers, (name) => RESERVED.has(name) || OF_CALLS.has(name));
}

/** How the sender wants its body to be read: the `wamp-payload` header; any other value is the application's. */
export function shapeOf(headers: ReadonlyMap<string, string>): BodyShape | undefined {
  const value = headers.get('wamp-payload');
  return value !== undefined && SHAPES.has(value) ? (value as BodyShape) : undefined;
}

/** Who published or called, in headers that no client can forge. */
export function* identityHeaders(identity: Identity | undefined): Iterable<readonly [string, string]> {
  if (identity === undefined) return;
  yield ['publisher', String(identity.session)];
  yield ['user-id', identity.authid];
  yield ['publisher-role', identity.authrole];
}

/** What the tail of a MESSAGE is made of. */
export interface TailParts {
  readonly destination: string;
  /** Headers that only the server says; user headers of the same names are left out. */
  readonly own: Iterable<readonly [string, string]>;
  readonly user: Headers | undefined;
  readonly payload: Payload;
}

/** The part of a MESSAGE that all its receivers of one version share: from `destination` to the NUL. */
export interface Tail {
  readonly bytes: Buffer;
  /** Whether it has to travel in a binary WebSocket message. */
  readonly binary: boolean;
}

/**
 * Writes the tail of a MESSAGE. Headers that the version cannot say, that are reserved or too many are left out and
 * counted: what cannot be escaped must not become another header.
 */
export function encodeTail(parts: TailParts, version: StompVersion, dropped: () => void): Tail {
  const body = parts.payload.body();
  let lines = headerLine('destination', parts.destination, version);
  const taken = new Set<string>();
  for (const [name, value] of parts.own) {
    taken.add(name);
    lines += headerLine(name, value, version);
  }
  let count = 0;
  for (const [name, value] of parts.user ?? NONE) {
    // Made of arguments: the shape is the server's word. Sent as a body: the header came with it, and says the same.
    const shaped = name === 'wamp-payload' && body.shape !== undefined;
    if (shaped) continue;
    const line =
      isReserved(name) || taken.has(name) || count >= MOST_HEADERS ? '' : userLine(name, value, version);
    if (line === '') dropped();
    else count += 1;
    lines += line;
  }
  if (body.contentType !== undefined) lines += headerLine('content-type', body.contentType, version);
  if (body.shape !== undefined) lines += `wamp-payload:${body.shape}\n`;
  return { bytes: frameTail(lines, body.bytes), binary: isBinary(body.bytes, body.contentType, body.shape) };
}

const NONE: Headers = new Map();

function isReserved(name: string): boolean {
  return RESERVED.has(name);
}

function userLine(name: string, value: string, version: StompVersion): string {
  return name.length > LONGEST_NAME || value.length > LONGEST_VALUE ? '' : headerLine(name, value, version);
}

function without(
  headers: ReadonlyMap<string, string>,
  leftOut: (name: string) => boolean,
): Map<string, string> | undefined {
  let kept: Map<string, string> | undefined;
  for (const [name, value] of headers) {
    if (leftOut(name)) continue;
    kept ??= new Map();
    kept.set(name, value);
  }
  return kept;
}

/** Text if a browser can read it as text; a text message of other octets would cost the receiver its connection. */
function isBinary(bytes: Uint8Array, contentType: string | undefined, shape: BodyShape | undefined): boolean {
  if (bytes.length === 0) return false;
  if (contentType === undefined ? shape === 'bytes' : BINARY_TYPE.test(contentType)) return true;
  return !isUtf8(bytes);
}

const BINARY_TYPE =
  /^\s*(?:application\/(?:octet-stream|(?:wamp\+)?cbor|(?:x-|vnd\.|wamp\+)?msgpack)|(?:image|audio|video)\/)/i;
