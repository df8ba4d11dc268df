import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { StompClients } from '../../../test/support/stomp-client.js';
import { Payload } from '../../broker/index.js';

const peers = new StompClients();

afterEach(() => peers.end());

type Version = '1.0' | '1.1' | '1.2';
const VERSIONS: readonly Version[] = ['1.0', '1.1', '1.2'];
const SUB_A = 'SUBSCRIBE\nid:0\ndestination:/topic/a\n\n\0';

const RESERVED = [
  'subscription',
  'message-id',
  'ack',
  'redelivered',
  'user-id',
  'publisher',
  'publisher-role',
  'receipt',
  'id',
  'login',
  'passcode',
];

/** A reader of its own: the header block of one MESSAGE by the letter of each version. */
function headersOf(frame: string, version: Version): [string, string][] {
  const letters: Record<string, string> = {
    n: '\n',
    c: ':',
    '\\': '\\',
    ...(version === '1.2' && { r: '\r' }),
  };
  const decode = (text: string): string => {
    if (version === '1.0') return text;
    let plain = '';
    for (let i = 0; i < text.length; i += 1) {
      if (text[i] !== '\\') plain += text[i];
      else {
        i += 1;
        const letter = letters[text[i] ?? ''];
        if (letter === undefined) throw new Error(`undefined escape in ${JSON.stringify(text)}`);
        plain += letter;
      }
    }
    return plain;
  };
  return frame
    .slice(0, frame.indexOf('\n\n'))
    .split('\n')
    .slice(1)
    .map((line) => [decode(line.slice(0, line.indexOf(':'))), decode(line.slice(line.indexOf(':') + 1))]);
}

describe('headers from one version to another', () => {
  const escape = (text: string, version: Version): string =>
    version === '1.0'
      ? text
      : text.replace(/[\\\n\r:]/g, (c) => ({ '\\': '\\\\', '\n': '\\n', '\r': '\\r', ':': '\\c' })[c]!);

  const controls = Array.from({ length: 0x20 }, (_, code) => String.fromCharCode(code)).filter(
    (c) => c !== '\0',
  );

  describe.each(VERSIONS)('from %s', (from) => {
    it.each(VERSIONS)(
      'S9 STOMP-05 STOMP-60: every control character in a value arrives in %s as it was, or not at all',
      (to) => {
        const receiver = peers.connect(to).say(SUB_A);
        const sender = peers.connect(from, { profile: 'strict' });
        for (const character of [...controls, ':', '\\', '\u007f', '\u0085']) {
          if (from !== '1.2' && character === '\r') continue;
          if (from === '1.0' && character === '\n') continue;
          sender.say(`SEND\ndestination:/topic/a\nx:${escape(`v${character}ack:evil`, from)}\nlast:1\n\n\0`);
          const headers = new Map(headersOf(receiver.heard()[0]!, to));
          const unspeakable = { '1.0': ['\n', '\r'], '1.1': ['\r'], '1.2': [] as string[] }[to].includes(
            character,
          );
          expect(headers.get('x')).toBe(unspeakable ? undefined : `v${character}ack:evil`);
          expect([...headers.keys()].filter((name) => name !== 'x')).toEqual([
            'subscription',
            'message-id',
            'destination',
            'last',
          ]);
        }
        expect(sender.link.closeReason).toBeUndefined();
      },
    );
  });

  it('S9: a name with a colon is left out where it cannot be said', () => {
    const receivers = VERSIONS.map((version) => peers.connect(version).say(SUB_A));
    peers.connect().say('SEND\ndestination:/topic/a\nack\\cx:evil\n\n\0');
    const heard = receivers.map((receiver, i) =>
      headersOf(receiver.heard()[0]!, VERSIONS[i]!).map(([name]) => name),
    );
    const common = ['subscription', 'message-id', 'destination'];
    expect(heard).toEqual([common, [...common, 'ack:x'], [...common, 'ack:x']]);
  });

  it('X3: headers of WAMP clients, whatever they hold, become no other headers', () => {
    const receivers = VERSIONS.map((version) => peers.connect(version).say(SUB_A));
    const other = peers.other();
    const character = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
    const special = fc.constantFrom('\0', '\r', '\n', ':', '\\', ...controls, ...RESERVED);
    const text = fc.array(fc.oneof(special, character), { maxLength: 5 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(text, text), { maxLength: 5, selector: ([name]) => name }),
        (pairs) => {
          const headers = new Map(pairs);
          void other.attachment.publish({}, { topic: 'a', payload: Payload.empty, headers });
          receivers.forEach((receiver, i) => {
            const read = headersOf(receiver.heard()[0]!, VERSIONS[i]!);
            const own = ['subscription', 'message-id', 'destination', 'wamp-payload'];
            const sane = (value: string): string => Buffer.from(value).toString();
            const known = new Map([...headers].map(([name, value]) => [sane(name), sane(value)]));
            for (const [name, value] of read) {
              if (own.includes(name)) continue;
              expect(RESERVED).not.toContain(name);
              expect(known.get(name)).toBe(value);
            }
            expect(read.slice(0, 3).map(([name]) => name)).toEqual(own.slice(0, 3));
          });
        },
      ),
      { numRuns: 150 },
    );
  });

  it('X3: takes a hundred headers of a WAMP client, and no more', () => {
    const c = peers.connect().say(SUB_A);
    const headers = new Map(Array.from({ length: 10_000 }, (_, i) => [`h${i}`, 'v']));
    void peers.other().attachment.publish({}, { topic: 'a', payload: Payload.empty, headers });
    expect(headersOf(c.heard()[0]!, '1.2').filter(([name]) => name.startsWith('h'))).toHaveLength(100);
  });
});

