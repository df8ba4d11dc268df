import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { FrameFault, FrameLimits, StompFrame, StompVersion } from './index.js';
import { FrameParser, encodeFrame } from './index.js';

const LIMITS: FrameLimits = {
  command: 32,
  headerName: 256,
  headerValue: 4096,
  headers: 100,
  body: 65_536,
  frame: 65_536,
};

const parserOf = (
  limits: Partial<FrameLimits> = {},
  version: StompVersion | undefined = '1.2',
  lenient = false,
): FrameParser => new FrameParser({ ...LIMITS, ...limits }, { version, lenient });

type Taken = readonly [command: string, headers: [string, string][], body: string] | string;

/** All that can be taken after each piece; a fault as its code and text. */
function read(parser: FrameParser, ...pieces: (string | Uint8Array)[]): Taken[] {
  const taken: Taken[] = [];
  for (const piece of pieces) {
    parser.push(Buffer.from(piece as string));
    for (let next = parser.take(); next !== undefined; next = parser.take()) {
      if (next.kind === 'fault') return [...taken, `${next.code}: ${next.text}`];
      taken.push([next.command, [...next.headers], next.body.toString('latin1')]);
    }
  }
  return taken;
}

const codeOf = (parser: FrameParser, ...pieces: (string | Uint8Array)[]): string | undefined => {
  const last = read(parser, ...pieces).at(-1);
  return typeof last === 'string' ? last.split(':')[0] : undefined;
};

