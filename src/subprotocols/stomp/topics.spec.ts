import { afterEach, describe, expect, it } from '@jest/globals';
import { StompClients, settled } from '../../../test/support/stomp-client.js';
import type { Action, Pattern } from '../../broker/index.js';
import { Payload } from '../../broker/index.js';

const peers = new StompClients();

afterEach(() => peers.end());

const SUB_A = 'SUBSCRIBE\nid:0\ndestination:/topic/a\n\n\0';

describe('SEND to a topic', () => {
  it('STOMP-61 STOMP-62: arrives as MESSAGE with its destination, its headers and its body', () => {
    const c = peers
      .connect()
      .say(SUB_A, 'SEND\ndestination:/topic/a\ncontent-type:text/plain\nx:y\nz:\n\nhello\0');
    expect(c.heard()).toEqual([
      'MESSAGE\nsubscription:0\nmessage-id:1002-1\ndestination:/topic/a\nx:y\nz:\ncontent-type:text/plain\ncontent-length:5\n\nhello\0',
    ]);
  });

  it('STOMP-62 S21: shows the destination as it was sent, while the canonical address is routed', () => {
    const c = peers.connect().say('SUBSCRIBE\nid:0\ndestination:/topic/a%20b.%23c\n\n\0');
    c.say('SEND\ndestination:/topic/a b.#c\n\n\0');
    expect(c.heard()).toEqual([
      'MESSAGE\nsubscription:0\nmessage-id:1002-1\ndestination:/topic/a b.#c\n\n\0',
    ]);
  });

  it('STOMP-16: leaves content-length out where there is no body, and never copies the sender’s', () => {
    const c = peers.connect().say(SUB_A, 'SEND\ndestination:/topic/a\ncontent-length:0\n\n\0');
    expect(c.heard()[0]).not.toContain('content-length');
    c.say('SEND\ndestination:/topic/a\n\nh\u00e9\u00e9\0');
    expect(c.heard()[0]).toContain('content-length:5\n');
  });

  it('STOMP-11: passes on the first of repeated headers only', () => {
    const c = peers.connect().say(SUB_A, 'SEND\ndestination:/topic/a\nx:1\nx:2\n\n\0');
    expect(c.heard()[0]).toContain('x:1\n');
    c.say('SEND\ndestination:/topic/a\nx:1\nx:2\n\n\0');
    expect(c.heard()[0]).not.toContain('x:2\n');
  });

  it('STOMP-63: frames may be split and joined at will', () => {
    const c = peers.connect();
    c.say(
      `${SUB_A}SEND\ndestination:/to`,
      'pic/a\n\nxé'.slice(0, 9),
      'y\0\nBEGIN\ntransaction:t\nreceipt:1',
      '\n\n\0',
    );
    expect(c.heard().map((frame) => frame.split('\n')[0])).toEqual(['MESSAGE', 'RECEIPT']);
  });

  it('STOMP-63 STOMP-66: takes a frame cut inside a character', () => {
    const c = peers.connect().say(SUB_A);
    const bytes = Buffer.from('SEND\ndestination:/topic/a\nx:\u{1f600}\n\n\u{1f600}\0');
    for (const byte of bytes) c.say(Buffer.from([byte]));
    expect(c.heard()[0]).toContain('x:\u{1f600}\ncontent-length:4\n\n\u{1f600}\0');
  });

  it('STOMP-66: survives a content-length that a client sends twice, and one that it leaves out', () => {
    const c = peers.connect().say(SUB_A);
    c.say(
      'SEND\ndestination:/topic/a\ncontent-length:2\ncontent-length:7\n\nhi\0',
      'SEND\ndestination:/topic/a\n\nho\0',
    );
    expect(c.heard().map((frame) => frame.split('\n\n')[1])).toEqual(['hi\0', 'ho\0']);
  });

  it('STOMP-64: sends one frame in each message', () => {
    const c = peers.connect().say(SUB_A);
    c.say(
      'SEND\ndestination:/topic/a\n\n1\0SEND\ndestination:/topic/a\n\n2\0SEND\ndestination:/topic/a\nreceipt:r\n\n3\0',
    );
    const heard = c.heard();
    expect(heard).toHaveLength(4);
    for (const frame of heard) expect(frame.match(/\0/g)).toHaveLength(1);
  });

  it('STOMP-65: chooses text or binary for each message', () => {
    const c = peers.connect().say(SUB_A);
    const send = (type: string, body: Buffer): Buffer =>
      Buffer.concat([
        Buffer.from(`SEND\ndestination:/topic/a\n${type}content-length:${body.length}\n\n`),
        body,
        Buffer.from('\0'),
      ]);
    c.say(
      send('', Buffer.from('text')),
      send('', Buffer.from([0xff, 0x00, 0x80])),
      send('content-type:application/octet-stream\n', Buffer.from('ascii')),
      send('content-type:application/cbor\n', Buffer.from([0x01])),
      send('content-type:application/json\n', Buffer.from('{}')),
      send('content-type:image/png\n', Buffer.alloc(0)),
    );
    expect(c.link.sent.map((frame) => frame.isBinary)).toEqual([false, true, true, true, false, false]);
    expect(c.link.take()[1]).toEqual(
      Buffer.concat([
        Buffer.from('MESSAGE\nsubscription:0\nmessage-id:1003-1\ndestination:/topic/a\ncontent-length:3\n\n'),
        Buffer.from([0xff, 0x00, 0x80, 0x00]),
      ]),
    );
  });

  it('STOMP-65: answers only in binary when the first message was binary', () => {
    const c = peers.open().say(Buffer.from('CONNECT\naccept-version:1.2\n\n\0'));
    c.say(SUB_A, 'SEND\ndestination:/topic/a\nreceipt:1\n\nx\0');
    expect(c.link.sent.map((frame) => frame.isBinary)).toEqual([true, true, true]);
  });

  it('hears itself, unless it says exclude-me or no-local', () => {
    const c = peers.connect().say(SUB_A, 'SUBSCRIBE\nid:1\ndestination:/topic/a\nno-local:true\n\n\0');
    c.say('SEND\ndestination:/topic/a\n\nx\0');
    expect(c.heard()).toEqual([expect.stringContaining('subscription:0\n')]);
    c.say('SEND\ndestination:/topic/a\nexclude-me:true\n\nx\0');
    expect(c.heard()).toEqual([]);
  });

  it('shows what a WAMP client has published', () => {
    const c = peers.connect().say('SUBSCRIBE\nid:0\ndestination:/topic/com.acme.*\n\n\0');
    const other = peers.other();
    const say = (payload: Payload): void =>
      void other.attachment.publish({}, { topic: 'com.acme.x', payload, disclose: true });
    say(Payload.ofValues([{ a: 1 }]));
    say(Payload.ofValues([1, 'b'], { c: true }));
    say(Payload.empty);
    expect(c.heard().map((frame) => frame.replace(/message-id:.*\n/, ''))).toEqual([
      'MESSAGE\nsubscription:0\ndestination:/topic/com.acme.x\npublisher:1002\nuser-id:tester\npublisher-role:user\ncontent-type:application/json\nwamp-payload:value\ncontent-length:7\n\n{"a":1}\0',
      'MESSAGE\nsubscription:0\ndestination:/topic/com.acme.x\npublisher:1002\nuser-id:tester\npublisher-role:user\ncontent-type:application/wamp+json\nwamp-payload:both\ncontent-length:36\n\n{"args":[1,"b"],"kwargs":{"c":true}}\0',
      'MESSAGE\nsubscription:0\ndestination:/topic/com.acme.x\npublisher:1002\nuser-id:tester\npublisher-role:user\nwamp-payload:none\n\n\0',
    ]);
  });

  it('passes wamp-payload on, and lets it say how the body is read', () => {
    const c = peers.connect().say(SUB_A);
    const other = peers.other();
    void other.attachment.subscribe({}, { key: 'k', pattern: { match: 'exact', text: 'a' } });
    other.told.length = 0;
    c.say('SEND\ndestination:/topic/a\ncontent-type:application/json\nwamp-payload:args\n\n[1,2]\0');
    expect(c.heard()[0]).toContain('content-type:application/json\nwamp-payload:args\ncontent-length:5\n');
    const [told] = other.told;
    expect(told?.kind === 'delivered' && told.publication.payload.values().args).toEqual([1, 2]);
  });
});

