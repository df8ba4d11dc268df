import { afterEach, describe, expect, it } from '@jest/globals';
import { StompClients, settled } from '../../../test/support/stomp-client.js';

const peers = new StompClients();

afterEach(() => peers.end());

const bodies = (frames: string[]): (string | undefined)[] =>
  frames.map((frame) =>
    frame.startsWith('MESSAGE') ? frame.split('\n\n')[1]?.slice(0, -1) : frame.split('\n')[0],
  );

const SUB = 'SUBSCRIBE\nid:0\ndestination:/topic/a\n\n\0';
const BEGIN = 'BEGIN\ntransaction:t\n\n\0';
const send = (body: string, extra = ''): string =>
  `SEND\ndestination:/topic/a\ntransaction:t\n${extra}\n${body}\0`;

describe('transactions', () => {
  it('STOMP-56: nothing is seen before COMMIT, then all of it, in order', () => {
    const watcher = peers.connect().say(SUB);
    const c = peers.connect().say(BEGIN, send('1'), 'SEND\ndestination:/topic/a\n\noutside\0', send('2'));
    expect(bodies(watcher.heard())).toEqual(['outside']);
    c.say('COMMIT\ntransaction:t\nreceipt:r\n\n\0');
    expect(bodies(watcher.heard())).toEqual(['1', '2']);
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:r\n\n\0']);
  });

  it('STOMP-59 STOMP-60: transaction and receipt are not passed on', () => {
    const watcher = peers.connect().say(SUB);
    peers.connect().say(BEGIN, send('1', 'receipt:9\nx:y\n'), 'COMMIT\ntransaction:t\n\n\0');
    expect(watcher.heard()).toEqual([
      'MESSAGE\nsubscription:0\nmessage-id:1003-1\ndestination:/topic/a\nx:y\ncontent-length:1\n\n1\0',
    ]);
  });

  it('STOMP-40: a SEND in a transaction gets its RECEIPT when it is accepted', () => {
    const c = peers.connect().say(BEGIN, send('1', 'receipt:9\n'));
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:9\n\n\0']);
  });

  it('STOMP-55: BEGIN needs a fresh id', () => {
    const c = peers.connect().say(BEGIN, BEGIN);
    expect(c.heard()[0]).toContain('ERROR\nmessage:transaction refused\n');
    const again = peers
      .connect()
      .say(BEGIN, 'ABORT\ntransaction:t\n\n\0', BEGIN, 'COMMIT\ntransaction:t\n\n\0', BEGIN);
    expect(again.heard()).toEqual([]);
  });

  it.each([
    'COMMIT\ntransaction:u\nreceipt:1\n\n\0',
    'ABORT\ntransaction:u\nreceipt:1\n\n\0',
    'SEND\ndestination:/topic/a\ntransaction:u\nreceipt:1\n\nx\0',
    'ACK\nid:1-1-1\ntransaction:u\nreceipt:1\n\n\0',
    'NACK\nid:1-1-1\ntransaction:u\nreceipt:1\n\n\0',
  ])('STOMP-55: an unknown id is an ERROR: %j', (frame) => {
    const c = peers.connect().say(BEGIN, frame);
    expect(c.heard()[0]).toMatch(
      /^ERROR\nmessage:no such transaction\ncontent-type:text\/plain\nreceipt-id:1\n/,
    );
    expect(c.link.closeReason?.kind).toBe('protocol_error');
  });

  it.each(['BEGIN', 'COMMIT', 'ABORT'])('STOMP-55: %s needs an id', (command) => {
    expect(peers.connect().say(`${command}\n\n\0`).heard()[0]).toContain('ERROR\nmessage:missing header\n');
  });

  it('STOMP-55: ids belong to one session', () => {
    peers.connect().say(BEGIN);
    const c = peers.connect().say(send('x'));
    expect(c.heard()[0]).toContain('ERROR\nmessage:no such transaction\n');
  });

  it('STOMP-56: refuses when a frame is received what COMMIT would refuse', () => {
    peers.given({
      authorizer: { decide: (_principal, action) => ({ allow: action !== 'publish' }) },
    });
    const watcher = peers.connect().say(SUB);
    const c = peers.connect().say(BEGIN, send('1', 'receipt:7\n'));
    expect(c.heard()[0]).toMatch(/^ERROR\nmessage:not authorized\ncontent-type:text\/plain\nreceipt-id:7\n/);
    expect(watcher.heard()).toEqual([]);
  });

  it('STOMP-56: is in order also when the authorizer takes its time', async () => {
    peers.given({ authorizer: { decide: () => Promise.resolve({ allow: true }) } });
    const watcher = peers.connect().say(SUB);
    await settled();
    peers.connect().say(BEGIN + send('1') + send('2', 'receipt:2\n') + 'COMMIT\ntransaction:t\n\n\0');
    await settled();
    await settled();
    expect(bodies(watcher.heard())).toEqual(['1', '2']);
  });

  it.each([
    ['ABORT', 'ABORT\ntransaction:t\n\n\0'],
    ['DISCONNECT', 'DISCONNECT\nreceipt:1\n\n\0'],
    ['an ERROR', 'FOO\n\n\0'],
  ])('STOMP-57: %s drops what was buffered', (_how, frame) => {
    const watcher = peers.connect().say(SUB);
    peers.connect().say(BEGIN, send('1'), frame);
    expect(watcher.heard()).toEqual([]);
  });

  it('STOMP-57: the loss of the socket drops what was buffered', () => {
    const watcher = peers.connect().say(SUB);
    peers.connect().say(BEGIN, send('1')).close();
    expect(watcher.heard()).toEqual([]);
  });

  it('STOMP-58: bounds the open transactions', () => {
    const c = peers.connect();
    for (let i = 0; i < 16; i += 1) c.say(`BEGIN\ntransaction:${i}\n\n\0`);
    expect(c.heard()).toEqual([]);
    c.say('BEGIN\ntransaction:16\n\n\0');
    expect(c.heard()[0]).toContain('A session may have 16 open transactions.');
  });

  it('STOMP-58: bounds the frames of one', () => {
    const c = peers.connect().say(BEGIN);
    for (let i = 0; i < 1024; i += 1) c.say(send(''));
    expect(c.heard()).toEqual([]);
    c.say(send(''));
    expect(c.heard()[0]).toContain('ERROR\nmessage:transaction too large\n');
    expect(c.link.closeReason?.kind).toBe('policy');
  });

  it('STOMP-58: bounds the bytes of all', () => {
    const c = peers.connect().say(BEGIN, 'BEGIN\ntransaction:u\n\n\0');
    // Two frames with 31 bytes of headers each.
    c.say(send('x'.repeat(1_000_000)), send('x'.repeat(48_514)));
    expect(c.heard()).toEqual([]);
    c.say('SEND\ndestination:/topic/a\ntransaction:u\n\nx\0');
    expect(c.heard()[0]).toContain('Open transactions may have 1048576 bytes.');
  });

  it.each([
    ['SEND', send('', `h:${'x'.repeat(60_000)}\n`)],
    ['a call', `SEND\ndestination:/rpc/p\ntransaction:t\nh:${'x'.repeat(60_000)}\n\n\0`],
  ])('STOMP-58 S16: bounds the headers of all, of %s as well', (_what, frame) => {
    const c = peers.connect().say(BEGIN);
    for (let i = 0; i < 17; i += 1) c.say(frame);
    expect(c.heard()).toEqual([]);
    c.say(frame);
    expect(c.heard()[0]).toContain('Open transactions may have 1048576 bytes.');
  });

  it('STOMP-58: what is over makes room', () => {
    const c = peers.connect();
    for (let i = 0; i < 20; i += 1) c.say(BEGIN, send('x'.repeat(1_000_000)), 'ABORT\ntransaction:t\n\n\0');
    expect(c.heard()).toEqual([]);
  });
});
