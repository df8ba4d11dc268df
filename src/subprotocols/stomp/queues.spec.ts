import { afterEach, describe, expect, it } from '@jest/globals';
import type { StompClient } from '../../../test/support/stomp-client.js';
import { StompClients } from '../../../test/support/stomp-client.js';
import { Payload } from '../../broker/index.js';

const peers = new StompClients();

afterEach(() => peers.end());

const header = (frame: string | undefined, name: string): string | undefined =>
  frame
    ?.split('\n\n')[0]
    ?.split('\n')
    .find((line) => line.startsWith(`${name}:`))
    ?.slice(name.length + 1);
const bodyOf = (frame: string): string => frame.slice(frame.indexOf('\n\n') + 2, -1);
const bodies = (frames: string[]): string[] =>
  frames.map((frame) => (frame.startsWith('MESSAGE\n') ? bodyOf(frame) : frame.split('\n')[0]!));

/** Sends bodies to a queue. */
const fill = (client: StompClient, ...texts: string[]): StompClient =>
  client.say(...texts.map((text) => `SEND\ndestination:/queue/a\n\n${text}\0`));
const subscribe = (extra = '', id = 's'): string => `SUBSCRIBE\nid:${id}\ndestination:/queue/a\n${extra}\n\0`;

describe('a queue', () => {
  it('STOMP-61 STOMP-62: keeps what is sent to it, destination, headers and body', () => {
    const p = peers.connect();
    p.say('SEND\ndestination:/queue/a\nreceipt:1\ncontent-type:text/plain\nx:y\nz:\n\nhello\0');
    expect(p.heard()).toEqual(['RECEIPT\nreceipt-id:1\n\n\0']);
    expect(peers.connect().say(subscribe('ack:client\n')).heard()).toEqual([
      'MESSAGE\nsubscription:s\nmessage-id:1002-1003-1\nack:1002-1003-1\ndestination:/queue/a\nx:y\nz:\ncontent-type:text/plain\ncontent-length:5\n\nhello\0',
    ]);
  });

  it('STOMP-48: a delivery in auto mode has no ack header and is done', () => {
    const c = peers.connect().say(subscribe());
    fill(c, '1');
    expect(c.heard()).toEqual([
      'MESSAGE\nsubscription:s\nmessage-id:1002-1001-1\ndestination:/queue/a\ncontent-length:1\n\n1\0',
    ]);
    c.close();
    expect(peers.connect().say(subscribe()).heard()).toEqual([]);
  });

  it('STOMP-38: the RECEIPT of a SUBSCRIBE comes before its first MESSAGE', () => {
    fill(peers.connect(), '1');
    expect(bodies(peers.connect().say(subscribe('receipt:r\n')).heard())).toEqual(['RECEIPT', '1']);
  });

  it('STOMP-47: every delivery has a message-id of its own, also of the same message', () => {
    const c = peers.connect().say(subscribe('ack:client-individual\n'));
    fill(c, '1');
    const [first] = c.heard();
    c.say(`NACK\nid:${header(first, 'ack')}\n\n\0`);
    const [second] = c.heard();
    expect([header(first, 'message-id'), header(second, 'message-id')]).toEqual([
      '1002-1001-1',
      '1002-1001-2',
    ]);
  });

  it('gives each message to one of its consumers, in turn', () => {
    const workers = [peers.connect().say(subscribe()), peers.connect().say(subscribe())];
    fill(peers.connect(), '1', '2', '3', '4');
    expect(workers.map((worker) => bodies(worker.heard()))).toEqual([
      ['1', '3'],
      ['2', '4'],
    ]);
  });

  it('gives its messages in the order in which they were sent', () => {
    const texts = Array.from({ length: 300 }, (_, i) => String(i));
    fill(peers.connect(), ...texts);
    const c = peers.connect().say(subscribe());
    peers.services.clock.flush();
    expect(bodies(c.heard())).toEqual(texts);
  });

  it('is no topic: neither hears of the other', () => {
    const c = peers.connect().say('SUBSCRIBE\nid:t\ndestination:/topic/#\n\n\0', subscribe());
    c.say('SEND\ndestination:/topic/a\n\nevent\0', 'SEND\ndestination:/queue/a\n\nmessage\0');
    expect(c.heard().map((frame) => [header(frame, 'subscription'), bodyOf(frame)])).toEqual([
      ['t', 'event'],
      ['s', 'message'],
    ]);
  });

  it.each(['/queue/*', '/queue/#', '/queue/a.*', '/queue/a.#', '/queue/', '/queue/a..b'])(
    'STOMP-19 S21: is consumed by its name only: %s',
    (destination) => {
      const c = peers.connect().say(`SUBSCRIBE\nid:1\ndestination:${destination}\nreceipt:7\n\n\0`);
      expect(c.heard()[0]).toMatch(
        /^ERROR\nmessage:invalid destination\ncontent-type:text\/plain\nreceipt-id:7\n/,
      );
    },
  );

  it('X6 S21: the authorizer is asked about the canonical name, to send and to consume', () => {
    const asked: string[] = [];
    peers.given({
      authorizer: {
        decide: (_principal, action, { match, text }) => {
          asked.push(`${action} ${match} ${text}`);
          return { allow: true };
        },
      },
    });
    const c = peers.connect().say('SUBSCRIBE\nid:1\ndestination:/queue/a b.c\n\n\0');
    c.say('SEND\ndestination:/queue/a b.c\n\nx\0');
    expect(asked).toEqual(['consume exact queue.a%20b.c', 'publish exact queue.a%20b.c']);
    expect(header(c.heard()[0], 'destination')).toBe('/queue/a b.c');
  });

  it.each([
    ['publish', 'SEND\ndestination:/queue/a\nreceipt:7\n\nx\0'],
    ['consume', 'SUBSCRIBE\nid:1\ndestination:/queue/a\nreceipt:7\n\n\0'],
  ])('X6: a client that may not %s gets an ERROR, then the close', (denied, frame) => {
    peers.given({ authorizer: { decide: (_principal, action) => ({ allow: action !== denied }) } });
    const c = peers.connect().say(frame);
    expect(c.heard()[0]).toMatch(/^ERROR\nmessage:not authorized\ncontent-type:text\/plain\nreceipt-id:7\n/);
    expect(c.link.closeReason?.kind).toBe('policy');
  });

  it('shows a slash between words where the words are separated so', () => {
    const c = peers.connect('1.2', { separator: '/' });
    c.say('SUBSCRIBE\nid:1\ndestination:/queue/a/b\n\n\0', 'SEND\ndestination:/queue/a/b\n\nx\0');
    expect(header(c.heard()[0], 'destination')).toBe('/queue/a/b');
  });

  it('X5: headers of another protocol’s client cannot say what the server says of a delivery', () => {
    const sender = peers.other();
    const headers = new Map([
      ['redelivered', 'true'],
      ['message-id', 'forged'],
      ['ack', 'forged'],
      ['x-delivery-count', '9'],
      ['x-death-reason', 'rejected'],
      ['browser', 'end'],
      ['x', 'y'],
    ]);
    void sender.attachment.enqueue({}, { queue: 'a', payload: Payload.ofBody(Buffer.from('1')), headers });
    expect(peers.connect().say(subscribe()).heard()).toEqual([
      'MESSAGE\nsubscription:s\nmessage-id:1002-1003-1\ndestination:/queue/a\nx:y\ncontent-length:1\n\n1\0',
    ]);
  });

  it('a request in a queue is answered at the reply address of its sender', () => {
    const worker = peers.connect().say(subscribe());
    const asker = peers.connect().say('SEND\ndestination:/queue/a\nreply-to:/temp-queue/r\n\nask\0');
    const replyTo = header(worker.heard()[0], 'reply-to');
    expect(replyTo).toMatch(/^\/reply-queue\/./);
    worker.say(`SEND\ndestination:${replyTo}\n\nanswer\0`);
    expect(asker.heard().map((frame) => [header(frame, 'destination'), bodyOf(frame)])).toEqual([
      ['/temp-queue/r', 'answer'],
    ]);
  });
});