describe('sharing', () => {
  it('encodes one frame for all subscriptions of the same id and version, and one tail for all ids', () => {
    const clients = ['0', '0', '0', '1'].map((id) =>
      peers.connect().say(`SUBSCRIBE\nid:${id}\ndestination:/topic/a\n\n\0`),
    );
    clients[0]!.say('SEND\ndestination:/topic/a\n\nx\0');
    const [a, b, c, d] = clients.map((client) => client.link.sent[0]!);
    expect(a).toBe(b);
    expect(b).toBe(c);
    expect(d).not.toBe(c);
    // The tail is no copy: it lies where the first frame ends.
    const [whole, tail] = [c!.parts[0]!, d!.parts[1]!];
    expect(tail.buffer).toBe(whole.buffer);
    expect(tail.byteOffset + tail.length).toBe(whole.byteOffset + whole.length);
  });

  it('shares it also when subscribers of another id come in between', () => {
    const clients = ['0', '1', '0', '1'].map((id) =>
      peers.connect().say(`SUBSCRIBE\nid:${id}\ndestination:/topic/a\n\n\0`),
    );
    clients[0]!.say('SEND\ndestination:/topic/a\n\nx\0');
    const [a, b, c, d] = clients.map((client) => client.link.sent[0]!);
    expect([a === c, b === d]).toEqual([true, true]);
  });
});

