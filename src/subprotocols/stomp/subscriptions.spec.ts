import { afterEach, describe, expect, it } from '@jest/globals';
import type { StompClient } from '../../../test/support/stomp-client.js';
import { StompClients } from '../../../test/support/stomp-client.js';

const peers = new StompClients();

afterEach(() => peers.end());

const publish = (client: StompClient, topic = 'a', body = 'x'): void =>
  void client.say(`SEND\ndestination:/topic/${topic}\n\n${body}\0`);
const header = (frame: string | undefined, name: string): string | undefined =>
  frame
    ?.split('\n\n')[0]
    ?.split('\n')
    .find((line) => line.startsWith(`${name}:`))
    ?.slice(name.length + 1);
const messageOf = (frames: string[]): string | undefined =>
  frames.find((frame) => frame.startsWith('MESSAGE\n'));

describe('SUBSCRIBE', () => {
  it('STOMP-46: a duplicate id is an ERROR, then the close', () => {
    const c = peers.connect().say('SUBSCRIBE\nid:1\ndestination:/topic/a\n\n\0');
    c.say('SUBSCRIBE\nid:1\ndestination:/topic/b\nreceipt:r\n\n\0');
    expect(c.heard()[0]).toContain('ERROR\nmessage:subscription exists\n');
    expect(c.link.closeReason?.kind).toBe('protocol_error');
  });

  it('STOMP-46: 1.0 without id is ended by destination, and its MESSAGE has no subscription', () => {
    const c = peers.connect('1.0').say('SUBSCRIBE\ndestination:/topic/a\n\n\0');
    publish(c);
    expect(c.heard()).toEqual(['MESSAGE\nmessage-id:1002-1\ndestination:/topic/a\ncontent-length:1\n\nx\0']);
    c.say('UNSUBSCRIBE\ndestination:/topic/a\nreceipt:1\n\n\0');
    publish(c);
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:1\n\n\0']);
  });

  it('STOMP-46: 1.0 with an id may be ended by either', () => {
    const c = peers.connect('1.0').say('SUBSCRIBE\nid:7\ndestination:/topic/a\n\n\0');
    publish(c);
    expect(header(c.heard()[0], 'subscription')).toBe('7');
    c.say('UNSUBSCRIBE\ndestination:/topic/a\nreceipt:1\n\n\0');
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:1\n\n\0']);
  });

  it('STOMP-47: two subscriptions that match get two messages with two ids', () => {
    const c = peers
      .connect()
      .say(
        'SUBSCRIBE\nid:1\ndestination:/topic/a\n\n\0',
        'SUBSCRIBE\nid:2\ndestination:/topic/a\n\n\0',
        'SUBSCRIBE\nid:3\ndestination:/topic/#\n\n\0',
        'SUBSCRIBE\nid:4\ndestination:/topic/a\nack:client\n\n\0',
        'SUBSCRIBE\nid:5\ndestination:/topic/*\nack:client-individual\n\n\0',
      );
    publish(c);
    publish(c);
    const heard = c.heard();
    expect(heard.map((frame) => header(frame, 'subscription')).sort()).toEqual([
      '1',
      '1',
      '2',
      '2',
      '3',
      '3',
      '4',
      '4',
      '5',
      '5',
    ]);
    expect(new Set(heard.map((frame) => header(frame, 'message-id'))).size).toBe(10);
  });

  it.each(['none', 'AUTO', '', 'client-individual '])('STOMP-54: ack:%s is an ERROR', (mode) => {
    const c = peers.connect().say(`SUBSCRIBE\nid:1\ndestination:/topic/a\nack:${mode}\n\n\0`);
    expect(c.heard()[0]).toContain('ERROR\nmessage:invalid ack mode\n');
  });

  it('S15: ids such as __proto__ are ids', () => {
    const c = peers.connect();
    for (const id of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '']) {
      c.say(`SUBSCRIBE\nid:${id}\ndestination:/topic/a\nreceipt:${id}\n\n\0`);
      publish(c);
      c.say(`UNSUBSCRIBE\nid:${id}\nreceipt:${id}\n\n\0`);
      expect(c.heard().map((frame) => header(frame, 'subscription'))).toEqual([undefined, id, undefined]);
    }
  });

  it('S15: takes a thousand subscriptions, and not one more', () => {
    const c = peers.connect();
    for (let i = 0; i < 1000; i += 1) c.say(`SUBSCRIBE\nid:${i}\ndestination:/topic/t${i}\n\n\0`);
    expect([c.heard(), peers.broker.stats.subscriptions]).toEqual([[], 1000]);
    c.say('SUBSCRIBE\nid:x\ndestination:/topic/x\nreceipt:7\n\n\0');
    expect(c.heard()).toEqual([
      'ERROR\nmessage:limit exceeded\ncontent-type:text/plain\nreceipt-id:7\ncontent-length:39\n\nA session may have 1000 subscriptions.\0'.replace(
        'length:39',
        'length:38',
      ),
    ]);
  });

  it('understands one word and many', () => {
    const c = peers
      .connect()
      .say(
        'SUBSCRIBE\nid:one\ndestination:/topic/a.*.c\n\n\0',
        'SUBSCRIBE\nid:many\ndestination:/topic/a.#\n\n\0',
      );
    for (const topic of ['a', 'a.b', 'a.b.c', 'a.b.b.c', 'b']) publish(c, topic);
    expect(
      c
        .heard()
        .map((frame) => `${header(frame, 'subscription')} ${header(frame, 'destination')}`)
        .sort(),
    ).toEqual([
      'many /topic/a',
      'many /topic/a.b',
      'many /topic/a.b.b.c',
      'many /topic/a.b.c',
      'one /topic/a.b.c',
    ]);
  });

  it('asks the authorizer about patterns, also about the one of everything', () => {
    peers.given({ authorizer: { decide: (_principal, action) => ({ allow: action !== 'subscribe' }) } });
    for (const destination of ['/topic/#', '/topic/#.a', '/topic/*']) {
      const c = peers.connect().say(`SUBSCRIBE\nid:1\ndestination:${destination}\n\n\0`);
      expect(c.heard()[0]).toContain('ERROR\nmessage:not authorized\n');
    }
  });

  it('forgets the forms of ids that nobody uses any more', () => {
    const c = peers.connect().say('SUBSCRIBE\nid:keep\ndestination:/topic/a\n\n\0');
    for (let i = 0; i < 500; i += 1) {
      c.say(`SUBSCRIBE\nid:s${i}\ndestination:/topic/a\n\n\0UNSUBSCRIBE\nid:s${i}\n\n\0`);
    }
    publish(c);
    expect(c.heard().map((frame) => header(frame, 'subscription'))).toEqual(['keep']);
  });
});