describe('ACK and NACK of messages of a queue', () => {
  const ack = (frame: string | undefined, extra = '', command = 'ACK'): string =>
    `${command}\nid:${header(frame, 'ack')}\n${extra}\n\0`;

  it.each([
    ['1.0', 'client'],
    ['1.1', 'client'],
    ['1.1', 'client-individual'],
    ['1.2', 'client'],
    ['1.2', 'client-individual'],
  ])('STOMP-48: %s acknowledges with ack:%s, and the message is gone', (version, mode) => {
    const c = peers.connect(version).say(subscribe(`ack:${mode}\n`));
    fill(c, '1');
    const [message] = c.heard();
    const id = header(message, 'message-id');
    expect(id).toBe('1002-1001-1');
    expect(header(message, 'ack')).toBe(version === '1.2' ? id : undefined);
    const named = version === '1.2' ? `id:${id}` : `message-id:${id}\nsubscription:s`;
    c.say(`ACK\n${named}\nreceipt:1\n\n\0`);
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:1\n\n\0']);
    c.close();
    expect(peers.connect().say(subscribe()).heard()).toEqual([]);
  });

  it('STOMP-49: client is cumulative within its subscription only', () => {
    const c = peers.connect();
    c.say(subscribe('ack:client\n', 's'), 'SUBSCRIBE\nid:o\ndestination:/queue/b\nack:client\n\n\0');
    c.say('SEND\ndestination:/queue/b\n\nother\0');
    fill(c, '1', '2', '3');
    const frames = c.heard();
    expect(bodies(frames)).toEqual(['other', '1', '2', '3']);
    c.say(ack(frames[2]));
    c.close();
    const d = peers.connect().say(subscribe(), 'SUBSCRIBE\nid:o\ndestination:/queue/b\n\n\0');
    expect(bodies(d.heard())).toEqual(['3', 'other']);
  });

  it('STOMP-49: client-individual is exactly one', () => {
    const c = peers.connect().say(subscribe('ack:client-individual\n'));
    fill(c, '1', '2', '3');
    c.say(ack(c.heard()[1]));
    c.close();
    expect(bodies(peers.connect().say(subscribe()).heard())).toEqual(['1', '3']);
  });

  it('STOMP-49: a NACK in client mode gives all back up to the one that it names, in their order', () => {
    const c = peers.connect().say(subscribe('ack:client\n'));
    fill(c, '1', '2', '3');
    c.say(ack(c.heard()[1], '', 'NACK'));
    const again = c.heard();
    expect(bodies(again)).toEqual(['1', '2']);
    expect(again.map((frame) => header(frame, 'redelivered'))).toEqual(['true', 'true']);
  });

  it('NACK gives the message back to its place, with redelivered and the count', () => {
    const c = peers.connect().say(subscribe('ack:client-individual\nprefetch-count:1\n'));
    fill(c, '1', '2');
    const [first] = c.heard();
    c.say(ack(first, 'receipt:r\n', 'NACK'));
    expect(c.heard()).toEqual([
      'RECEIPT\nreceipt-id:r\n\n\0',
      'MESSAGE\nsubscription:s\nmessage-id:1002-1001-2\nack:1002-1001-2\ndestination:/queue/a\nredelivered:true\nx-delivery-count:2\ncontent-length:1\n\n1\0',
    ]);
  });

  it('NACK with requeue:false gives the message up: it is a dead letter, and says so', () => {
    const c = peers.connect().say(subscribe('ack:client-individual\n'));
    fill(c, '1');
    c.say(ack(c.heard()[0], 'requeue:false\nreceipt:r\n', 'NACK'));
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:r\n\n\0']);
    const d = peers.connect().say('SUBSCRIBE\nid:d\ndestination:/queue/a.dead\n\n\0');
    const [dead] = d.heard();
    expect(dead).toContain('\n\n1\0');
    expect(
      [
        'destination',
        'x-death-reason',
        'x-death-queue',
        'x-death-count',
        'x-first-death-reason',
        'x-first-death-queue',
      ].map((name) => header(dead, name)),
    ).toEqual(['/queue/a.dead', 'rejected', 'a', '1', 'rejected', 'a']);
    expect(header(dead, 'x-death-time')).toMatch(/^\d+$/);
  });

  it('NACK with another requeue is an ERROR that names the header', () => {
    const c = peers.connect().say(subscribe('ack:client\n'));
    fill(c, '1');
    c.say(ack(c.heard()[0], 'requeue:no\nreceipt:7\n', 'NACK'));
    expect(c.heard()).toEqual([
      'ERROR\nmessage:invalid header\ncontent-type:text/plain\nreceipt-id:7\ncontent-length:48\n\nThe header requeue is true or false, not no.\0'.replace(
        'length:48',
        'length:44',
      ),
    ]);
  });

  it.each(['ACK', 'NACK'])('STOMP-50 S18: %s of what is settled is passed over', (command) => {
    const c = peers.connect().say(subscribe('ack:client-individual\n'));
    fill(c, '1');
    const [message] = c.heard();
    c.say(ack(message), ack(message, 'receipt:1\n', command), ack(message, 'receipt:2\n', command));
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:1\n\n\0', 'RECEIPT\nreceipt-id:2\n\n\0']);
    c.close();
    expect(peers.connect().say(subscribe()).heard()).toEqual([]);
  });

  it('STOMP-50 S18: another session’s delivery is an ERROR, and stays with its consumer', () => {
    const a = peers.connect().say(subscribe('ack:client\n'));
    fill(a, '1');
    const [message] = a.heard();
    const b = peers.connect().say(ack(message, 'receipt:7\n'));
    expect(b.heard()[0]).toContain('ERROR\nmessage:no such delivery\n');
    a.close();
    expect(bodies(peers.connect().say(subscribe()).heard())).toEqual(['1']);
  });

  it.each(['ACK', 'NACK'])('STOMP-51: %s on an auto subscription is passed over', (command) => {
    const c = peers.connect().say(subscribe());
    fill(c, '1');
    c.say(`${command}\nid:${header(c.heard()[0], 'message-id')}\nreceipt:1\n\n\0`);
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:1\n\n\0']);
  });

  it('STOMP-51: an ACK on an auto subscription is an ERROR in the strict profile', () => {
    const c = peers.connect('1.2', { profile: 'strict' }).say(subscribe());
    fill(c, '1');
    c.say(`ACK\nid:${header(c.heard()[0], 'message-id')}\n\n\0`);
    expect(c.heard()[0]).toContain('ERROR\nmessage:no such delivery\n');
  });

  it('S17: no more is delivered than may be un-acknowledged, and the rest goes on to others', () => {
    const c = peers.connect().say(subscribe('ack:client-individual\nprefetch-count:2\n'));
    fill(c, '1', '2', '3', '4');
    const held = c.heard();
    expect(bodies(held)).toEqual(['1', '2']);
    const other = peers.connect().say(subscribe('ack:client\n'));
    expect(bodies(other.heard())).toEqual(['3', '4']);
    c.say(ack(held[0]));
    fill(other, '5', '6');
    expect([...bodies(c.heard()), ...bodies(other.heard())].sort()).toEqual(['5', '6']);
  });

  it('prefetch-count:0 lifts the bound up to the server’s own', () => {
    peers.given({ brokerLimits: { credit: 10, maxCredit: 300 } });
    const c = peers.connect().say(subscribe('ack:client\nprefetch-count:0\n'));
    fill(c, ...Array.from({ length: 310 }, (_, i) => String(i)));
    const frames = c.heard();
    expect(frames).toHaveLength(300);
    c.say(ack(frames.at(-1)));
    expect(bodies(c.heard())).toEqual(Array.from({ length: 10 }, (_, i) => String(300 + i)));
  });
});

