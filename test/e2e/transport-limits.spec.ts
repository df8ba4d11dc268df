import { afterEach, describe, expect, it } from '@jest/globals';
import { Frame } from '../../src/subprotocols/index.js';
import type { RawWebSocket } from './raw-web-socket.js';
import { frameBytes } from './raw-web-socket.js';
import type { HarnessOptions, ProbeSession } from './transport-harness.js';
import { Harness, textFrame, until } from './transport-harness.js';

let running: Harness | undefined;

async function start(options: HarnessOptions = {}): Promise<Harness> {
  running = await Harness.start(options);
  return running;
}

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

const never = (): void => {};
const MIB = 1024 * 1024;

describe('before there is a session', () => {
  it('closes with 1008 at the login deadline', async () => {
    const harness = await start({ opened: never, limits: { loginTimeoutMs: 60 } });
    const client = await harness.open();
    expect(await client.closeFrame()).toEqual({
      code: 1008,
      text: 'No session within 60 ms (loginTimeoutMs).',
    });
  });

  it('closes with 1008 at the deadline for a first message, if nothing was offered', async () => {
    const harness = await start({ limits: { loginTimeoutMs: 60 } });
    const client = await harness.open({ protocol: undefined });
    expect((await client.closeFrame()).code).toBe(1008);
  });

  it('a session that is established just in time stays', async () => {
    const harness = await start({
      limits: { loginTimeoutMs: 60 },
      opened: never,
      react: ({ link }) => link.established(),
    });
    const client = await harness.open();
    client.send('login');
    await until('established', () => harness.transport.pending === 0);
    await new Promise((resolve) => harness.timers.schedule(120, () => resolve(undefined)));
    expect(harness.session.ends).toEqual([]);
    client.destroy();
  });

  it('closes with 1008 above 64 KiB, counted in octets, message or not', async () => {
    const harness = await start({ opened: never });
    const client = await harness.open();
    client.write(frameBytes({ opcode: 2, payload: Buffer.alloc(80_000) }).subarray(0, 65_537));
    expect(await client.closeFrame()).toEqual({
      code: 1008,
      text: 'More than 65536 bytes before a session (preLoginBytes).',
    });
  });

  it('takes 64 KiB', async () => {
    const harness = await start({ opened: never });
    const client = await harness.open();
    client.write(frameBytes({ opcode: 2, payload: Buffer.alloc(65_536 - 8) }));
    await until('it arrives', () => harness.session.received.length === 1);
    expect(harness.session.ends).toEqual([]);
  });

  it('reads 20 messages a second and no more, without closing', async () => {
    const harness = await start({ opened: never });
    const client = await harness.open();
    client.write(Buffer.concat(Array.from({ length: 30 }, () => frameBytes({ opcode: 1, payload: 'x' }))));
    await until('20 arrive', () => harness.session.received.length >= 20);
    expect(harness.session.received).toHaveLength(20);
    expect(harness.counts.get('transport.rate_pauses')).toBe(1);
    await until('the rest arrives', () => harness.session.received.length === 30);
    expect(harness.session.ends).toEqual([]);
  });

  it('closes with 1013 if more than 64 KiB wait to be sent, the head of the frame included', async () => {
    const harness = await start({ opened: never });
    const client = await harness.open();
    harness.session.link.send(new Frame(true, [Buffer.alloc(65_536 - 4 + 1)]));
    expect(await client.closeFrame()).toEqual({
      code: 1013,
      text: 'More than 65536 bytes are waiting to be read (preLoginOutboundBytes).',
    });
  });

  it('sends 64 KiB', async () => {
    const harness = await start({ opened: never });
    const client = await harness.open();
    harness.session.link.send(new Frame(true, [Buffer.alloc(65_536 - 4)]));
    expect((await client.next()).payload).toHaveLength(65_532);
    expect(harness.session.ends).toEqual([]);
  });
});

