import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Frame } from '../subprotocols/subprotocol.js';
import { ManualClock } from '../testing/manual-clock.js';
import { Outbound, SharedChain } from './outbound.js';

/** A socket that keeps what is written; what it has not `taken` counts as waiting. */
class FakeSocket extends EventEmitter {
  readonly writes: Buffer[] = [];
  readonly corks: number[] = [];
  writable = true;
  destroyed = false;
  /** Whether the system takes everything at once. */
  fast = true;
  writableLength = 0;
  #callbacks: (() => void)[] = [];

  write(bytes: Buffer, written?: () => void): boolean {
    this.writes.push(bytes);
    if (!this.fast) this.writableLength += bytes.length;
    if (written !== undefined) this.#callbacks.push(written);
    return this.fast;
  }

  cork(): void {
    this.corks.push(this.writes.length);
  }

  uncork(): void {}

  /** The system takes so many bytes. */
  take(bytes: number): void {
    this.writableLength -= bytes;
    for (const callback of this.#callbacks.splice(0)) callback();
    if (this.writableLength === 0) this.emit('drain');
  }

  get bytes(): Buffer {
    return Buffer.concat(this.writes);
  }
}

const HIGH = 1000;
const LOW = 100;

class Stage {
  readonly clock = new ManualClock();
  readonly chain = new SharedChain(this.clock);
  drains = 0;

  connection(highWater = HIGH): { socket: FakeSocket; out: Outbound } {
    const socket = new FakeSocket();
    const marks = { highWater, lowWater: LOW };
    const out = new Outbound(socket as unknown as Socket, this.chain, marks, () => {
      this.drains += 1;
    });
    return { socket, out };
  }
}

const text = (payload: string): Frame => new Frame(false, [Buffer.from(payload)]);
const sized = (bytes: number): Frame => new Frame(true, [Buffer.alloc(bytes, 'x')]);

describe('the wire', () => {
  it.each([
    [text(''), '8100'],
    [text('Hi'), '81024869'],
    [new Frame(true, [Buffer.from('00', 'hex'), Buffer.from('ff', 'hex')]), '820200ff'],
  ])('has an unmasked frame, %#', (frame, hex) => {
    const stage = new Stage();
    const { socket, out } = stage.connection();
    out.append(frame);
    stage.clock.flush();
    expect(socket.bytes.toString('hex')).toBe(hex);
  });

  it.each([
    [125, '827d'],
    [126, '827e007e'],
    [65_535, '827effff'],
    [65_536, '827f0000000000010000'],
    [70_000, '827f0000000000011170'],
  ])('has a head of 2, 4 or 10 bytes for %d, alone and with others', (size, head) => {
    const stage = new Stage();
    const { socket, out } = stage.connection();
    out.append(sized(size));
    stage.clock.flush();
    const alone = socket.bytes;
    expect(alone.subarray(0, head.length / 2).toString('hex')).toBe(head);
    expect(alone).toHaveLength(head.length / 2 + size);
    out.append(text('a'));
    out.append(sized(size));
    stage.clock.flush();
    expect(socket.bytes.subarray(alone.length + 3).equals(alone)).toBe(true);
  });
});

describe('SharedChain', () => {
  it('writes once a turn, at its end', () => {
    const stage = new Stage();
    const { socket, out } = stage.connection();
    for (const payload of ['a', 'b', 'c']) out.append(text(payload));
    expect(socket.writes).toEqual([]);
    stage.clock.flush();
    expect(socket.writes.map(String)).toEqual(['\ufffd\u0001a\ufffd\u0001b\ufffd\u0001c']);
    stage.clock.flush();
    expect(socket.writes).toHaveLength(1);
  });

  it('gives one frame alone to all its connections as one buffer', () => {
    const stage = new Stage();
    const [one, two] = [stage.connection(), stage.connection()];
    const frame = text('shared');
    one.out.append(frame);
    two.out.append(frame);
    stage.clock.flush();
    expect(one.socket.writes[0]).toBe(two.socket.writes[0]);
    expect(frame.wire).toBe(one.socket.writes[0]);
  });

  it('gives the same frames in the same order as one buffer', () => {
    const stage = new Stage();
    const connections = Array.from({ length: 100 }, () => stage.connection());
    for (let i = 0; i < 64; i += 1) {
      const frame = text(`publication ${i}`);
      for (const { out } of connections) out.append(frame);
    }
    stage.clock.flush();
    expect(new Set(connections.map(({ socket }) => socket.writes[0])).size).toBe(1);
    expect(connections.every(({ socket }) => socket.writes.length === 1)).toBe(true);
  });

  it('starts anew with each turn', () => {
    const stage = new Stage();
    const [one, two] = [stage.connection(), stage.connection()];
    const frame = text('again');
    one.out.append(frame);
    one.out.append(frame);
    stage.clock.flush();
    two.out.append(frame);
    two.out.append(frame);
    stage.clock.flush();
    expect(two.socket.bytes.equals(one.socket.bytes)).toBe(true);
  });

  it('keeps the exact order of each connection, whatever they share', () => {
    const frames = Array.from({ length: 5 }, (_, i) => text(String(i).repeat(i + 1)));
    const step = fc.record({ connection: fc.nat(3), frame: fc.nat(4), turn: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const stage = new Stage();
        const connections = Array.from({ length: 4 }, () => ({ ...stage.connection(), due: [] as Buffer[] }));
        for (const { connection, frame, turn } of steps) {
          const { out, due } = connections[connection]!;
          const payload = Buffer.concat(frames[frame]!.parts);
          out.append(frames[frame]!);
          due.push(Buffer.of(0x81, payload.length), payload);
          if (turn) stage.clock.flush();
        }
        stage.clock.flush();
        for (const { socket, due } of connections) expect(socket.bytes.equals(Buffer.concat(due))).toBe(true);
      }),
    );
  });

  it('does not join more than 64 KiB, and corks instead', () => {
    const stage = new Stage();
    const { socket, out } = stage.connection(1_000_000);
    const frames = Array.from({ length: 3 }, () => sized(30_000));
    for (const frame of frames) out.append(frame);
    stage.clock.flush();
    expect(socket.corks).toEqual([0]);
    expect(socket.writes).toEqual(frames.map(({ wire }) => wire));
  });

  it('does not copy a frame of more than 64 KiB', () => {
    const stage = new Stage();
    const { socket, out } = stage.connection();
    const frame = sized(65_537);
    out.append(frame);
    stage.clock.flush();
    expect([frame.wire, socket.writes[1]]).toEqual([undefined, frame.parts[0]]);
  });

  it('writes nothing to a socket that has ended', () => {
    const stage = new Stage();
    const { socket, out } = stage.connection();
    out.append(text('x'));
    socket.writable = false;
    stage.clock.flush();
    expect([socket.writes, out.buffered]).toEqual([[], 0]);
  });
});