describe('receipts', () => {
  it('STOMP-39: every frame but CONNECT may ask for one', () => {
    const c = peers.connect();
    c.say(
      'SUBSCRIBE\nid:0\ndestination:/topic/a\nack:client\nreceipt:1\n\n\0',
      'SEND\ndestination:/topic/a\nreceipt:2\n\n\0',
    );
    const [, , message] = c.heard();
    const [, ack] = /ack:(.*)\n/.exec(message ?? '') ?? [];
    c.say(
      `ACK\nid:${ack}\nreceipt:3\n\n\0`,
      `NACK\nid:${ack}\nreceipt:4\n\n\0`,
      'BEGIN\ntransaction:t\nreceipt:5\n\n\0',
      'COMMIT\ntransaction:t\nreceipt:6\n\n\0BEGIN\ntransaction:t\n\n\0',
      'ABORT\ntransaction:t\nreceipt:7\n\n\0',
      'UNSUBSCRIBE\nid:0\nreceipt:8\n\n\0',
      'DISCONNECT\nreceipt:9\n\n\0',
    );
    expect(c.heard()).toEqual([3, 4, 5, 6, 7, 8, 9].map((n) => `RECEIPT\nreceipt-id:${n}\n\n\0`));
  });

  it('STOMP-37: leave in order, also when an admission takes its time', async () => {
    let allow: (decision: { allow: boolean }) => void = () => {};
    peers.given({
      authorizer: {
        decide: (_principal, _action, { text }: Pattern) =>
          text === 'slow' ? new Promise((resolve) => (allow = resolve)) : { allow: true },
      },
    });
    const c = peers
      .connect()
      .say(
        'SEND\ndestination:/topic/a\nreceipt:1\n\n\0SEND\ndestination:/topic/slow\nreceipt:2\n\n\0SEND\ndestination:/topic/a\nreceipt:3\n\n\0',
        'BEGIN\ntransaction:t\nreceipt:4\n\n\0',
      );
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:1\n\n\0']);
    allow({ allow: true });
    await settled();
    expect(c.heard()).toEqual([2, 3, 4].map((n) => `RECEIPT\nreceipt-id:${n}\n\n\0`));
  });

  it('STOMP-38: comes before the first MESSAGE of a subscription', () => {
    const c = peers.connect();
    c.say('SUBSCRIBE\nid:0\ndestination:/topic/a\nreceipt:r:1\n\n\0SEND\ndestination:/topic/a\n\nx\0');
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:r\\c1\n\n\0', expect.stringMatching(/^MESSAGE\n/)]);
  });

  it('S23: has at most 256 bytes, and comes back as it is', () => {
    const c = peers.connect();
    c.say(`BEGIN\ntransaction:1\nreceipt:${'é'.repeat(128)}\n\n\0`);
    expect(c.heard()).toEqual([`RECEIPT\nreceipt-id:${'é'.repeat(128)}\n\n\0`]);
    c.say(`BEGIN\ntransaction:2\nreceipt:${'r'.repeat(257)}\n\n\0`);
    expect(c.heard()).toEqual([
      'ERROR\nmessage:receipt too long\ncontent-type:text/plain\ncontent-length:29\n\nA receipt may have 256 bytes.\0',
    ]);
  });

  it('S23: a flood of them gives no more bytes than it takes', () => {
    const c = peers.connect();
    const flood = 'SEND\ndestination:/topic/a\nreceipt:1\n\n\0'.repeat(5000);
    c.say(flood);
    expect(c.link.take().reduce((sum, frame) => sum + frame.length, 0)).toBeLessThan(2 * flood.length);
  });
});