describe('FrameParser', () => {
  it('reads a frame', () => {
    expect(read(parserOf(), 'SEND\ndestination:/topic/a\nx:y\n\nhello\0')).toEqual([
      [
        'SEND',
        [
          ['destination', '/topic/a'],
          ['x', 'y'],
        ],
        'hello',
      ],
    ]);
  });

  it('STOMP-04: never unescapes CONNECT, and splits at the first colon', () => {
    expect(read(parserOf({}, undefined), 'CONNECT\npasscode:a\\cb:c\\\n\n\0')).toEqual([
      ['CONNECT', [['passcode', 'a\\cb:c\\']], ''],
    ]);
    expect(read(parserOf({}, '1.2'), 'STOMP\npasscode:a\\tb\n\n\0')).toEqual([
      ['STOMP', [['passcode', 'a\\tb']], ''],
    ]);
  });

  it('STOMP-05: unescapes names', () => {
    expect(read(parserOf(), 'SEND\na\\cb:c\n\n\0')).toEqual([['SEND', [['a:b', 'c']], '']]);
  });

  it('STOMP-07: takes a bare colon in a value', () => {
    expect(read(parserOf(), 'SEND\ndestination:/topic/x:y\n\n\0')).toEqual([
      ['SEND', [['destination', '/topic/x:y']], ''],
    ]);
  });

  it.each(['1.0', '1.1', '1.2'] as const)('STOMP-08: takes CRLF in %s', (version) => {
    expect(read(parserOf({}, version), 'SEND\r\na:b\r\n\r\nc\r\n\0')).toEqual([
      ['SEND', [['a', 'b']], 'c\r\n'],
    ]);
  });

  it('STOMP-08: refuses a CR that stands alone in a 1.2 header', () => {
    expect(codeOf(parserOf(), 'SEND\na:b\rc\n\n\0')).toBe('malformed');
    expect(codeOf(parserOf(), 'SEND\na:b\r\r\n\n\0')).toBe('malformed');
    expect(read(parserOf({}, '1.0'), 'SEND\na:b\rc\n\n\0')).toEqual([['SEND', [['a', 'b\rc']], '']]);
  });

  it('STOMP-09 STOMP-10: passes over any line ends and stray NULs around frames', () => {
    expect(read(parserOf(), '\n\r\n\0\nBEGIN\nt:1\n\n\0\n\n\0\r\n', '\n', 'ABORT\nt:1\n\n\0\n')).toEqual([
      ['BEGIN', [['t', '1']], ''],
      ['ABORT', [['t', '1']], ''],
    ]);
  });

  it('STOMP-11 S5: the first of repeated headers wins, content-length too', () => {
    expect(read(parserOf(), 'SEND\na:1\na:2\ncontent-length:1\ncontent-length:999999999\n\nx\0')).toEqual([
      [
        'SEND',
        [
          ['a', '1'],
          ['content-length', '1'],
        ],
        'x',
      ],
    ]);
  });

  it('STOMP-12: trims nothing in 1.1 and 1.2', () => {
    expect(read(parserOf(), 'SEND\na :  b \n\n\0')).toEqual([['SEND', [['a ', '  b ']], '']]);
  });

  it('STOMP-12: a lenient 1.0 passes over blanks before the value', () => {
    expect(read(parserOf({}, '1.0', true), 'SEND\na:  b \n\n\0')).toEqual([['SEND', [['a', 'b ']], '']]);
    expect(read(parserOf({}, '1.0'), 'SEND\na: b\n\n\0')).toEqual([['SEND', [['a', ' b']], '']]);
  });

  it('STOMP-13: commands and names keep their case', () => {
    expect(read(parserOf(), 'send\nA:1\na:2\n\n\0')).toEqual([
      [
        'send',
        [
          ['A', '1'],
          ['a', '2'],
        ],
        '',
      ],
    ]);
  });

  it.each(['SUBSCRIBE\nid:1\n\nx\0', 'ACK\ncontent-length:1\n\nx\0', 'BEGIN\n\nx'])(
    'STOMP-14: refuses a body where there may be none: %j',
    (bytes) => {
      expect(codeOf(parserOf(), bytes)).toBe('malformed');
    },
  );

  it('STOMP-14: content-length:0 is no body', () => {
    expect(read(parserOf(), 'ACK\ncontent-length:0\n\n\0')).toHaveLength(1);
  });

  it('STOMP-15: counts octets, NULs among them', () => {
    expect(read(parserOf(), Buffer.from('SEND\ncontent-length:6\n\né\0\0ab\0'))).toEqual([
      ['SEND', [['content-length', '6']], 'Ã©\0\0ab'],
    ]);
  });

  it('STOMP-15 S6: never looks for the next frame when the counted body does not end where it says', () => {
    const parser = parserOf();
    const inner = 'SEND\ndestination:/topic/canary\n\nx\0';
    expect(read(parser, `SEND\ncontent-length:2\n\nabc\0${inner}`)).toEqual([
      'malformed: No NUL follows the counted body.',
    ]);
    expect(read(parser, inner)).toEqual(['malformed: No NUL follows the counted body.']);
  });

  it.each(['-1', '1e3', ' 5', '5 ', '+5', '', '0x10', '12345678901', '9007199254740993', '１', '1,2'])(
    'S5: refuses content-length:%s',
    (length) => {
      expect(codeOf(parserOf(), `SEND\ncontent-length:${length}\n\nhello\0`)).toBe('malformed');
    },
  );

  it('S5: refuses a huge content-length when its line is read, not when the body comes', () => {
    expect(codeOf(parserOf(), 'SEND\ncontent-length:9999999999\n\n')).toBe('too_large');
    expect(codeOf(parserOf({ body: 10 }), 'SEND\ncontent-length:11\n\n')).toBe('too_large');
    expect(codeOf(parserOf({ body: 10 }), 'SEND\ncontent-length:10\n\n')).toBeUndefined();
  });

  it('S7: without content-length the body ends at the first NUL', () => {
    expect(read(parserOf(), 'SEND\na:1\n\nx\0BEGIN\nt:1\n\n\0')).toEqual([
      ['SEND', [['a', '1']], 'x'],
      ['BEGIN', [['t', '1']], ''],
    ]);
  });

  it('STOMP-16: what is written has a content-length counted anew', () => {
    const bytes = encodeFrame('ERROR', [['message', 'no']], '1.2', Buffer.from('héé'));
    expect(bytes.toString()).toBe('ERROR\nmessage:no\ncontent-length:5\n\nhéé\0');
  });

  it('STOMP-17: refuses invalid UTF-8 in headers, and leaves the body alone', () => {
    const invalid = Buffer.from([0xff, 0xc3, 0x28]);
    const head = Buffer.from('SEND\na:');
    const end = Buffer.from('\n\n\0');
    expect(codeOf(parserOf(), Buffer.concat([head, invalid, end]))).toBe('invalid_utf8');
    const body = Buffer.concat([Buffer.from('SEND\na:é\n\n'), invalid, Buffer.from([0])]);
    expect(read(parserOf(), body)).toEqual([['SEND', [['a', 'é']], 'ÿÃ(']]);
  });

  it.each(['SEND\nnocolon\n\n\0', 'SEND\n:v\n\n\0', 'SEND\na\\\\\n\n\0'])(
    'STOMP-18: refuses a header line without colon or name: %j',
    (bytes) => {
      expect(codeOf(parserOf(), bytes)).toBe('malformed');
    },
  );

  it('STOMP-18: takes an empty value', () => {
    expect(read(parserOf(), 'SEND\na:\n\n\0')).toEqual([['SEND', [['a', '']], '']]);
  });

  it.each(['SEND\na\x01b:c\n\n\0', 'SEND\na\\nb:c\n\n\0', 'SEND\na\tb:c\n\n\0', 'SEND\na\x7f:c\n\n\0'])(
    'S10: refuses control characters in names: %j',
    (bytes) => {
      expect(codeOf(parserOf(), bytes)).toBe('malformed');
    },
  );

  it.each(['SEND\0', 'SEND\na\0b:c\n\n\0', 'SEND\na:b\0', 'SEND\na:b\n\0'])(
    'S10: refuses a NUL inside a head: %j',
    (bytes) => {
      expect(codeOf(parserOf(), bytes)).toBe('malformed');
    },
  );

  it('tells the receipt of a culprit whose head could be read', () => {
    const parser = parserOf();
    parser.push(Buffer.from('SEND\nreceipt:r1\ncontent-length:1\n\nxy\0'));
    expect((parser.take() as FrameFault).receipt).toBe('r1');
  });

  it('slices a body from the message that brought it', () => {
    const parser = parserOf();
    const message = Buffer.from('SEND\na:1\n\nbody\0');
    parser.push(message);
    expect((parser.take() as StompFrame).body.buffer).toBe(message.buffer);
  });

  it('does not keep a long message alive for a short body', () => {
    const parser = parserOf();
    const message = Buffer.concat([Buffer.alloc(50_000, 0x0a), Buffer.from('SEND\na:1\n\nbody\0')]);
    parser.push(message);
    expect((parser.take() as StompFrame).body.buffer).not.toBe(message.buffer);
  });
});

