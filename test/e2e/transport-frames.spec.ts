import { afterEach, describe, expect, it } from '@jest/globals';
import type { FrameToSend, RawWebSocket } from './raw-web-socket.js';
import { frameBytes } from './raw-web-socket.js';
import type { HarnessOptions } from './transport-harness.js';
import { Harness, textFrame, until } from './transport-harness.js';

const TEXT = 1;
const BINARY = 2;
const CONTINUATION = 0;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

let running: Harness | undefined;

async function start(options: HarnessOptions = {}): Promise<Harness> {
  running = await Harness.start(options);
  return running;
}

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

/** Sends frames on a connection of its own; returns how the server closed it. */
async function closeAfter(harness: Harness, frames: readonly FrameToSend[]): Promise<number | undefined> {
  const client = await harness.open();
  for (const frame of frames) client.frame(frame);
  const { code } = await client.closeFrame();
  client.destroy();
  return code;
}

async function roundTrip(harness: Harness): Promise<RawWebSocket> {
  const client = await harness.open({ protocol: 'v1.echo' });
  client.send('still here');
  expect(await client.text()).toBe('still here');
  return client;
}

describe('a malformed frame', () => {
  const table: readonly (readonly [string, number, readonly FrameToSend[]])[] = [
    ['W1: RSV1 without an extension', 1002, [{ opcode: TEXT, rsv: 4, payload: 'x' }]],
    ['W1: RSV2', 1002, [{ opcode: TEXT, rsv: 2, payload: 'x' }]],
    ['W1: RSV3', 1002, [{ opcode: TEXT, rsv: 1, payload: 'x' }]],
    ['W1: a reserved data opcode', 1002, [{ opcode: 3, payload: 'x' }]],
    ['W1: a reserved control opcode', 1002, [{ opcode: 11, payload: 'x' }]],
    ['W2: a frame without a mask', 1002, [{ opcode: TEXT, payload: 'x', masked: false }]],
    ['W3: a declared length of 2^31', 1009, [{ opcode: BINARY, declaredLength: 2n ** 31n }]],
    ['W3: a declared length of 2^53', 1009, [{ opcode: BINARY, declaredLength: 2n ** 53n }]],
    ['W3: a declared length of 2^62', 1009, [{ opcode: BINARY, declaredLength: 2n ** 62n }]],
    ['W3: a declared length of 2^64 - 1', 1009, [{ opcode: BINARY, declaredLength: 2n ** 64n - 1n }]],
    ['W7: an octet that no UTF-8 has', 1007, [{ opcode: TEXT, payload: Buffer.from('48ff', 'hex') }]],
    ['W7: an overlong form', 1007, [{ opcode: TEXT, payload: Buffer.from('c0af', 'hex') }]],
    ['W7: a surrogate', 1007, [{ opcode: TEXT, payload: Buffer.from('eda080', 'hex') }]],
    ['W7: a code point above U+10FFFF', 1007, [{ opcode: TEXT, payload: Buffer.from('f4908080', 'hex') }]],
    [
      'W7: a text that ends within a character',
      1007,
      [{ opcode: TEXT, payload: Buffer.from('e282', 'hex') }],
    ],
    ['W7: a close reason that is no UTF-8', 1007, [{ opcode: CLOSE, payload: Buffer.from('03e8ff', 'hex') }]],
    ['W9: a fragmented ping', 1002, [{ opcode: PING, fin: false }]],
    ['W9: a ping of 126 bytes', 1002, [{ opcode: PING, payload: Buffer.alloc(126) }]],
    ['W9: a continuation of nothing', 1002, [{ opcode: CONTINUATION, payload: 'x' }]],
    [
      'W9: a new message within a message',
      1002,
      [
        { opcode: TEXT, fin: false, payload: 'x' },
        { opcode: TEXT, payload: 'y' },
      ],
    ],
    ['W10: a close frame of one byte', 1002, [{ opcode: CLOSE, payload: Buffer.of(3) }]],
    ...[0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65_535].map(
      (code) =>
        [
          `W10: the close code ${code}`,
          1002,
          [{ opcode: CLOSE, payload: Buffer.of(code >> 8, code & 255) }],
        ] as const,
    ),
  ];

  it.each(table)('%s is answered with %d, and nobody else notices', async (_name, code, frames) => {
    const harness = await start();
    const neighbour = await roundTrip(harness);
    expect(await closeAfter(harness, frames)).toBe(code);
    neighbour.send('and I');
    expect(await neighbour.text()).toBe('and I');
    await until('the session has ended', () => harness.session.ends.length === 1);
    expect(harness.session.ends).toEqual([expect.objectContaining({ code, by: 'us' })]);
    expect(harness.defects).toEqual([]);
  });

  it('W1: a thousand of them on a hundred connections leave nothing behind', async () => {
    const harness = await start();
    for (let round = 0; round < 10; round += 1) {
      const codes = table.slice(0, 12).map(([, , frames]) => closeAfter(harness, frames));
      expect((await Promise.all(codes)).every((code) => code !== undefined)).toBe(true);
    }
    await harness.nothingLeft();
    expect(harness.sessions).toHaveLength(120);
  });

  it('W2: a frame without a mask is answered with 1002', async () => {
    const harness = await start();
    expect(await closeAfter(harness, [{ opcode: TEXT, payload: 'x', masked: false }])).toBe(1002);
  });

  it('W3: a huge declared length allocates nothing', async () => {
    const harness = await start();
    const before = process.memoryUsage().arrayBuffers;
    await closeAfter(harness, [{ opcode: BINARY, declaredLength: 2n ** 31n - 1n }]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
  });
});

describe('a well-formed frame', () => {
  it.each([0, 1, 125, 126, 127, 65_535, 65_536, 65_537])('of %d bytes comes back as it was', async (size) => {
    const harness = await start();
    const client = await harness.open({ protocol: 'v1.echo' });
    client.send(Buffer.from('warm-up'));
    await client.next();
    const payload = Buffer.alloc(size, 'abc');
    client.send(payload);
    const frame = await client.next();
    expect([frame.fin, frame.rsv, frame.opcode, frame.masked]).toEqual([true, 0, BINARY, false]);
    expect(frame.payload.equals(payload)).toBe(true);
  });

  it('W9: a ping in the middle of a fragmented message is answered at once', async () => {
    const harness = await start();
    const client = await harness.open({ protocol: 'v1.echo' });
    client.frame({ opcode: TEXT, fin: false, payload: 'a' });
    client.frame({ opcode: PING, payload: 'ping' });
    const pong = await client.next();
    expect([pong.opcode, pong.payload.toString()]).toEqual([PONG, 'ping']);
    client.frame({ opcode: CONTINUATION, payload: 'b' });
    expect(await client.text()).toBe('ab');
  });

  it('W9: a ping of 125 bytes is answered', async () => {
    const harness = await start();
    const client = await harness.open();
    client.frame({ opcode: PING, payload: Buffer.alloc(125, 'x') });
    expect((await client.next()).payload).toHaveLength(125);
  });

  it('W9: data after a close frame is not looked at', async () => {
    const harness = await start();
    const client = await harness.open();
    client.write(
      Buffer.concat([
        frameBytes({ opcode: TEXT, payload: 'before' }),
        frameBytes({ opcode: CLOSE, payload: Buffer.of(3, 232) }),
        frameBytes({ opcode: TEXT, payload: 'after' }),
      ]),
    );
    expect(await client.closeFrame()).toEqual({ code: 1000, text: '' });
    await client.ended;
    client.destroy();
    await harness.nothingLeft();
    expect(harness.session.texts).toEqual(['before']);
    expect(harness.session.ends).toEqual([{ code: 1000, text: '', by: 'peer' }]);
  });

  it('W7: a character cut by fragments is put together', async () => {
    const harness = await start();
    const client = await harness.open({ protocol: 'v1.echo' });
    client.frame({ opcode: TEXT, fin: false, payload: Buffer.from('e2', 'hex') });
    client.frame({ opcode: CONTINUATION, payload: Buffer.from('82ac', 'hex') });
    expect(await client.text()).toBe('€');
  });

  it.each([undefined, 1000, 1001, 1011, 3000, 4999])('W10: the close code %p is answered', async (code) => {
    const harness = await start();
    const client = await harness.open();
    if (code === undefined) client.frame({ opcode: CLOSE });
    else client.close(code, 'why');
    expect((await client.closeFrame()).code).toBe(code);
    client.destroy();
    await harness.nothingLeft();
    const text = code === undefined ? '' : 'why';
    expect(harness.session.ends).toEqual([{ code: code ?? 1005, text, by: 'peer' }]);
  });
});

describe('the size of a message', () => {
  const limits = { messageBytes: 1000 };

  it('W4: at the limit passes, in one frame and in fragments', async () => {
    const harness = await start({ limits });
    const client = await harness.open({ protocol: 'v1.echo' });
    for (let i = 0; i < 50; i += 1) {
      client.send(Buffer.alloc(1000));
      expect((await client.next()).payload).toHaveLength(1000);
    }
    client.frame({ opcode: BINARY, fin: false, payload: Buffer.alloc(500) });
    client.frame({ opcode: CONTINUATION, payload: Buffer.alloc(500) });
    expect((await client.next()).payload).toHaveLength(1000);
  });

  it('W4: above the limit is closed with 1009 that says so, in one frame and in fragments', async () => {
    const harness = await start({ limits });
    const whole = await harness.open();
    whole.send(Buffer.alloc(1001));
    expect(await whole.closeFrame()).toEqual({
      code: 1009,
      text: 'A message may have 1000 bytes (messageBytes).',
    });
    const fragments = [
      { opcode: BINARY, fin: false, payload: Buffer.alloc(500) },
      { opcode: CONTINUATION, payload: Buffer.alloc(501) },
    ];
    expect(await closeAfter(harness, fragments)).toBe(1009);
  });

  it('W4: compression is not accepted when it is offered', async () => {
    const harness = await start();
    const client = await harness.open({
      headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' },
    });
    client.frame({ opcode: TEXT, rsv: 4, payload: 'x' });
    expect((await client.closeFrame()).code).toBe(1002);
  });

  it('W5: more fragments than the limit are closed with 1008', async () => {
    const harness = await start({ limits: { maxFragments: 16 } });
    const fragments = Array.from({ length: 16 }, (_, i) => ({
      opcode: i === 0 ? TEXT : CONTINUATION,
      fin: false,
      payload: 'x',
    }));
    expect(await closeAfter(harness, [...fragments, { opcode: CONTINUATION, payload: 'x' }])).toBe(1008);
  });

  it('W5: a client that sends many messages, each with as many fragments as the limit, stays', async () => {
    const harness = await start({ limits: { maxFragments: 4, messagesPerSecond: 1_000_000 } });
    const client = await harness.open();
    const message = Buffer.concat(
      [0, 1, 2, 3].map((i) =>
        frameBytes({ opcode: i === 0 ? TEXT : CONTINUATION, fin: i === 3, payload: 'x' }),
      ),
    );
    const hundred = Buffer.concat(Array.from({ length: 100 }, () => message));
    for (let i = 0; i < 200; i += 1) client.write(hundred);
    await until('all arrive', () => harness.session.received.length === 20_000);
    expect(harness.session.ends).toEqual([]);
  });

  it('W5: a frame that arrives octet by octet is put together', async () => {
    const harness = await start();
    const client = await harness.open({ protocol: 'v1.echo' });
    for (const octet of frameBytes({ opcode: TEXT, payload: 'slow' })) {
      client.write(Buffer.of(octet));
      await new Promise(setImmediate);
    }
    expect(await client.text()).toBe('slow');
  });

  it('W8: a flood of pings is answered or ended, and nobody else notices', async () => {
    const harness = await start();
    const neighbour = await roundTrip(harness);
    const client = await harness.open();
    client.write(Buffer.concat(Array.from({ length: 10_000 }, () => frameBytes({ opcode: PING }))));
    await until('answered or ended', () => client.unread >= 20_000 || client.socket.destroyed);
    neighbour.send('hello');
    expect(await neighbour.text()).toBe('hello');
  });
});

describe('the end of a link', () => {
  it('sends what is queued before the close frame', async () => {
    const harness = await start({
      react: ({ link }) => {
        link.send(textFrame('one'));
        link.send(textFrame('two'));
        link.close({ kind: 'policy', text: 'enough' });
      },
    });
    const client = await harness.open();
    client.send('x');
    expect([await client.text(), await client.text()]).toEqual(['one', 'two']);
    expect(await client.closeFrame()).toEqual({ code: 1008, text: 'enough' });
  });

  it('sends what is queued before it answers a close frame, or a malformed one, in the same packet', async () => {
    const harness = await start({ react: ({ link }) => link.send(textFrame('answer')) });
    for (const last of [{ opcode: CLOSE, payload: Buffer.of(3, 232) }, { opcode: 3 }]) {
      const client = await harness.open();
      client.write(Buffer.concat([frameBytes({ opcode: TEXT, payload: 'question' }), frameBytes(last)]));
      expect(await client.text()).toBe('answer');
      await client.closeFrame();
      client.destroy();
    }
  });

  it('answers a close frame after the messages that came before it, although reading was paused', async () => {
    const harness = await start({
      react: ({ link }, data) => {
        link.send(textFrame(`got ${data.toString()}`));
        if (data.toString() !== '1') return;
        link.pause('admission');
        setTimeout(() => link.resume('admission'), 20);
      },
    });
    const client = await harness.open();
    const messages = ['1', '2', '3'].map((payload) => frameBytes({ opcode: TEXT, payload }));
    client.write(Buffer.concat([...messages, frameBytes({ opcode: CLOSE, payload: Buffer.of(3, 232) })]));
    expect([await client.text(), await client.text(), await client.text()]).toEqual([
      'got 1',
      'got 2',
      'got 3',
    ]);
    expect((await client.closeFrame()).code).toBe(1000);
  });

  it('W14: a send after the close is a counted no-op, whoever closed', async () => {
    const harness = await start({
      react: ({ link }) => {
        link.close({ kind: 'normal', text: '' });
        link.send(textFrame('too late'));
        link.close({ kind: 'policy', text: 'the first call decides' });
      },
    });
    const client = await harness.open();
    client.send('x');
    const frame = await client.next();
    expect([frame.opcode, frame.payload.toString('hex')]).toEqual([CLOSE, '03e8']);
    client.destroy();
    await harness.nothingLeft();
    harness.session.link.send(textFrame('much too late'));
    harness.session.link.pause('rate');
    harness.session.link.resume('rate');
    harness.session.link.established();
    expect(harness.counts.get('transport.sends_after_close')).toBe(2);
  });

  it('W14: the session is told once and never from inside a send, also when the socket was reset', async () => {
    const harness = await start();
    const client = await harness.open();
    client.socket.resetAndDestroy();
    const { link } = harness.session;
    for (let i = 0; i < 1000 && harness.session.ends.length === 0; i += 1) {
      const before = harness.session.ends.length;
      link.send(textFrame('x'));
      expect(harness.session.ends).toHaveLength(before);
      await new Promise(setImmediate);
    }
    await harness.nothingLeft();
    expect(harness.session.ends).toEqual([{ code: 1006, text: '', by: 'error' }]);
  });

  it('W14: an exception in a session is a defect, closes with 1011, and the process lives', async () => {
    const harness = await start({
      react: () => {
        throw new Error('a bug');
      },
    });
    const neighbour = await roundTrip(harness);
    const client = await harness.open();
    client.send('x');
    expect(await client.closeFrame()).toEqual({
      code: 1011,
      text: 'An internal error ended this connection.',
    });
    expect(harness.defects).toEqual(['session.receive']);
    neighbour.send('fine');
    expect(await neighbour.text()).toBe('fine');
  });

  it('reports its events', async () => {
    const harness = await start();
    const client = await harness.open({ protocol: 'v1.echo' });
    client.send('BYE');
    expect(await client.closeFrame()).toEqual({ code: 1000, text: 'bye' });
    client.close(1000);
    await harness.nothingLeft();
    const link = expect.stringMatching(/^link-\d+$/);
    expect(harness.events).toEqual([
      { name: 'connected', fields: { link, remote: '127.0.0.1', token: 'v1.echo' } },
      { name: 'closed', fields: { link, code: 1000, text: 'bye', by: 'us', ms: expect.any(Number) } },
    ]);
  });
});