describe('forged headers', () => {
  it('S11 STOMP-60: what only the server says is never passed on', () => {
    const c = peers.connect().say(SUB_A);
    const forged = RESERVED.map((name) => `${name}:forged\n`).join('');
    c.say(`SEND\ndestination:/topic/a\n${forged}content-length:1\nmine:1\n\nx\0`);
    const [receipt, message] = c.heard();
    expect(receipt).toBe('RECEIPT\nreceipt-id:forged\n\n\0');
    expect(headersOf(message!, '1.2')).toEqual([
      ['subscription', '0'],
      ['message-id', expect.stringMatching(/^\d+-\d+$/)],
      ['destination', '/topic/a'],
      ['mine', '1'],
      ['content-length', '1'],
    ]);
  });

  it('X5: nor when a WAMP client says it', () => {
    const c = peers.connect().say(SUB_A);
    const headers = new Map(
      [...RESERVED, 'destination', 'content-type', 'wamp-payload'].map((n) => [n, 'forged']),
    );
    void peers.other().attachment.publish({}, { topic: 'a', payload: Payload.ofValues([1]), headers });
    expect(headersOf(c.heard()[0]!, '1.2').filter(([, value]) => value === 'forged')).toEqual([]);
  });

  it('S11: the server’s own identity headers stand alone', () => {
    const c = peers.connect().say(SUB_A);
    const headers = new Map([['user-id', 'root']]);
    void peers
      .other()
      .attachment.publish({}, { topic: 'a', payload: Payload.empty, headers, disclose: true });
    expect(headersOf(c.heard()[0]!, '1.2').filter(([name]) => name === 'user-id')).toEqual([
      ['user-id', 'tester'],
    ]);
  });

  it.each([
    'disclose-me:true',
    'disclose_me:true',
    'exclude_me:true',
    'exclude_authid:anonymous',
    'eligible_authrole:admin',
    'Eligible:1002',
    'acknowledge:true',
    'get_retained:true',
    'concurrency:1',
    'force_reregister:true',
    'match:prefix',
    '_trustlevel:9',
    'receive_progress:true',
  ])('X4: a header that looks like a WAMP option stays inert text: %s', (line) => {
    const c = peers.connect().say(SUB_A);
    c.say(`SEND\ndestination:/topic/a\n${line}\n\n\0`);
    const plain = c.heard();
    expect(plain).toHaveLength(1);
    expect(plain[0]).toContain(`\n${line}\n`);
    expect(plain[0]).not.toContain('publisher');
    c.say(`SUBSCRIBE\nid:1\ndestination:/topic/ab\n${line}\n\n\0`, 'SEND\ndestination:/topic/abc\n\n\0');
    expect(c.heard()).toEqual([]);
    const both = `SUBSCRIBE\nid:2\ndestination:/rpc/p\n${line}\n\n\0`;
    c.say(both);
    expect(peers.connect().say(both).heard()[0]).toContain('ERROR\nmessage:procedure already exists\n');
  });
});