describe('ERROR', () => {
  const errors: [string, string, string][] = [
    ['SEND\n\nx\0', 'invalid destination', 'policy'],
    ['SEND\ndestination:/nope/a\nreceipt:7\n\nx\0', 'invalid destination', 'policy'],
    ['SUBSCRIBE\ndestination:/topic/a\nreceipt:7\n\n\0', 'missing header', 'protocol_error'],
    ['SUBSCRIBE\nid:1\n\n\0', 'invalid destination', 'policy'],
    ['SEND\ndestination:/topic/wamp.x\nreceipt:7\n\n\0', 'reserved destination', 'policy'],
    ['FOO\nreceipt:7\n\n\0', 'unknown command', 'protocol_error'],
    ['CONNECTED\nreceipt:7\n\n\0', 'unknown command', 'protocol_error'],
    ['ACK\nreceipt:7\n\n\0', 'missing header', 'protocol_error'],
    ['UNSUBSCRIBE\nid:9\nreceipt:7\n\n\0', 'no such subscription', 'protocol_error'],
    ['SEND\nreceipt:7\ncontent-length:x\n\n\0', 'malformed frame', 'protocol_error'],
    ['ACK\nreceipt:7\n\nbody\0', 'malformed frame', 'protocol_error'],
  ];

  it.each(errors)(
    'STOMP-41 STOMP-42 STOMP-43: %j ends in %s, then a close of kind %s',
    (frame, message, kind) => {
      const c = peers.connect().say(frame);
      const [error, ...more] = c.heard();
      expect(more).toEqual([]);
      expect(error).toMatch(new RegExp(`^ERROR\nmessage:${message}\ncontent-type:text/plain\n`));
      expect(error!.includes('receipt-id:7\n')).toBe(frame.includes('receipt:7'));
      expect(error!.length).toBeLessThan(300);
      expect(c.link.closeReason).toEqual({ kind, text: message });
      expect(peers.broker.stats.sessions).toBe(0);
    },
  );

  it('STOMP-43: invalid UTF-8 closes as invalid data, too much as too big', () => {
    const invalid = peers
      .connect()
      .say(Buffer.concat([Buffer.from('SEND\nx:'), Buffer.from([0xff]), Buffer.from('\n\n\0')]));
    expect(invalid.link.closeReason?.kind).toBe('invalid_data');
    const big = peers.connect().say('SEND\ndestination:/topic/a\ncontent-length:1048577\n\n');
    expect(big.link.closeReason?.kind).toBe('too_big');
  });

  it.each(['publish', 'subscribe'] as const)(
    'STOMP-41: an authorizer that denies to %s',
    (denied: Action) => {
      peers.given({ authorizer: { decide: (_principal, action) => ({ allow: action !== denied }) } });
      const c = peers.connect().say(SUB_A, 'SEND\ndestination:/topic/a\nreceipt:7\n\nx\0');
      expect(c.heard().at(-1)).toContain('ERROR\nmessage:not authorized\n');
      expect(c.link.closeReason?.kind).toBe('policy');
    },
  );

  it('S24: shows at most 64 characters of the input, escaped', () => {
    const c = peers.connect().say(`SEND\ndestination:/evil/<b>\u{1f600}\\n${'x'.repeat(5000)}\n\n\0`);
    const [error] = c.heard();
    expect(error).not.toMatch(/x{60}/);
    const plain = peers.connect().say(`UNSUBSCRIBE\nid:<b>\u{1f600}${'x'.repeat(5000)}\n\n\0`);
    expect(plain.heard()[0]).toContain(
      `There is no subscription <b>\\xf0\\x9f\\x98\\x80${'x'.repeat(45)}.\0`,
    );
  });

  it('S24: never holds a stack trace', () => {
    peers.given({
      authorizer: {
        decide: () => {
          throw new Error('secret at line 7');
        },
      },
    });
    const c = peers.connect().say('SEND\ndestination:/topic/a\n\nx\0');
    expect(c.heard()).toEqual([
      'ERROR\nmessage:authorization failed\ncontent-type:text/plain\ncontent-length:22\n\nThe authorizer failed.\0',
    ]);
  });

  it('S25: what follows an ERROR is discarded', () => {
    const watcher = peers.connect().say(SUB_A);
    peers.connect().say('FOO\n\n\0SEND\ndestination:/topic/a\n\nx\0', 'SEND\ndestination:/topic/a\n\ny\0');
    expect(watcher.heard()).toEqual([]);
  });
});

