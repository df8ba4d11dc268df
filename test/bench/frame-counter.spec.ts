import { describe, expect, it } from '@jest/globals';
import { clientFrame } from '../../bench/load/client-frame.js';
import { FrameCounter } from '../../bench/load/frame-counter.js';
import { MessageReader } from '../../bench/load/message-reader.js';

const noControl = (): void => {};

/** An unmasked text frame, as a server sends it. */
function text(payload: string): Buffer {
  const { length } = payload;
  if (length < 126) return Buffer.concat([Buffer.from([0x81, length]), Buffer.from(payload)]);
  if (length < 65_536) {
    return Buffer.concat([Buffer.from([0x81, 126, length >> 8, length & 0xff]), Buffer.from(payload)]);
  }
  const head = Buffer.from([0x81, 127, 0, 0, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(length, 6);
  return Buffer.concat([head, Buffer.from(payload)]);
}

const stream = Buffer.concat([
  text(''),
  text('MESSAGE'),
  Buffer.from([0x89, 2, 0x68, 0x69]),
  text('M'.repeat(125)),
  text('M'.repeat(126)),
  text('M'.repeat(70_000)),
]);

describe('FrameCounter', () => {
  it('counts messages with heads of all three sizes, and no control frame', () => {
    const counter = new FrameCounter('', noControl);
    counter.push(stream, stream.length);
    expect(counter.messages).toBe(5);
  });

  it('counts the same, whatever the size of the pieces', () => {
    for (const size of [1, 2, 3, 7, 125, 4096]) {
      const counter = new FrameCounter('', noControl);
      for (let at = 0; at < stream.length; at += size) {
        const piece = stream.subarray(at, at + size);
        counter.push(piece, piece.length);
      }
      expect(counter.messages).toBe(5);
    }
  });

  it('counts a message only when all of it has arrived', () => {
    const counter = new FrameCounter('', noControl);
    const frame = text('hello');
    counter.push(frame, frame.length - 1);
    expect(counter.messages).toBe(0);
    counter.push(frame.subarray(-1), 1);
    expect(counter.messages).toBe(1);
  });

  it('looks at no byte behind the given length', () => {
    const counter = new FrameCounter('', noControl);
    counter.push(Buffer.concat([text('a'), text('b')]), 3);
    expect(counter.messages).toBe(1);
  });

  it('hands control frames over, whole', () => {
    const seen: unknown[] = [];
    const counter = new FrameCounter('', (opcode, payload) => seen.push([opcode, payload.toString()]));
    const ping = Buffer.from([0x89, 2, 0x68, 0x69]);
    for (const byte of ping) counter.push(Buffer.from([byte]), 1);
    expect(seen).toEqual([[9, 'hi']]);
  });

  it('counts a message that begins with something else than was due', () => {
    const counter = new FrameCounter('[3', noControl);
    const data = Buffer.concat([text('[36,1]'), text('[8,48]')]);
    counter.push(data, data.length);
    expect([counter.messages, counter.unexpected]).toEqual([2, 1]);
  });

  it('refuses a masked frame', () => {
    const counter = new FrameCounter('', noControl);
    expect(() => counter.push(Buffer.from([0x81, 0x81, 1, 2, 3, 4, 5]), 7)).toThrow('mask');
  });
});

describe('MessageReader', () => {
  it('hands over the same messages, whatever the size of the pieces', () => {
    for (const size of [1, 5, 4096, stream.length]) {
      const lengths: number[] = [];
      const reader = new MessageReader((payload) => lengths.push(payload.length), noControl);
      for (let at = 0; at < stream.length; at += size) {
        const piece = Buffer.from(stream.subarray(at, at + size));
        reader.push(piece, piece.length);
      }
      expect(lengths).toEqual([0, 7, 125, 126, 70_000]);
    }
  });
});

describe('clientFrame', () => {
  it('masks with a key without a zero byte, so that no server skips it', () => {
    const frame = clientFrame('hello');
    expect([frame[0], frame[1], frame.length]).toEqual([0x81, 0x85, 11]);
    const key = frame.subarray(2, 6);
    expect(key.includes(0)).toBe(false);
    expect(frame.subarray(6).map((byte, at) => byte ^ (key[at & 3] as number))).toEqual(
      Uint8Array.from(Buffer.from('hello')),
    );
  });

  it('says a length above 125 in two more bytes', () => {
    const frame = clientFrame('x'.repeat(300));
    expect([...frame.subarray(0, 4), frame.length]).toEqual([0x81, 0xfe, 0x01, 0x2c, 308]);
  });
});