describe('limits of FrameParser', () => {
  const cases: [keyof FrameLimits, (size: number) => string][] = [
    ['command', (size) => `${'C'.repeat(size)}\na:b\n\n\0`],
    ['headerName', (size) => `SEND\n${'n'.repeat(size)}:v\n\n\0`],
    ['headerValue', (size) => `SEND\nn:${'v'.repeat(size)}\n\n\0`],
    ['headers', (size) => `SEND\n${'a:b\n'.repeat(size)}\n\0`],
    ['body', (size) => `SEND\n\n${'b'.repeat(size)}\0`],
    ['frame', (size) => `SEND\n\n${'b'.repeat(size - 7)}\0`],
  ];

  describe.each(cases)('%s', (limit, make) => {
    it.each(['whole', 'in bytes'])('S3 S8: takes exactly as much as it may, and not one more (%s)', (how) => {
      const pieces = (text: string): Buffer[] =>
        how === 'whole' ? [Buffer.from(text)] : [...Buffer.from(text)].map((byte) => Buffer.from([byte]));
      expect(read(parserOf({ [limit]: 20 }), ...pieces(make(20)))).toHaveLength(1);
      expect(codeOf(parserOf({ [limit]: 20 }), ...pieces(make(20)))).toBeUndefined();
      expect(codeOf(parserOf({ [limit]: 20 }), ...pieces(make(21)))).toBe('too_large');
    });

    it('S3: refuses before the line, the head or the body has ended', () => {
      if (limit === 'headers') return;
      const text = make(22).replace(/\n*\0$/, '');
      expect(codeOf(parserOf({ [limit]: 20 }), text)).toBe('too_large');
    });
  });

  it('S3: takes a CRLF after a line that is as long as it may be', () => {
    expect(
      read(parserOf({ headerValue: 3, command: 4 }), 'SEND\r', '\na:bcd\r', '\n\r', '\n\0'),
    ).toHaveLength(1);
  });

  it('S8: the time for many headers grows with their number only', () => {
    const many = (count: number): string =>
      `SEND\n${Array.from({ length: count }, (_, i) => `h${i % 50}:v`).join('\n')}\n\n\0`;
    const time = (count: number): number => {
      const began = performance.now();
      expect(read(parserOf({ headers: 200_000, frame: 1e7 }), many(count))).toHaveLength(1);
      return performance.now() - began;
    };
    time(1000);
    expect(time(100_000)).toBeLessThan(2000);
  });

  it.each(['\n', '\0', 'BEGIN\nt:1234567890\n\n\0', '\r\n'])(
    'S12: reads a mebibyte of %j in a loop, not by recursion',
    (unit) => {
      const parser = parserOf();
      parser.push(Buffer.alloc(1024 * 1024, unit));
      let frames = 0;
      for (let next = parser.take(); next?.kind === 'frame'; next = parser.take()) frames += 1;
      expect(frames).toBe(unit.startsWith('BEGIN') ? Math.floor((1024 * 1024) / unit.length) : 0);
    },
  );

  it('S3 S4: an unfinished frame in tiny pieces costs no more than twice its size', () => {
    const parser = parserOf({ body: 1024 * 1024, frame: 1024 * 1024 });
    parser.push(Buffer.from('SEND\n\n'));
    expect(parser.take()).toBeUndefined();
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 30_000; i += 1) {
      parser.push(Buffer.from('x'));
      expect(parser.take()).toBeUndefined();
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 1024 * 1024);
    expect(parser.partial).toBe(true);
  });
});