describe('what was not acknowledged', () => {
  it('STOMP-52: is given back by UNSUBSCRIBE, before its RECEIPT, and a late ACK is passed over', () => {
    const c = peers.connect().say(subscribe('ack:client\n'));
    fill(c, '1', '2');
    const [first] = c.heard();
    const other = peers.connect();
    c.say('UNSUBSCRIBE\nid:s\nreceipt:u\n\n\0');
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:u\n\n\0']);
    other.say(subscribe('ack:client\n'));
    expect(other.heard().map((frame) => [bodyOf(frame), header(frame, 'redelivered')])).toEqual([
      ['1', 'true'],
      ['2', 'true'],
    ]);
    c.say(`ACK\nid:${header(first, 'ack')}\nreceipt:1\n\n\0`);
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:1\n\n\0']);
    other.close();
    expect(bodies(peers.connect().say(subscribe()).heard())).toEqual(['1', '2']);
  });

  it('STOMP-53: is redelivered in its order when the connection is lost', () => {
    const a = peers.connect().say(subscribe('ack:client-individual\n'));
    const b = peers.connect();
    fill(b, '1', '2', '3');
    a.say(`ACK\nid:${header(a.heard()[1], 'ack')}\n\n\0`);
    a.close();
    fill(b, '4');
    b.say(subscribe('ack:client\n'));
    expect(
      b
        .heard()
        .map((frame) => [bodyOf(frame), header(frame, 'redelivered'), header(frame, 'x-delivery-count')]),
    ).toEqual([
      ['1', 'true', '2'],
      ['3', 'true', '2'],
      ['4', undefined, undefined],
    ]);
  });

  it('STOMP-53: a client that does not acknowledge blocks nobody else', () => {
    peers.connect().say(subscribe('ack:client\nprefetch-count:1\n'));
    const b = peers.connect().say(subscribe('ack:client\n'));
    fill(b, '1', '2', '3');
    expect(bodies(b.heard())).toEqual(['2', '3']);
  });

  it('STOMP-44: nothing is delivered any more after DISCONNECT, not even before its RECEIPT', () => {
    const c = peers.connect().say(subscribe());
    c.say('DISCONNECT\nreceipt:9\n\n\0');
    fill(peers.connect(), '1');
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:9\n\n\0']);
    expect(bodies(peers.connect().say(subscribe()).heard())).toEqual(['1']);
  });

  it('B10: of a consumer that breaks at each delivery, a message is given up after 20 of them', () => {
    fill(peers.connect(), 'poison');
    let deliveries = 0;
    for (let i = 0; i < 25; i += 1) {
      const c = peers.connect().say(subscribe('ack:client\n'));
      deliveries += c.heard().length;
      c.close();
    }
    expect(deliveries).toBe(20);
    const [dead] = peers.connect().say('SUBSCRIBE\nid:d\ndestination:/queue/a.dead\n\n\0').heard();
    expect(['x-death-reason', 'x-death-count'].map((name) => header(dead, name))).toEqual([
      'delivery-limit',
      '20',
    ]);
  });

  it('B1: a slow link gets no more until it has room, and then goes on in order', () => {
    const c = peers.connect();
    c.link.congested = true;
    c.say(subscribe());
    fill(peers.connect(), '1', '2', '3');
    expect(bodies(c.heard())).toEqual(['1']);
    c.link.congested = false;
    c.session.drained();
    expect(bodies(c.heard())).toEqual(['2', '3']);
  });
});