describe('reading', () => {
  it('above the message rate pauses, keeps the order, and goes on', async () => {
    const harness = await start({ limits: { messagesPerSecond: 100 } });
    const client = await harness.open();
    const texts = Array.from({ length: 150 }, (_, i) => String(i));
    client.write(Buffer.concat(texts.map((payload) => frameBytes({ opcode: 1, payload }))));
    await until('100 arrive', () => harness.session.received.length >= 100);
    expect(harness.session.received.length).toBeLessThan(110);
    await until('all arrive', () => harness.session.received.length === 150);
    expect(harness.session.texts).toEqual(texts);
  });

  it('above the octet rate pauses, and goes on', async () => {
    const harness = await start({ limits: { bytesPerSecond: 200_000 } });
    const client = await harness.open();
    for (let i = 0; i < 6; i += 1) client.send(Buffer.alloc(50_000));
    await until('all arrive', () => harness.session.received.length === 6);
    expect(harness.counts.get('transport.rate_pauses')).toBeGreaterThan(0);
    expect(harness.session.ends).toEqual([]);
  });

  it('below the rate is never paused', async () => {
    const harness = await start({ limits: { messagesPerSecond: 1000 } });
    const client = await harness.open();
    for (let i = 0; i < 9; i += 1) {
      client.write(Buffer.concat(Array.from({ length: 100 }, () => frameBytes({ opcode: 1, payload: 'x' }))));
    }
    await until('all arrive', () => harness.session.received.length === 900);
    expect(harness.counts.get('transport.rate_pauses')).toBeUndefined();
  });

  it('is paused for each reason of the session until it is lifted, in order and never re-entrantly', async () => {
    let inside = 0;
    let deepest = 0;
    const harness = await start({
      react: ({ link }, data) => {
        inside += 1;
        deepest = Math.max(deepest, inside);
        link.pause('admission');
        link.pause('pressure');
        link.resume('admission');
        if (data.toString() !== '2') link.resume('pressure');
        inside -= 1;
      },
    });
    const client = await harness.open();
    const messages = ['1', '2', '3', '4'].map((payload) => frameBytes({ opcode: 1, payload }));
    client.write(Buffer.concat(messages));
    await until('two arrive', () => harness.session.received.length === 2);
    client.send('5');
    for (let i = 0; i < 20; i += 1) await new Promise(setImmediate);
    expect(harness.session.texts).toEqual(['1', '2']);
    harness.session.link.resume('pressure');
    expect(harness.session.texts).toEqual(['1', '2']);
    await until('all arrive', () => harness.session.received.length === 5);
    expect([harness.session.texts, deepest]).toEqual([['1', '2', '3', '4', '5'], 1]);
  });

  it('W16: one flood does not starve the others', async () => {
    const spin = (ms: number): void => {
      const end = performance.now() + ms;
      while (performance.now() < end);
    };
    const harness = await start({
      limits: { sliceMs: 10 },
      react: ({ link }, data) => {
        if (data.toString() === 'flood') spin(1);
        else link.send(textFrame('healthy'));
      },
    });
    const flooding = await harness.open();
    const healthy = await harness.open();
    const flood = Array.from({ length: 1000 }, () => frameBytes({ opcode: 1, payload: 'flood' }));
    flooding.write(Buffer.concat(flood));
    const [session] = harness.sessions;
    await until('the flood begins', () => session!.received.length > 0);
    for (let i = 0; i < 10; i += 1) {
      const before = session!.received.length;
      healthy.send('hello');
      expect(await healthy.text()).toBe('healthy');
      expect(session!.received.length - before).toBeLessThan(200);
    }
    expect(session!.received.length).toBeLessThan(1000);
  });
});