describe('properties of FrameParser', () => {
  const name = fc.string({
    minLength: 1,
    maxLength: 8,
    unit: fc.constantFrom('a', 'Z', ':', '\\', 'é', '😀', '-'),
  });
  const value = fc.string({
    maxLength: 12,
    unit: fc.constantFrom('b', ':', '\\', '\n', '\r', 'n', 'é', '😀', ' '),
  });
  const frame = fc.record({
    headers: fc.uniqueArray(fc.tuple(name, value), { maxLength: 5, selector: ([key]) => key }),
    body: fc.uint8Array({ maxLength: 40 }),
  });
  const frames = fc.array(frame, { minLength: 1, maxLength: 4 });
  const encode = (all: readonly { headers: [string, string][]; body: Uint8Array }[]): Buffer =>
    Buffer.concat(all.map(({ headers, body }) => encodeFrame('SEND', headers, '1.2', body)));

  it('STOMP-63: reads back what was written', () => {
    fc.assert(
      fc.property(frames, (all) => {
        const read_ = read(parserOf(), encode(all)).map(
          (taken) => taken as [string, [string, string][], string],
        );
        expect(read_.map(([, headers]) => headers.filter(([key]) => key !== 'content-length'))).toEqual(
          all.map(({ headers }) => headers),
        );
        expect(read_.map(([, , body]) => body)).toEqual(
          all.map(({ body }) => Buffer.from(body).toString('latin1')),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('STOMP-63: a split at any byte gives the same frames', () => {
    fc.assert(
      fc.property(frames, (all) => {
        const bytes = encode(all);
        const whole = read(parserOf(), bytes);
        for (let at = 1; at < bytes.length; at += 1) {
          expect(read(parserOf(), bytes.subarray(0, at), bytes.subarray(at))).toEqual(whole);
        }
        expect(read(parserOf(), ...[...bytes].map((byte) => Buffer.from([byte])))).toEqual(whole);
      }),
      { numRuns: 10 },
    );
  });

  it('S3 S10: garbage never throws, however it is split, and a fault is for ever', () => {
    const byte = fc.oneof(fc.constantFrom(...Buffer.from('\n\n\0:\\SENDcontent-length:3\r')), fc.nat(255));
    const garbage = fc.array(byte, { maxLength: 120 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(garbage, fc.nat(120), fc.boolean(), (bytes, at, afterSend) => {
        const all = afterSend ? Buffer.concat([Buffer.from('SEND\n'), bytes]) : bytes;
        const limits = { command: 8, headerName: 8, headerValue: 8, headers: 3, body: 16, frame: 48 };
        const whole = read(parserOf(limits), all);
        const split = read(parserOf(limits), all.subarray(0, at), all.subarray(at));
        const kind = (taken: Taken): unknown => (typeof taken === 'string' ? 'fault' : taken);
        expect(split.map(kind)).toEqual(whole.map(kind));
      }),
      { numRuns: 200 },
    );
  });
});
