import { afterEach, describe, expect, it } from '@jest/globals';
import type { StompClient } from '../../../test/support/stomp-client.js';
import { StompClients } from '../../../test/support/stomp-client.js';

const peers = new StompClients();

afterEach(() => peers.end());

const header = (frame: string | undefined, name: string): string | undefined =>
  frame
    ?.split('\n\n')[0]
    ?.split('\n')
    .find((line) => line.startsWith(`${name}:`))
    ?.slice(name.length + 1);
const bodies = (frames: string[]): string[] =>
  frames.map((frame) =>
    frame.startsWith('MESSAGE\n') ? frame.slice(frame.indexOf('\n\n') + 2, -1) : frame.split('\n')[0]!,
  );

const BEGIN = 'BEGIN\ntransaction:t\n\n\0';
const COMMIT = 'COMMIT\ntransaction:t\nreceipt:c\n\n\0';
const ABORT = 'ABORT\ntransaction:t\nreceipt:a\n\n\0';
const COMMITTED = 'RECEIPT\nreceipt-id:c\n\n\0';
const send = (body: string, destination: string, extra = 'transaction:t\n'): string =>
  `SEND\ndestination:${destination}\n${extra}\n${body}\0`;
const subscribe = (destination: string, extra = '', id = 's'): string =>
  `SUBSCRIBE\nid:${id}\ndestination:${destination}\n${extra}\n\0`;
const settle = (command: string, frame: string | undefined, extra = 'transaction:t\n'): string =>
  `${command}\nid:${header(frame, 'ack')}\n${extra}\n\0`;
/** A consumer of the queue `a` in which these messages wait; what it was given. */
const worker = (mode: string, ...texts: string[]): { client: StompClient; held: string[] } => {
  peers.connect().say(...texts.map((text) => send(text, '/queue/a', '')));
  const client = peers.connect().say(subscribe('/queue/a', `ack:${mode}\n`));
  return { client, held: client.heard() };
};
/** What is left in a queue. */
const left = (destination = '/queue/a'): [string, string | undefined][] => {
  const c = peers.connect().say(subscribe(destination));
  const frames = c.heard();
  c.close();
  return bodies(frames).map((body, at) => [body, header(frames[at], 'redelivered')]);
};