describe('the end', () => {
  it('STOMP-44 S25: what follows DISCONNECT is discarded', () => {
    const watcher = peers.connect().say(SUB_A);
    const c = peers
      .connect()
      .say('DISCONNECT\nreceipt:1\n\n\0SEND\ndestination:/topic/a\n\nx\0', 'FOO\n\n\0');
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:1\n\n\0']);
    expect(watcher.heard()).toEqual([]);
  });

  it('STOMP-45 STOMP-42 STOMP-43: the client closes first; we do 1.5 s after the RECEIPT', () => {
    const c = peers.connect().say('DISCONNECT\nreceipt:1\n\n\0');
    expect(peers.broker.stats.sessions).toBe(0);
    peers.services.clock.advance(1400);
    expect(c.link.closeReason).toBeUndefined();
    peers.services.clock.advance(300);
    expect(c.link.closeReason).toEqual({ kind: 'normal', text: 'disconnected' });
  });

  it('tells a client that is too slow to come back', () => {
    peers.given({ brokerLimits: { backlogMessages: 2 } });
    const slow = peers.connect().say(SUB_A);
    const c = peers.connect();
    slow.link.congested = true;
    for (let i = 0; i < 4; i += 1) c.say('SEND\ndestination:/topic/a\n\nx\0');
    expect(slow.heard().map((frame) => frame.split('\n').slice(0, 2).join())).toEqual([
      'MESSAGE,subscription:0',
      'ERROR,message:limit exceeded',
    ]);
    expect(slow.link.closeReason?.kind).toBe('overloaded');
  });

  it('keeps events back while the link is congested, and hands them over in order', () => {
    const slow = peers.connect().say(SUB_A);
    const c = peers.connect();
    slow.link.congested = true;
    for (const body of ['1', '2', '3']) c.say(`SEND\ndestination:/topic/a\n\n${body}\0`);
    const body = (frame: string): string | undefined => frame.split('\n\n')[1];
    expect(slow.heard().map(body)).toEqual(['1\0']);
    slow.link.congested = false;
    slow.session.drained();
    expect(slow.heard().map(body)).toEqual(['2\0', '3\0']);
  });

  it('survives a socket that ends in the middle of an admission', async () => {
    let allow: (decision: { allow: boolean }) => void = () => {};
    peers.given({ authorizer: { decide: () => new Promise((resolve) => (allow = resolve)) } });
    const c = peers.connect().say(`${SUB_A}SEND\ndestination:/topic/a\n\nx\0`);
    c.close();
    allow({ allow: true });
    await settled();
    expect(peers.broker.stats).toMatchObject({ sessions: 0, subscriptions: 0 });
  });

  it('S12 W16: a flood in one message gives way to others, and is processed to its end', async () => {
    const c = peers.connect().say(SUB_A);
    const { clock } = peers.services;
    const now = clock.now.bind(clock);
    let looked = 0;
    clock.now = () => now() + 7 * (looked += 1);
    c.say('SEND\ndestination:/topic/a\n\nx\0'.repeat(200));
    expect(c.link.sent.length).toBeLessThan(200);
    clock.now = now;
    for (let i = 0; i < 20; i += 1) {
      clock.flush();
      await settled();
    }
    expect(c.heard()).toHaveLength(200);
    expect([...c.link.paused]).toEqual([]);
  });
});
