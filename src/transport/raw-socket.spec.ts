import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Frame } from '../subprotocols/subprotocol.js';
import type { RawFault } from './raw-socket.js';
import {
  PongFrame,
  RawSocketReader,
  bytesOfLength,
  lengthNumber,
  rawSocketFraming,
  readHandshake,
} from './raw-socket.js';

const hex = (digits: string): Buffer => Buffer.from(digits, 'hex');
const speaks = (): boolean => true;

describe('a RawSocket handshake', () => {
  it.each([
    ['7ff10000', 1, 'wamp.2.json', 16_777_216],
    ['7f220000', 2, 'wamp.2.msgpack', 2048],
    ['7f730000', 3, 'wamp.2.cbor', 65_536],
  ])('%s asks for serializer %d, %s, and takes %d octets', (octets, serializer, token, maxFrameBytes) => {
    expect(readHandshake(hex(octets), speaks)).toEqual({
      kind: 'accepted',
      serializer,
      token,
      maxFrameBytes,
    });
  });

  it.each(['', '7f', '7ff1', '7ff100'])('%j is not complete', (octets) => {
    expect(readHandshake(hex(octets), speaks)).toEqual({ kind: 'incomplete' });
  });

  it.each(['47', '434f4e4e', '00f10000', '16030100'])(
    'P24: %s is foreign from its first octet on',
    (octets) => {
      expect(readHandshake(hex(octets), speaks)).toEqual({ kind: 'foreign' });
    },
  );

  it.each([0, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15])(
    'P24 WAMP-169: serializer %d is refused',
    (serializer) => {
      const octets = Buffer.of(0x7f, 0xf0 | serializer, 0, 0);
      expect(readHandshake(octets, speaks)).toEqual({ kind: 'refused', error: 'serializer' });
    },
  );

  it('a serializer that nobody speaks is refused', () => {
    expect(readHandshake(hex('7ff10000'), () => false)).toEqual({ kind: 'refused', error: 'serializer' });
  });

  it.each([0, 1])('P24: length %d is too short for a session', (length) => {
    const octets = Buffer.of(0x7f, (length << 4) | 1, 0, 0);
    expect(readHandshake(octets, speaks)).toEqual({ kind: 'refused', error: 'length' });
  });

  it.each(['7ff10100', '7ff10001', '7ff1ffff'])('P24: the reserved octets of %s are refused', (octets) => {
    expect(readHandshake(hex(octets), speaks)).toEqual({ kind: 'refused', error: 'reserved' });
  });
});

describe('length numbers', () => {
  it.each([
    [512, 0],
    [1023, 0],
    [1024, 1],
    [1_048_576, 11],
    [1_048_575, 10],
    [16_777_216, 15],
    [99_999_999, 15],
  ])('of %d octets is %d', (bytes, number) => {
    expect(lengthNumber(bytes)).toBe(number);
    expect(bytesOfLength(number)).toBeLessThanOrEqual(bytes);
  });
});

describe('the framing of RawSocket', () => {
  it.each([
    [new Frame(false, [Buffer.from('[]')]), '00000002'],
    [new PongFrame(Buffer.from('abc')), '02000003'],
    [new Frame(true, [Buffer.alloc(16_777_215)]), '00ffffff'],
    [new Frame(true, [Buffer.alloc(16_777_216)]), '08000000'],
  ])('has a head of four octets, %#', (frame, head) => {
    expect(rawSocketFraming.headOf(frame)?.toString('hex')).toBe(head);
    expect(rawSocketFraming.wireLength(frame)).toBe(4 + frame.length);
  });
});

/** Reads pieces, keeps what was told. */
function read(pieces: readonly Buffer[], maxBytes = 1024): { told: string[]; fault: RawFault | undefined } {
  const told: string[] = [];
  const reader = new RawSocketReader(maxBytes, {
    message: (payload) => told.push(`message ${payload.toString('hex')}`),
    ping: (payload) => told.push(`ping ${payload.toString('hex')}`),
  });
  let fault: RawFault | undefined;
  for (const piece of pieces) fault ??= reader.read(piece, () => false);
  return { told, fault };
}

describe('a reader of RawSocket', () => {
  it('tells messages and PINGs, and passes over PONGs', () => {
    expect(
      read([hex('00000002 5b5d 01000001 aa 02000001 bb 00000000 00000001 cc'.replaceAll(' ', ''))]),
    ).toEqual({
      told: ['message 5b5d', 'ping aa', 'message ', 'message cc'],
      fault: undefined,
    });
  });

  it('tells the same however the octets are cut', () => {
    const frame = fc.record({ type: fc.nat(2), payload: fc.uint8Array({ maxLength: 40 }) });
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 9 })),
        (frames, sizes) => {
          const octets = Buffer.concat(
            frames.flatMap(({ type, payload }) => [Buffer.of(type, 0, 0, payload.length), payload]),
          );
          const pieces: Buffer[] = [];
          for (let at = 0, i = 0; at < octets.length; i += 1) {
            const size = sizes.length === 0 ? 1 : sizes[i % sizes.length]!;
            pieces.push(octets.subarray(at, at + size));
            at += size;
          }
          expect(read(pieces)).toEqual(read([octets]));
          expect(read([octets]).told).toHaveLength(frames.filter(({ type }) => type !== 2).length);
        },
      ),
      { numRuns: 200 },
    );
  });

  it.each(['03000000', '04000000', '07000000'])('P24: refuses the unknown type of %s', (head) => {
    expect(read([hex(head)]).fault).toEqual({
      kind: 'protocol_error',
      text: 'A RawSocket frame of an unknown type.',
    });
  });

  it.each(['10000000', '80000001', 'f0000000'])('P24: refuses the reserved bits of %s', (head) => {
    expect(read([hex(head)]).fault?.kind).toBe('protocol_error');
  });

  it('P24: refuses a length of more than 16 MiB', () => {
    expect(read([hex('08000001')], 2 ** 24).fault?.kind).toBe('protocol_error');
  });

  it.each(['00000401', '01000401', '02000401', '00ffffff', '08000000'])(
    'P24: refuses %s, which is longer than the handshake said, before its payload comes',
    (head) => {
      expect(read([hex(head)]).fault).toEqual({
        kind: 'too_big',
        text: 'A message may have 1024 bytes, as the handshake said.',
      });
    },
  );

  it('takes a message of exactly 16 MiB', () => {
    const { told, fault } = read([hex('08000000'), Buffer.alloc(2 ** 24)], 2 ** 24);
    expect([told[0]?.length, fault]).toEqual([8 + 2 ** 25, undefined]);
  });

  it('P24: keeps no more than twice what has come of a message that was declared long', () => {
    const before = process.memoryUsage().arrayBuffers;
    const readers = Array.from({ length: 200 }, () => {
      const reader = new RawSocketReader(2 ** 24, { message: () => {}, ping: () => {} });
      reader.read(hex('00ffffff'), () => false);
      reader.read(Buffer.alloc(10), () => false);
      return reader;
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
    expect(readers).toHaveLength(200);
  });
});