describe('a frame that arrives in pieces', () => {
  /** Sends the head of a frame, then each octet of its payload so that it is a read of its own. */
  async function trickle(harness: Harness, length: number): Promise<RawWebSocket> {
    const client = await harness.open();
    const bytes = frameBytes({ opcode: 2, payload: Buffer.alloc(length) });
    const { link } = harness.session;
    for (const piece of [bytes.subarray(0, 6), ...[...bytes.subarray(6)].map((octet) => Buffer.of(octet))]) {
      const before = link.lastReceived;
      client.write(piece);
      await until('the piece is read', () => link.lastReceived > before);
    }
    return client;
  }

  it('W5: may be spread over as many reads as the limit says', async () => {
    const harness = await start({ limits: { maxBufferedChunks: 8 } });
    await trickle(harness, 8);
    expect([harness.session.received.length, harness.session.ends]).toEqual([1, []]);
  });

  it('W5: is closed with 1008 if it is spread over more', async () => {
    const harness = await start({ limits: { maxBufferedChunks: 8 } });
    const client = await trickle(harness, 9);
    expect(await client.closeFrame()).toEqual({
      code: 1008,
      text: 'More than 1024 fragments (maxFragments) or 8 reads (maxBufferedChunks).',
    });
    expect(harness.session.received).toEqual([]);
  });
});

describe('a client that does not read', () => {
  const limits = {
    outboundHighWaterBytes: MIB,
    outboundBytes: 4 * MIB,
    outboundAgeMs: 300,
    closeTimeoutMs: 200,
  };

  async function stalled(harness: Harness): Promise<RawWebSocket> {
    const client = await harness.open();
    client.socket.pause();
    return client;
  }

  /** Sends as a well-behaved session does: until the link is congested. */
  async function fill({ link }: ProbeSession): Promise<void> {
    const frame = new Frame(true, [Buffer.alloc(60_000)]);
    for (let calm = 0; calm < 3; calm += link.congested ? 1 : 0) {
      while (!link.congested) link.send(frame);
      await new Promise(setImmediate);
    }
  }

  it('B1: congests its link at the high-water mark, and is told that it has drained when it reads', async () => {
    const harness = await start({ limits: { ...limits, outboundAgeMs: 10_000 } });
    const client = await stalled(harness);
    await fill(harness.session);
    const { link } = harness.session;
    expect(link.buffered).toBeGreaterThanOrEqual(MIB);
    expect(link.buffered).toBeLessThan(MIB + 120_000);
    const before = harness.session.drains;
    client.socket.resume();
    await until('drained', () => harness.session.drains > before);
    expect(link.buffered).toBeLessThan(64 * 1024);
    expect(harness.session.ends).toEqual([]);
  });

  it('B1 W11: is closed with 1013 when its oldest byte is too old, and its memory is free within 2 s', async () => {
    const harness = await start({ limits });
    await stalled(harness);
    await fill(harness.session);
    const { session } = harness;
    await until('closed', () => session.ends.length === 1);
    expect(session.ends).toEqual([
      { code: 1013, text: 'Bytes waited for 300 ms to be read (outboundAgeMs).', by: 'us' },
    ]);
    await until('the socket is gone', () => harness.transport.connections === 0, 2_000);
    expect(harness.counts.get('transport.overloaded')).toBe(1);
    expect(session.link.buffered).toBe(0);
  });

  it('B1: a client that reads slowly but steadily stays', async () => {
    const harness = await start({ limits });
    const client = await harness.open();
    const { link } = harness.session;
    const frame = new Frame(true, [Buffer.alloc(100_000)]);
    for (let i = 0; i < 30; i += 1) {
      client.socket.pause();
      link.send(frame);
      await new Promise((resolve) => setTimeout(resolve, 20));
      client.socket.resume();
      expect((await client.next()).payload).toHaveLength(100_000);
    }
    expect(harness.session.ends).toEqual([]);
  });

  it('B1: is closed with 1013 above the hard limit, at once, and never from inside the send', async () => {
    const harness = await start({ limits: { ...limits, outboundAgeMs: 60_000 } });
    await stalled(harness);
    await fill(harness.session);
    const { session } = harness;
    const frame = new Frame(true, [Buffer.alloc(MIB)]);
    for (let i = 0; i < 4; i += 1) {
      session.link.send(frame);
      expect(session.ends).toEqual([]);
    }
    await until('closed', () => session.ends.length === 1);
    expect(session.ends).toEqual([
      { code: 1013, text: 'More than 4194304 bytes are waiting to be read (outboundBytes).', by: 'us' },
    ]);
  });

  it('B1: is told 1013 if it reads again before its socket is destroyed', async () => {
    const harness = await start({ limits: { ...limits, closeTimeoutMs: 3_000 } });
    const client = await stalled(harness);
    await fill(harness.session);
    await until('closed', () => harness.session.ends.length === 1);
    client.socket.resume();
    expect((await client.closeFrame()).code).toBe(1013);
  });

  it('W11: twenty stalled clients give their memory back within 2 s', async () => {
    const harness = await start({ limits });
    const clients = await Promise.all(Array.from({ length: 20 }, () => stalled(harness)));
    await Promise.all(harness.sessions.map(fill));
    const held = (): number => harness.sessions.reduce((sum, { link }) => sum + link.buffered, 0);
    expect(held()).toBeGreaterThan(clients.length * MIB);
    await until('all are closed', () => harness.sessions.every(({ ends }) => ends.length === 1));
    await until('all are gone', () => harness.transport.connections === 0, 2_000);
    expect(held()).toBe(0);
  });

  it('W11: that never answers our close is destroyed after the close timeout', async () => {
    const harness = await start({ limits });
    const client = await harness.open();
    harness.session.link.close({ kind: 'normal', text: 'bye' });
    expect((await client.closeFrame()).code).toBe(1000);
    await until('the socket is gone', () => harness.transport.connections === 0, 2_000);
  });
});