describe('hostile input', () => {
  it.each([
    ['S5', 'SEND\ndestination:/topic/a\ncontent-length:-1\n\nx\0', 'protocol_error'],
    ['S5', 'SEND\ndestination:/topic/a\ncontent-length:9007199254740993\n\nx\0', 'protocol_error'],
    ['S5', 'SEND\ndestination:/topic/a\ncontent-length:4294967296\n\nx\0', 'too_big'],
    [
      'S6',
      'SEND\ndestination:/topic/a\ncontent-length:1\n\nxSEND\ndestination:/topic/a\n\ncanary\0',
      'protocol_error',
    ],
    ['S8', `SEND\ndestination:/topic/a\n${'x:1\n'.repeat(100)}\n\0`, 'too_big'],
    ['S10', 'SEND\ndestination:/topic/a\\tb\n\n\0', 'protocol_error'],
    ['S10', 'SEND\ndestination:/topic/a\\\n\n\0', 'protocol_error'],
    ['S10', 'SEND\ndestination:/topic/a\\nb\n\n\0', 'policy'],
    ['S10', 'SEND\n:x\n\n\0', 'protocol_error'],
    ['S3', `SEND\nx:${'y'.repeat(65_537)}`, 'too_big'],
  ])('%s: %j is an ERROR and the end, and reaches nobody', (_id, frame, kind) => {
    const watcher = peers.connect().say(SUB_A);
    const c = peers.connect().say(frame + SUB_A, SUB_A);
    expect(c.heard()).toEqual([expect.stringMatching(/^ERROR\n/)]);
    expect(c.link.closeReason?.kind).toBe(kind);
    expect([watcher.heard(), peers.broker.stats.subscriptions]).toEqual([[], 1]);
  });

  it('S3 S8: just below the limits nothing happens, for a long time', () => {
    const c = peers.connect();
    const headers = Array.from({ length: 98 }, (_, i) => `h${i}:v\n`).join('');
    const frame = `SEND\ndestination:/topic/a\n${'n'.repeat(256)}:v\n${headers}\n\0`;
    const long = `SEND\ndestination:/topic/a\nx:${'y'.repeat(65_536)}\n\n\0`;
    for (let i = 0; i < 300; i += 1) c.say(frame, long);
    c.say('BEGIN\ntransaction:t\nreceipt:1\n\n\0');
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:1\n\n\0']);
  });

  it('S7: a NUL in a body without content-length makes frames of the same client only', () => {
    const watcher = peers.connect().say(SUB_A);
    const c = peers.connect().say('SEND\ndestination:/topic/a\n\nx\0SEND\ndestination:/topic/a\n\ny\0');
    expect(watcher.heard()).toHaveLength(2);
    expect(c.link.closeReason).toBeUndefined();
  });

  it.each(['\n', '\0'])('S12: a mebibyte of %j is nothing', (unit) => {
    const c = peers.connect().say(Buffer.alloc(1024 * 1024, unit));
    c.say('BEGIN\ntransaction:t\nreceipt:1\n\n\0');
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:1\n\n\0']);
  });

  it('S21: the authorizer is asked about the very address that is used', () => {
    const asked: string[] = [];
    peers.given({
      authorizer: {
        decide: (_principal, action, { text }) => (asked.push(`${action} ${text}`), { allow: true }),
      },
    });
    const other = peers.other();
    void other.attachment.subscribe({}, { key: 'all', pattern: { match: 'prefix', text: '' } });
    other.told.length = 0;
    asked.length = 0;
    const c = peers.connect();
    for (const rest of ['a', 'A', 'a b', 'a/b', '%2e', 'a%2eb', 'a#', 'é'])
      c.say(`SEND\ndestination:/topic/${rest}\n\n\0`);
    expect(other.take().map((told) => told.replace('delivered', 'publish'))).toEqual(asked);
  });

  it('S1 S10 S25: no input throws, whatever it is and wherever it is cut', () => {
    const word = fc.constantFrom(
      'CONNECT\n',
      'accept-version:1.2\n',
      'SEND\n',
      'SUBSCRIBE\n',
      'UNSUBSCRIBE\n',
      'ACK\n',
      'NACK\n',
      'BEGIN\n',
      'COMMIT\n',
      'ABORT\n',
      'DISCONNECT\n',
      'destination:/topic/a\n',
      'destination:/rpc/p\n',
      'id:1\n',
      '\n\0',
      'destination:/temp-queue/x\n',
      'reply-to:/temp-queue/x\n',
      'transaction:t\n',
      'receipt:r\n',
      'x\0',
      '\0',
      'destination:/reply-queue/token-1\n',
      'ack:client\n',
      'id:call-1001-1\n',
      'content-length:3\n',
      'cancel:true\n',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 40 }), fc.nat(200), fc.boolean(), (words, at, connected) => {
        const defects: unknown[] = [];
        peers.given({
          instrumentation: { count() {}, event() {}, defect: (_where, error) => void defects.push(error) },
        });
        const c = connected ? peers.connect() : peers.open();
        const bytes = Buffer.from(words.join(''));
        c.say(bytes.subarray(0, at), bytes.subarray(at));
        expect(defects).toEqual([]);
        peers.end();
      }),
      { numRuns: 200 },
    );
  });
});