describe('the bounds of a connection', () => {
  it('B1: counts exactly what this turn and the socket hold', () => {
    const stage = new Stage();
    const { socket, out } = stage.connection();
    socket.fast = false;
    expect([out.append(sized(100)), out.append(sized(200))]).toEqual([102, 306]);
    stage.clock.flush();
    expect(out.buffered).toBe(306);
    expect(out.append(sized(10))).toBe(318);
    socket.take(306);
    expect(out.buffered).toBe(12);
  });

  it('B1: is congested at the high-water mark and tells once when it is below the low-water mark', () => {
    const stage = new Stage();
    const { socket, out } = stage.connection();
    socket.fast = false;
    out.append(sized(HIGH - 7));
    expect(out.congested).toBe(false);
    out.append(sized(0));
    expect(out.congested).toBe(false);
    out.append(sized(1));
    expect(out.congested).toBe(true);
    stage.clock.flush();
    socket.take(socket.writableLength - LOW);
    out.append(sized(0));
    stage.clock.flush();
    expect(stage.drains).toBe(0);
    socket.take(3);
    expect(stage.drains).toBe(1);
    socket.take(socket.writableLength);
    expect(stage.drains).toBe(1);
  });

  it.each([
    [100, 0],
    [99, 1],
  ])(
    'B1: with %d bytes left of a low-water mark of 100 has told %d times that there is room',
    (left, told) => {
      const stage = new Stage();
      const { socket, out } = stage.connection();
      socket.fast = false;
      out.append(sized(HIGH));
      stage.clock.flush();
      socket.take(socket.writableLength - left);
      expect([out.buffered, stage.drains]).toEqual([left, told]);
    },
  );

  it('B1: is not congested by a turn of any size while the system takes everything', () => {
    const stage = new Stage();
    const { socket, out } = stage.connection();
    const payloads = Array.from({ length: 50 }, (_, i) => String.fromCharCode(65 + i).repeat(HIGH / 10));
    for (const payload of payloads) {
      expect(out.append(text(payload))).toBeLessThan(HIGH);
      expect(out.congested).toBe(false);
    }
    stage.clock.flush();
    const frames = payloads.map((payload) => Buffer.from(`\x81\x64${payload}`, 'latin1'));
    expect(socket.bytes.equals(Buffer.concat(frames))).toBe(true);
    expect(stage.drains).toBe(0);
  });

  it('B1: tells at the end of the turn, not from inside an append, that there is room again', () => {
    const stage = new Stage();
    const { socket, out } = stage.connection();
    socket.fast = false;
    out.append(sized(HIGH));
    expect(out.congested).toBe(true);
    socket.fast = true;
    socket.writableLength = 0;
    out.append(sized(HIGH));
    expect(stage.drains).toBe(0);
    stage.clock.flush();
    expect(stage.drains).toBe(1);
  });

  it('B1: knows the age of the oldest byte that waits', () => {
    const stage = new Stage();
    const { socket, out } = stage.connection();
    const { clock } = stage;
    socket.fast = false;
    for (let i = 0; i < 3; i += 1) {
      out.append(sized(8));
      clock.flush();
      clock.advance(1000);
    }
    expect(out.age(clock.now())).toBe(3000);
    socket.take(10);
    expect(out.age(clock.now())).toBe(2000);
    socket.take(9);
    expect(out.age(clock.now())).toBe(2000);
    socket.take(11);
    expect(out.age(clock.now())).toBe(0);
  });

  it('B1: has no age while the system takes everything', () => {
    const stage = new Stage();
    const { out } = stage.connection();
    out.append(sized(8));
    stage.clock.flush();
    stage.clock.advance(60_000);
    expect(out.age(stage.clock.now())).toBe(0);
  });
});