describe('a client that is silent', () => {
  const limits = { pingIntervalMs: 100, pongTimeoutMs: 100 };

  it('W12: is pinged, and destroyed if no octet answers', async () => {
    const harness = await start({ limits });
    const client = await harness.open();
    const ping = await client.next();
    expect([ping.opcode, ping.payload.length]).toEqual([9, 0]);
    await client.ended;
    client.destroy();
    await harness.nothingLeft();
    expect(harness.session.ends).toEqual([
      { code: 1006, text: 'No answer to a ping within 100 ms.', by: 'error' },
    ]);
  });

  it('W12: stays while it answers, with a pong or with any other octet', async () => {
    const harness = await start({ limits: { ...limits, pongTimeoutMs: 1_000 } });
    const client = await harness.open();
    const upload = frameBytes({ opcode: 2, payload: Buffer.alloc(10) });
    for (let i = 0; i < 4; i += 1) {
      await client.next();
      client.write(i % 2 === 0 ? frameBytes({ opcode: 10 }) : upload.subarray((i - 1) * 4, (i - 1) * 4 + 8));
    }
    expect(harness.session.ends).toEqual([]);
  });

  it('W12: that was reset in the middle of a frame is detached once', async () => {
    const harness = await start();
    const client = await harness.open();
    client.write(frameBytes({ opcode: 2, payload: Buffer.alloc(100) }).subarray(0, 50));
    const { link } = harness.session;
    const opened = link.lastReceived;
    await until('half a frame arrives', () => link.lastReceived > opened);
    client.socket.resetAndDestroy();
    await harness.nothingLeft();
    expect(harness.session.ends).toEqual([{ code: 1006, text: '', by: 'error' }]);
  });

  it('W12: is not judged by pongs that were not read because reading was paused', async () => {
    const harness = await start({ limits });
    const client = await harness.open();
    harness.session.link.pause('admission');
    await new Promise((resolve) => harness.timers.schedule(400, () => resolve(undefined)));
    expect(harness.session.ends).toEqual([]);
    harness.session.link.resume('admission');
    client.destroy();
  });
});
