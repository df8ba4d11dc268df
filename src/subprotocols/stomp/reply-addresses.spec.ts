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

describe('reply addresses on topics', () => {
  const ASK = 'SEND\ndestination:/topic/echo\nreply-to:/temp-queue/y\ncorrelation-id:5\n\nhi\0';

  function echo(): StompClient {
    return peers.connect().say('SUBSCRIBE\nid:e\ndestination:/topic/echo\n\n\0');
  }

  it('others see an unguessable name, and what they send there arrives under the sender’s own', () => {
    const responder = echo();
    const c = peers.connect().say(ASK);
    const replyTo = header(responder.heard()[0], 'reply-to');
    expect(replyTo).toBe('/reply-queue/token-1');
    responder.say(`SEND\ndestination:${replyTo}\ncorrelation-id:5\nreceipt:1\n\nho\0`);
    expect(responder.heard()).toEqual(['RECEIPT\nreceipt-id:1\n\n\0']);
    expect(c.heard()).toEqual([
      expect.stringMatching(
        /^MESSAGE\nsubscription:\/temp-queue\/y\nmessage-id:\d+-1002-1\ndestination:\/temp-queue\/y\ncorrelation-id:5\ncontent-length:2\n\nho\0$/,
      ),
    ]);
  });

  it('keeps one name for an address, until it is unsubscribed', () => {
    const responder = echo();
    const c = peers.connect().say(ASK, ASK);
    const [first, second] = responder.heard().map((frame) => header(frame, 'reply-to'));
    expect(first).toBe(second);
    c.say('UNSUBSCRIBE\nid:/temp-queue/y\nreceipt:1\n\n\0');
    responder.say(`SEND\ndestination:${first}\nreceipt:2\n\nho\0`);
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:1\n\n\0']);
    expect(responder.heard()).toEqual(['RECEIPT\nreceipt-id:2\n\n\0']);
    c.say(ASK);
    expect(header(responder.heard()[0], 'reply-to')).not.toBe(first);
  });

  it('passes a reply-to of another kind on as it is', () => {
    const responder = echo();
    peers.connect().say(ASK.replace('/temp-queue/y', '/topic/answers'));
    expect(header(responder.heard()[0], 'reply-to')).toBe('/topic/answers');
  });

  it('S22: is seen by no pattern and asked about no authorizer', () => {
    const asked: string[] = [];
    peers.given({
      authorizer: {
        decide: (_principal, action, { text }) => (asked.push(`${action} ${text}`), { allow: true }),
      },
    });
    const spy = peers
      .connect()
      .say(
        'SUBSCRIBE\nid:1\ndestination:/topic/#\n\n\0',
        'SUBSCRIBE\nid:2\ndestination:/topic/*.*\n\n\0',
        'SUBSCRIBE\nid:3\ndestination:/topic/#reply.token-1\n\n\0',
        'SUBSCRIBE\nid:4\ndestination:/topic/%23reply.token-1\n\n\0',
      );
    const c = peers.connect().say('SEND\ndestination:/topic/a\nreply-to:/temp-queue/y\n\n\0');
    spy.heard();
    peers.connect().say('SEND\ndestination:/reply-queue/token-1\n\nx\0');
    expect([spy.heard().length, c.heard().length]).toEqual([0, 1]);
    expect(asked.filter((text) => text.includes('token-1'))).toEqual([
      'subscribe %23reply.token-1',
      'subscribe %23reply.token-1',
    ]);
  });

  it.each(['', '..', 'a b', 'a/b', '#', 'x'.repeat(65), 'unknown', '*'])(
    'S22: what goes to an unknown one gets its receipt and is dropped: %j',
    (token) => {
      const c = peers.connect().say(`SEND\ndestination:/reply-queue/${token}\nreceipt:1\n\nx\0`);
      expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:1\n\n\0']);
    },
  );

  it('S22: ten thousand guesses hit nothing', () => {
    const c = peers.connect().say(ASK);
    const guesser = peers.connect();
    for (let i = 0; i < 10_000; i += 1) {
      guesser.say(`SEND\ndestination:/reply-queue/${i.toString(36)}\n\nx\0`);
    }
    expect([c.heard(), guesser.heard()]).toEqual([[], []]);
  });

  it.each([
    'SUBSCRIBE\nid:1\ndestination:/reply-queue/token-1\n\n\0',
    'SEND\ndestination:/temp-queue/y\n\nx\0',
  ])('S22 S21: a reply address is not listened to by others, nor sent to by name: %j', (frame) => {
    peers.connect().say(ASK);
    expect(peers.connect().say(frame).heard()[0]).toContain('ERROR\nmessage:invalid destination\n');
  });

  it('bounds them', () => {
    const c = peers.connect('1.2', { limits: { replyAddresses: 3 } });
    for (let i = 0; i < 3; i += 1) c.say(ASK.replace('/y', `/${i}`));
    expect(c.heard()).toEqual([]);
    c.say(ASK.replace('/y', '/4'));
    expect(c.heard()[0]).toContain('A session may have 3 reply addresses.');
  });

  it('has one subscription', () => {
    const subscribe = 'SUBSCRIBE\nid:1\ndestination:/temp-queue/y\n\n\0';
    const c = peers.connect().say(subscribe, subscribe.replace('id:1', 'id:2'));
    expect(c.heard()[0]).toContain('ERROR\nmessage:reply address refused\n');
  });
});
