import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { Frame } from '../subprotocols/subprotocol.js';
import { ManualClock } from '../testing/manual-clock.js';
import type { Framing } from './framing.js';
import { streamFraming, webSocketFraming } from './framing.js';
import { Outbound, SharedChain } from './outbound.js';
import { rawSocketFraming } from './raw-socket.js';

/** A socket that keeps what is written, and takes everything. */
class FakeSocket extends EventEmitter {
  bytes = Buffer.alloc(0);
  writable = true;
  destroyed = false;
  writableLength = 0;

  write(bytes: Buffer): boolean {
    this.bytes = Buffer.concat([this.bytes, bytes]);
    return true;
  }

  cork(): void {}
  uncork(): void {}
}

describe('a frame that is due in several framings', () => {
  const clock = new ManualClock();

  function connection(framing: Framing): { socket: FakeSocket; out: Outbound } {
    const socket = new FakeSocket();
    const marks = { highWater: 1_000_000, lowWater: 1000 };
    const chain = new SharedChain(clock, framing);
    return { socket, out: new Outbound(socket as unknown as Socket, chain, marks, () => {}) };
  }

  it.each([1, 2])('has in each the head of that one, %d at a time, in any order and again', (count) => {
    const frame = new Frame(false, [Buffer.from('{'), Buffer.from('}')]);
    const ways = [webSocketFraming, rawSocketFraming, streamFraming, rawSocketFraming, webSocketFraming];
    const all = ways.map(connection);
    for (let turn = 0; turn < 2; turn += 1) {
      for (const { out } of all) for (let i = 0; i < count; i += 1) out.append(frame);
      clock.flush();
    }
    const expected = ['81027b7d', '000000027b7d', '7b7d', '000000027b7d', '81027b7d'];
    expect(all.map(({ socket }) => socket.bytes.toString('hex'))).toEqual(
      expected.map((hex) => hex.repeat(2 * count)),
    );
  });

  it.each([
    [webSocketFraming, '827f0000000000011170'],
    [rawSocketFraming, '00011170'],
    [streamFraming, ''],
  ])('has it too if it is too long to be copied, %#', (framing, head) => {
    const { socket, out } = connection(framing);
    const payload = Buffer.alloc(70_000, 'x');
    out.append(new Frame(true, [payload]));
    expect(out.buffered).toBe(70_000 + head.length / 2);
    clock.flush();
    expect(socket.bytes).toEqual(Buffer.concat([Buffer.from(head, 'hex'), payload]));
  });
});