describe('ACK and NACK', () => {
  it.each([
    ['1.0', 'client'],
    ['1.1', 'client-individual'],
    ['1.2', 'client-individual'],
    ['1.2', 'client'],
  ])('STOMP-48: %s with ack:%s', (version, mode) => {
    const c = peers.connect(version).say(`SUBSCRIBE\nid:s\ndestination:/topic/a\nack:${mode}\n\n\0`);
    publish(c);
    const message = messageOf(c.heard());
    const id = header(message, 'message-id');
    expect(id).toMatch(/^1002-1001-\d+$/);
    expect(header(message, 'ack')).toBe(version === '1.2' ? id : undefined);
    const ack = version === '1.2' ? `id:${id}` : `message-id:${id}\nsubscription:s`;
    c.say(`ACK\n${ack}\nreceipt:1\n\n\0`);
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:1\n\n\0']);
  });

  it('STOMP-48: 1.2 takes a message-id instead of an id, unless it is strict', () => {
    const c = peers.connect().say('SUBSCRIBE\nid:s\ndestination:/topic/a\nack:client\n\n\0');
    publish(c);
    const id = header(c.heard()[0], 'message-id');
    c.say(`ACK\nmessage-id:${id}\nsubscription:s\nreceipt:1\n\n\0`);
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:1\n\n\0']);
    const strict = peers.connect('1.2', { profile: 'strict' }).say(`ACK\nmessage-id:${id}\n\n\0`);
    expect(strict.heard()[0]).toContain('ERROR\nmessage:missing header\n');
  });

  it('STOMP-48: 1.1 checks the subscription that it names', () => {
    const c = peers
      .connect('1.1')
      .say(
        'SUBSCRIBE\nid:s\ndestination:/topic/a\nack:client\n\n\0SUBSCRIBE\nid:t\ndestination:/topic/b\nack:client\n\n\0',
      );
    publish(c);
    const id = header(c.heard()[0], 'message-id');
    c.say(`ACK\nmessage-id:${id}\nsubscription:t\n\n\0`);
    expect(c.heard()[0]).toContain('ERROR\nmessage:no such delivery\n');
  });

  it('STOMP-48: an auto subscription has no ack header', () => {
    const c = peers.connect().say('SUBSCRIBE\nid:s\ndestination:/topic/a\n\n\0');
    publish(c);
    expect(c.heard()[0]).not.toContain('ack:');
  });

  it.each(['ACK', 'NACK'])('STOMP-50: %s of a settled id is passed over', (command) => {
    const c = peers.connect().say('SUBSCRIBE\nid:s\ndestination:/topic/a\nack:client-individual\n\n\0');
    publish(c);
    const id = header(c.heard()[0], 'ack');
    for (let i = 0; i < 3; i += 1) c.say(`${command}\nid:${id}\nreceipt:${i}\n\n\0`);
    expect(c.heard()).toHaveLength(3);
    expect(c.link.closeReason).toBeUndefined();
  });

  it('STOMP-50: a late ACK after UNSUBSCRIBE is passed over', () => {
    const c = peers.connect().say('SUBSCRIBE\nid:s\ndestination:/topic/a\nack:client\n\n\0');
    publish(c);
    const id = header(c.heard()[0], 'ack');
    c.say('UNSUBSCRIBE\nid:s\n\n\0', `ACK\nid:${id}\nreceipt:1\n\n\0`);
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:1\n\n\0']);
  });

  it.each([
    'nope',
    '',
    '1002-1001-9',
    '1002-1001-0',
    '1-1001-1',
    '1002-1003-1',
    '-1',
    '9-99',
    'reply-1001-7',
  ])('STOMP-50: an id that was never issued is an ERROR: %j', (id) => {
    const c = peers.connect().say('SUBSCRIBE\nid:s\ndestination:/topic/a\nack:client\n\n\0');
    publish(c);
    expect(header(c.heard()[0], 'ack')).toBe('1002-1001-1');
    c.say(`ACK\nid:${id}\nreceipt:1\n\n\0`);
    expect(c.heard()[0]).toContain('ERROR\nmessage:no such delivery\n');
  });

  it('STOMP-50: another session’s id is an ERROR', () => {
    const subscribe = 'SUBSCRIBE\nid:s\ndestination:/topic/a\nack:client\n\n\0';
    const [a, b] = [peers.connect().say(subscribe), peers.connect().say(subscribe)];
    publish(a);
    b.heard();
    b.say(`ACK\nid:${header(a.heard()[0], 'ack')}\n\n\0`);
    expect(b.heard()[0]).toContain('ERROR\nmessage:no such delivery\n');
  });

  it('STOMP-50: another session’s id is an ERROR also when one of the same number was settled here', () => {
    const subscribe = 'SUBSCRIBE\nid:s\ndestination:/topic/a\nack:client\n\n\0';
    const [a, b] = [peers.connect().say(subscribe), peers.connect().say(subscribe)];
    publish(a);
    b.say(`ACK\nid:${header(b.heard()[0], 'ack')}\nreceipt:1\n\n\0`);
    expect(b.heard()).toEqual(['RECEIPT\nreceipt-id:1\n\n\0']);
    b.say(`ACK\nid:${header(a.heard()[0], 'ack')}\n\n\0`);
    expect(b.heard()[0]).toContain('ERROR\nmessage:no such delivery\n');
  });

  it('STOMP-51: on an auto subscription is passed over, and in strict an ERROR', () => {
    for (const profile of ['compatible', 'strict'] as const) {
      const c = peers.connect('1.2', { profile }).say('SUBSCRIBE\nid:s\ndestination:/topic/a\n\n\0');
      publish(c);
      c.say(`ACK\nid:${header(c.heard()[0], 'message-id')}\nreceipt:1\n\n\0`);
      expect(c.heard()[0]).toMatch(profile === 'strict' ? /^ERROR\n/ : /^RECEIPT\n/);
    }
  });

  it('remembers a bounded number of un-acknowledged deliveries', () => {
    const c = peers.connect('1.2', { limits: { unacknowledged: 3 } });
    c.say('SUBSCRIBE\nid:s\ndestination:/topic/a\nack:client-individual\n\n\0');
    for (let i = 0; i < 5; i += 1) publish(c);
    const ids = c.heard().map((frame) => header(frame, 'ack'));
    for (const id of ids) c.say(`ACK\nid:${id}\nreceipt:r\n\n\0`);
    expect(c.heard()).toHaveLength(5);
  });

  it('1.0 has no NACK', () => {
    const c = peers.connect('1.0').say('NACK\nmessage-id:1\n\n\0');
    expect(c.heard()[0]).toContain('ERROR\nmessage:unknown command\n');
  });
});
