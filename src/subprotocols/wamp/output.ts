import type { Serializer } from '../../serializers/index.js';
import { serializers } from '../../serializers/index.js';
import type { Link } from '../subprotocol.js';
import { Frame } from '../subprotocol.js';
import type { Framing, RouterMessage } from './codec/index.js';
import { OCTAL_SEPARATOR, RECORD_SEPARATOR, batchOf, encodeMessage } from './codec/index.js';

/** How the messages of a connection are written; one object per way, compared by identity. */
export interface Format {
  readonly name: string;
  readonly serializer: Serializer;
  readonly framing: Framing;
  /** The octet after each message, if the framing is `separated`. */
  readonly separator: number;
}

const { json, msgpack, cbor } = serializers;

/** token → format [WAMP BP WebSocket Transport] */
export const FORMATS: Readonly<Record<string, Format>> = {
  'wamp.2.json': format('wamp.2.json', json, 'plain'),
  'wamp.2.msgpack': format('wamp.2.msgpack', msgpack, 'plain'),
  'wamp.2.cbor': format('wamp.2.cbor', cbor, 'plain'),
  'wamp.2.json.batched': format('wamp.2.json.batched', json, 'separated'),
  'wamp.2.msgpack.batched': format('wamp.2.msgpack.batched', msgpack, 'prefixed'),
  'wamp.2.cbor.batched': format('wamp.2.cbor.batched', cbor, 'prefixed'),
};

/** Batched JSON as autobahn-python understands it. */
const OCTAL_JSON: Format = {
  ...format('wamp.2.json.batched with 0x18', json, 'separated'),
  separator: OCTAL_SEPARATOR,
};

/** Writes messages to a link. */
export class Output {
  /** Read when a subscription is answered; see `useOctalSeparator`. */
  format: Format;

  constructor(
    private readonly link: Link,
    format: Format,
  ) {
    this.format = format;
  }

  /** The token of the format. */
  get token(): string {
    return this.format === OCTAL_JSON ? 'wamp.2.json.batched' : this.format.name;
  }

  /** Whether the peer takes no more events for now. */
  get congested(): boolean {
    return this.link.congested;
  }

  /** Bytes of the longest message that the peer takes; undefined if it takes any. */
  get maxMessageBytes(): number | undefined {
    return this.link.maxFrameBytes;
  }

  send(message: RouterMessage): void {
    this.offer(message);
  }

  /**
   * Sends a message unless it is longer than the peer takes; false if it is. A final answer that is too long becomes an ERROR
   * that says so.
   */
  offer(message: RouterMessage): boolean {
    const frame = frameOf(message, this.format);
    const tooLong = frame.length > (this.link.maxFrameBytes ?? Number.POSITIVE_INFINITY);
    const instead = tooLong ? tooLongFor(message) : undefined;
    this.link.send(instead === undefined ? frame : frameOf(instead, this.format));
    return !tooLong || instead !== undefined;
  }

  /** Sends a frame that was made for several connections of this format. */
  sendFrame(frame: Frame): void {
    this.link.send(frame);
  }

  /** From now on messages end in 0x18, if the framing has separators at all. */
  useOctalSeparator(): void {
    if (this.format.framing === 'separated') this.format = OCTAL_JSON;
  }
}

/** What tells a caller that there is an answer, and that it is too long [WAMP AP RawSocket Transport, Serialization]. */
function tooLongFor(message: RouterMessage): RouterMessage | undefined {
  if (message.name !== 'result' && message.name !== 'error') return undefined;
  if (message.name === 'result' && message.details['progress'] === true) return undefined;
  return {
    name: 'error',
    to: message.name === 'result' ? 'call' : message.to,
    request: message.request,
    details: {},
    error: 'wamp.error.payload_size_exceeded',
    cargo: { args: undefined, kwargs: undefined },
  };
}

/** The WebSocket message that holds this one message. */
export function frameOf(message: RouterMessage, { serializer, framing, separator }: Format): Frame {
  return new Frame(serializer.binary, batchOf(encodeMessage(message, serializer), framing, separator));
}

function format(name: string, serializer: Serializer, framing: Framing): Format {
  return { name, serializer, framing, separator: RECORD_SEPARATOR };
}