describe('transactions over queues', () => {
  it('STOMP-56: COMMIT shows messages of queues and topics in one step, in order, and nothing before', () => {
    const watcher = peers.connect();
    watcher.say(subscribe('/queue/a', '', 'q'), subscribe('/topic/a', '', 't'));
    const c = peers.connect().say(BEGIN, send('1', '/topic/a'), send('2', '/queue/a'), send('3', '/topic/a'));
    c.say(send('outside', '/queue/a', ''));
    expect(bodies(watcher.heard())).toEqual(['outside']);
    c.say(COMMIT);
    const frames = watcher.heard();
    expect(bodies(frames).sort()).toEqual(['1', '2', '3']);
    expect(bodies(frames.filter((frame) => header(frame, 'subscription') === 't'))).toEqual(['1', '3']);
    expect(c.heard()).toEqual([COMMITTED]);
  });

  it('STOMP-56: messages to one queue are contiguous in it', () => {
    const c = peers.connect().say(BEGIN, send('1', '/queue/a'), send('2', '/queue/a'));
    peers.connect().say(send('other', '/queue/a', ''));
    c.say(COMMIT);
    expect(left().map(([body]) => body)).toEqual(['other', '1', '2']);
  });

  it('STOMP-56: an ACK counts at the COMMIT, together with the SENDs', () => {
    const { client, held } = worker('client-individual', '1', '2');
    client.say(BEGIN, settle('ACK', held[0]), send('done', '/queue/b'));
    expect(left('/queue/b')).toEqual([]);
    client.say(COMMIT);
    expect(client.heard()).toEqual([COMMITTED]);
    client.close();
    expect(left()).toEqual([['2', 'true']]);
    expect(left('/queue/b')).toEqual([['done', undefined]]);
  });

  it('STOMP-56: a NACK counts at the COMMIT', () => {
    const { client, held } = worker('client-individual', '1');
    client.say(BEGIN, settle('NACK', held[0]));
    expect(client.heard()).toEqual([]);
    client.say(COMMIT);
    const frames = client.heard();
    expect(frames[0]).toBe(COMMITTED);
    expect([bodies(frames)[1], header(frames[1], 'redelivered')]).toEqual(['1', 'true']);
  });

  it('STOMP-56: a NACK with requeue:false gives up at the COMMIT', () => {
    const { client, held } = worker('client-individual', '1');
    client.say(BEGIN, settle('NACK', held[0], 'requeue:false\ntransaction:t\n'));
    expect(left('/queue/a.dead')).toEqual([]);
    client.say(COMMIT);
    expect(left('/queue/a.dead').map(([body]) => body)).toEqual(['1']);
  });

  it('STOMP-49 STOMP-56: a cumulative ACK covers at the COMMIT what it covered when it came', () => {
    const { client, held } = worker('client', '1', '2', '3');
    client.say(BEGIN, settle('ACK', held[1]), send('4', '/queue/a'), COMMIT);
    expect(bodies(client.heard())).toEqual(['RECEIPT', '4']);
    client.close();
    expect(left().map(([body]) => body)).toEqual(['3', '4']);
  });

  it('STOMP-49 STOMP-56: of ACK and NACK that cover the same delivery the first counts', () => {
    const { client, held } = worker('client', '1', '2', '3');
    client.say(BEGIN, settle('ACK', held[0]), settle('NACK', held[2], 'requeue:false\ntransaction:t\n'));
    client.say(settle('ACK', held[1]), settle('ACK', held[2]), COMMIT);
    expect(client.heard()).toEqual([COMMITTED]);
    client.close();
    expect([left(), left('/queue/a.dead').map(([body]) => body)]).toEqual([[], ['2', '3']]);
  });

  it('STOMP-57 S18: after ABORT what was acknowledged inside is un-acknowledged again, and may be acknowledged', () => {
    const { client, held } = worker('client-individual', '1', '2');
    client.say(BEGIN, settle('ACK', held[0]), settle('ACK', held[1]), ABORT);
    client.say(settle('ACK', held[0], 'receipt:r\n'));
    expect(client.heard()).toEqual(['RECEIPT\nreceipt-id:a\n\n\0', 'RECEIPT\nreceipt-id:r\n\n\0']);
    client.close();
    expect(left()).toEqual([['2', 'true']]);
  });

  it.each([
    ['DISCONNECT', 'DISCONNECT\nreceipt:1\n\n\0'],
    ['an ERROR', 'FOO\n\n\0'],
    ['the loss of the connection', ''],
  ])('STOMP-57 S16: %s drops the SENDs and gives back what was acknowledged', (_how, frame) => {
    const { client, held } = worker('client-individual', '1');
    client.say(BEGIN, settle('ACK', held[0]), send('x', '/queue/b'));
    if (frame !== '') client.say(frame);
    client.close();
    expect([left(), left('/queue/b')]).toEqual([[['1', 'true']], []]);
  });

  it.each([
    ['SEND', (_held: string) => 'SEND\ndestination:/queue/b\ntransaction:t\nreceipt:1\n\nx\0'],
    ['ACK', (held: string) => settle('ACK', held, 'transaction:t\nreceipt:1\n')],
    ['NACK', (held: string) => settle('NACK', held, 'transaction:t\nreceipt:1\n')],
  ])('STOMP-40: the RECEIPT of a %s inside says that it was accepted', (_command, frame) => {
    const { client, held } = worker('client-individual', '1');
    client.say(BEGIN, frame(held[0]!));
    expect(client.heard()).toEqual(['RECEIPT\nreceipt-id:1\n\n\0']);
  });

  it('STOMP-56 X6: refuses when it comes what COMMIT would refuse', () => {
    peers.given({ authorizer: { decide: (_principal, action) => ({ allow: action !== 'publish' }) } });
    const c = peers.connect().say(BEGIN, send('1', '/queue/a', 'transaction:t\nreceipt:7\n'));
    expect(c.heard()[0]).toMatch(/^ERROR\nmessage:not authorized\ncontent-type:text\/plain\nreceipt-id:7\n/);
  });

  it('STOMP-50 S18: a foreign ACK inside is an ERROR when it comes', () => {
    const { held } = worker('client', '1');
    const c = peers.connect().say(BEGIN, settle('ACK', held[0]));
    expect(c.heard()[0]).toContain('ERROR\nmessage:no such delivery\n');
  });

  it('STOMP-56: a COMMIT that does not fit is refused whole', () => {
    const { client, held } = worker('client-individual', '1');
    peers.connect().say(subscribe('/queue/b', 'x-max-length:1\nack:client\n'));
    client.say(BEGIN, settle('ACK', held[0]), send('1', '/queue/b'), send('2', '/queue/b'), COMMIT);
    expect(client.heard()[0]).toMatch(/^ERROR\nmessage:queue full\ncontent-type:text\/plain\nreceipt-id:c\n/);
    expect(left()).toEqual([['1', 'true']]);
  });

  it('STOMP-56: a COMMIT is refused whole if a message that it acknowledges has gone back to its queue', () => {
    const { client, held } = worker('client-individual', '1');
    client.say(BEGIN, settle('ACK', held[0]), send('done', '/queue/b'), 'UNSUBSCRIBE\nid:s\n\n\0', COMMIT);
    expect(client.heard()[0]).toMatch(/^ERROR\nmessage:no such subscription\n(.*\n)*receipt-id:c\n/);
    expect([left(), left('/queue/b')]).toEqual([[['1', 'true']], []]);
  });

  it('STOMP-56: a COMMIT passes over what was acknowledged outside meanwhile', () => {
    const { client, held } = worker('client-individual', '1');
    client.say(BEGIN, settle('ACK', held[0]), send('done', '/queue/b'), settle('ACK', held[0], ''), COMMIT);
    expect(client.heard()).toEqual([COMMITTED]);
    expect([left(), left('/queue/b')]).toEqual([[], [['done', undefined]]]);
  });

  it('STOMP-57: with soft errors a COMMIT that is refused leaves what it acknowledged un-acknowledged', () => {
    peers.connect().say(send('1', '/queue/a', ''), subscribe('/queue/b', 'x-max-length:1\nack:client\n'));
    const c = peers.open().say('CONNECT\naccept-version:1.2\nhost:realm1\nsoft-errors:true\n\n\0');
    c.say(subscribe('/queue/a', 'ack:client\n'));
    const [, message] = c.heard();
    c.say(BEGIN, settle('ACK', message), send('1', '/queue/b'), send('2', '/queue/b'), COMMIT);
    expect(header(c.heard()[0], 'message')).toBe('queue full');
    c.say(settle('ACK', message, 'receipt:r\n'));
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:r\n\n\0']);
    c.close();
    expect(left()).toEqual([]);
  });

  it('STOMP-59: transaction is not passed on', () => {
    const c = peers.connect().say(BEGIN, send('1', '/queue/a'), COMMIT, subscribe('/queue/a'));
    expect(c.heard()[1]).not.toContain('transaction');
  });

  it('calls inside are made after the COMMIT', () => {
    const callee = peers.connect().say(subscribe('/rpc/p'));
    const c = peers.connect().say(BEGIN, send('1', '/rpc/p'), send('2', '/queue/a'));
    expect(callee.heard()).toEqual([]);
    c.say(COMMIT);
    expect(bodies(callee.heard())).toEqual(['1']);
  });

  it('NACK of a call inside declines it at the COMMIT', () => {
    const callee = peers.connect().say(subscribe('/rpc/p', 'ack:client-individual\n'));
    const caller = peers.connect().say('SEND\ndestination:/rpc/p\nreply-to:/temp-queue/r\n\nx\0');
    callee.say(BEGIN, settle('NACK', callee.heard()[0]));
    expect(caller.heard()).toEqual([]);
    callee.say(COMMIT);
    expect(header(caller.heard()[0], 'error')).toBe('wamp.error.no_available_callee');
  });

  it('S16: many cumulative ACKs over many deliveries are one walk', () => {
    const texts = Array.from({ length: 256 }, (_, i) => String(i));
    const { client, held } = worker('client', ...texts);
    client.say(BEGIN, ...held.map((frame) => settle('ACK', frame)), COMMIT);
    expect(client.heard()).toEqual([COMMITTED]);
    client.close();
    expect(left()).toEqual([]);
  });
});
