const FIN = 0x80;
const MASKED = 0x80;
const TEXT = 1;
/** Opcode of a binary message. */
export const BINARY = 2;

/** Cheap, and never zero: a key of zero lets some servers skip unmasking. */
let state = (Date.now() | 1) >>> 0;
function maskKey(): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  // Every byte of it is at least one, too.
  return (state | 0x01010101) >>> 0;
}

/** A masked frame of a client. A payload that is text has one character a byte, ASCII in a text message. [RFC 6455 §5.3] */
export function clientFrame(payload: string | Buffer, opcode: number = TEXT): Buffer {
  const { length } = payload;
  if (length > 0xffff) throw new RangeError('payload over 64 KiB');
  const extended = length < 126 ? 0 : 2;
  const frame = Buffer.allocUnsafe(6 + extended + length);
  frame[0] = FIN | opcode;
  frame[1] = MASKED | (extended === 0 ? length : 126);
  if (extended > 0) frame.writeUInt16BE(length, 2);
  const key = 2 + extended;
  frame.writeUInt32BE(maskKey(), key);
  const start = key + 4;
  if (typeof payload === 'string') frame.write(payload, start, 'latin1');
  else payload.copy(frame, start);
  for (let at = 0; at < length; at++) {
    frame[start + at] = (frame[start + at] as number) ^ (frame[key + (at & 3)] as number);
  }
  return frame;
}
