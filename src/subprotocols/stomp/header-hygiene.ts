import type { BodyShape, Headers, Identity, Payload } from '../../broker/index.js';
import { isUtf8 } from '../../lib/index.js';
import { Frame } from '../subprotocol.js';
import type { FrameHeaders, NameSet, StompVersion } from './codec/index.js';
import { frameTail, headerLine, ownLine } from './codec/index.js';
import { PUBLICATION_HEADERS } from './publication-options.js';

/**
 * Headers of a SEND that are not the application's: what rules the frame, and what only the server may say about a
 * delivery. They are never passed on, in either direction; the server's own value stands alone.
 */
const RESERVED = reservedNames([
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
  'x-delivery-count',
  'browser',
  'user-id',
  'publisher',
  'publisher-role',
  'retained',
  'recovered',
  ...PUBLICATION_HEADERS,
]);

/** Also those that rule a call or its answer; the other side gets the server's own. */
const RESERVED_IN_CALLS = reservedNames([
  ...RESERVED.names,
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

/** What a message has died of, and where, is the server's word, whatever else such a header may come to be called. */
const DEATHS = /^x-(?:first-)?death/;

/** The names, and those of the headers of dead letters. */
function reservedNames(list: readonly string[]): NameSet & { readonly names: ReadonlySet<string> } {
  const names = new Set(list);
  return { names, has: (name) => names.has(name) || (name.charCodeAt(0) === SMALL_X && DEATHS.test(name)) };
}

const SMALL_X = 0x78;

const SHAPES: ReadonlySet<string> = new Set(['none', 'value', 'bytes', 'args', 'kwargs', 'both']);

/** The application's own headers of a SEND to a topic, unchanged [STOMP 1.2 §SEND]; undefined if there are none. */
export function userHeaders(headers: FrameHeaders): Map<string, string> | undefined {
  return headers.without(RESERVED);
}

/** The application's own headers of a SEND that calls or answers. */
export function callHeaders(headers: FrameHeaders): Map<string, string> | undefined {
  return headers.without(RESERVED_IN_CALLS);
}

/** How the sender wants its body to be read: the `wamp-payload` header; any other value is the application's. */
export function shapeOf(headers: FrameHeaders): BodyShape | undefined {
  const value = headers.get('wamp-payload');
  return value !== undefined && SHAPES.has(value) ? (value as BodyShape) : undefined;
}

/** A header that only the server says: its name with the colon, which needs no escape, and its value. */
export type OwnHeader = readonly [prefix: `${string}:`, value: string];

/** Who published or called, in headers that no client can forge. */
export function identityHeaders(identity: Identity | undefined): readonly OwnHeader[] {
  if (identity === undefined) return NOBODY;
  return [
    ['publisher:', String(identity.session)],
    ['user-id:', identity.authid],
    ['publisher-role:', identity.authrole],
  ];
}

const NOBODY: readonly OwnHeader[] = [];

/** What a MESSAGE says beside its head. */
export interface MessageParts {
  readonly destination: string;
  /** User headers of the same names are left out. */
  readonly own: readonly OwnHeader[];
  /** It belongs to a call: the headers that rule one are the server's word, and no user's. Default false. */
  readonly inCall?: boolean;
  readonly user: Headers | undefined;
  readonly payload: Pick<Payload, 'body'>;
}

/**
 * A MESSAGE: a head that is one receiver's, and a tail, from `destination` to the NUL, that all receivers of one version
 * share. Both are written into one buffer; the tail is cut out of it if somebody else needs it.
 */
export class Message {
  #tail: Buffer | undefined;

  constructor(
    private readonly head: string,
    private readonly bytes: Buffer,
    /** Whether it has to travel in a binary WebSocket message. */
    private readonly binary: boolean,
  ) {}

  /** The frame for a receiver with that head. */
  frame(head: string, alwaysBinary: boolean): Frame {
    return new Frame(alwaysBinary || this.binary, head === this.head ? [this.bytes] : this.#withTail(head));
  }

  #withTail(head: string): Buffer[] {
    this.#tail ??= this.bytes.subarray(Buffer.byteLength(this.head));
    return [Buffer.from(head), this.#tail];
  }
}

/**
 * Writes a MESSAGE. Headers that the version cannot say, that are reserved or too many are left out and counted: what
 * cannot be escaped must not become another header.
 */
export function encodeMessage(
  head: string,
  { destination, own, inCall, user, payload }: MessageParts,
  version: StompVersion,
  dropped: () => void,
): Message {
  const { bytes, contentType, shape } = payload.body();
  let lines = head + ownLine('destination:', destination, version);
  for (const [prefix, value] of own) lines += ownLine(prefix, value, version);
  // Made of arguments: the shape is the server's word. Sent as a body: the header came with it, and says the same.
  if (user !== undefined) {
    const taken = {
      own,
      reserved: inCall === true ? RESERVED_IN_CALLS : RESERVED,
      shaped: shape !== undefined,
    };
    lines += userLines(user, taken, version, dropped);
  }
  if (contentType !== undefined) lines += ownLine('content-type:', contentType, version);
  if (shape !== undefined) lines += `wamp-payload:${shape}\n`;
  return new Message(head, frameTail(lines, bytes), isBinary(bytes, contentType, shape));
}

/** Names that user headers may not have. */
interface TakenNames {
  readonly own: readonly OwnHeader[];
  readonly reserved: NameSet;
  /** `wamp-payload` is the server's. */
  readonly shaped: boolean;
}

function userLines(
  user: Headers,
  { own, reserved, shaped }: TakenNames,
  version: StompVersion,
  dropped: () => void,
): string {
  let lines = '';
  let count = 0;
  for (const [name, value] of user) {
    if (shaped && name === 'wamp-payload') continue;
    const free = count < MOST_HEADERS && !reserved.has(name) && !own.some(([taken]) => taken === `${name}:`);
    const line = free ? userLine(name, value, version) : '';
    if (line === '') dropped();
    else count += 1;
    lines += line;
  }
  return lines;
}

function userLine(name: string, value: string, version: StompVersion): string {
  return name.length > LONGEST_NAME || value.length > LONGEST_VALUE ? '' : headerLine(name, value, version);
}

/** Text if a browser can read it as text; a text message of other octets would cost the receiver its connection. */
function isBinary(bytes: Uint8Array, contentType: string | undefined, shape: BodyShape | undefined): boolean {
  if (bytes.length === 0) return false;
  if (contentType === undefined ? shape === 'bytes' : BINARY_TYPE.test(contentType)) return true;
  return !isUtf8(bytes);
}

const BINARY_TYPE =
  /^\s*(?:application\/(?:octet-stream|(?:wamp\+)?cbor|(?:x-|vnd\.|wamp\+)?msgpack)|(?:image|audio|video)\/)/i;
