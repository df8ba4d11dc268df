import type { Violation } from './messages.js';

/**
 * How messages stand in a WebSocket message [WAMP AP Batched WebSocket Transport]: alone, each followed by a separator
 * (JSON), or each preceded by its length in four octets, big-endian (MessagePack, CBOR).
 */
export type Framing = 'plain' | 'separated' | 'prefixed';

/** The separator of the specification. */
export const RECORD_SEPARATOR = 0x1e;
/** What autobahn-python made of the specification's `\30`, reading it as octal. */
export const OCTAL_SEPARATOR = 0x18;

const SEPARATORS = new Map(
  [RECORD_SEPARATOR, OCTAL_SEPARATOR].map((octet) => [octet, Uint8Array.of(octet)] as const),
);

/**
 * Finds the messages in one WebSocket message: message `i` is `data[result[2i], result[2i + 1])`. The whole framing is
 * checked first, so a batch that lies is refused whole.
 */
export function splitBatch(
  data: Uint8Array,
  framing: Framing,
  separators: readonly number[],
): number[] | Violation {
  if (framing === 'plain') return [0, data.length];
  if (data.length === 0) return violation('An empty batch.');
  return framing === 'separated' ? splitSeparated(data, separators) : splitPrefixed(data);
}

/** The parts of a WebSocket message that holds one message. */
export function batchOf(message: Uint8Array, framing: Framing, separator: number): Uint8Array[] {
  switch (framing) {
    case 'plain':
      return [message];
    case 'separated':
      return [message, SEPARATORS.get(separator) ?? Uint8Array.of(separator)];
    case 'prefixed': {
      const length = new Uint8Array(4);
      new DataView(length.buffer).setUint32(0, message.length);
      return [length, message];
    }
  }
}

/** A JSON text holds no raw control characters, so a separator cannot stand inside a message. */
function splitSeparated(data: Uint8Array, separators: readonly number[]): number[] | Violation {
  if (!separators.includes(data[data.length - 1]!))
    return violation('A batch whose last message has no separator.');
  const bounds: number[] = [];
  let start = 0;
  for (let at = 0; at < data.length; at += 1) {
    const octet = data[at]!;
    if (octet > 0x1e || !separators.includes(octet)) continue;
    bounds.push(start, at);
    start = at + 1;
  }
  return bounds;
}

function splitPrefixed(data: Uint8Array): number[] | Violation {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const bounds: number[] = [];
  let at = 0;
  while (at < data.length) {
    if (data.length - at < 4) return violation('A batch that ends inside a length.');
    const length = view.getUint32(at);
    at += 4;
    if (length > data.length - at) return violation('A batch that ends inside a message.');
    bounds.push(at, at + length);
    at += length;
  }
  return bounds;
}

function violation(message: string): Violation {
  return { name: 'violation', message };
}
