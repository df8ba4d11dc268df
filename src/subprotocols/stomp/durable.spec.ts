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

const publish = (...texts: string[]): void => {
  const p = peers.connect().say(...texts.map((text) => `SEND\ndestination:/topic/a\n\n${text}\0`));
  p.close();
};
const subscribe = (extra: string, id = 'd', destination = '/topic/a'): string =>
  `SUBSCRIBE\nid:${id}\ndestination:${destination}\n${extra}\n\0`;
/** A client with a `client-id`. */
const named = (clientId: string): StompClient => {
  const c = peers.open().say(`CONNECT\naccept-version:1.2\nhost:realm1\nclient-id:${clientId}\n\n\0`);
  expect(c.heard()[0]).toMatch(/^CONNECTED\n/);
  return c;
};
const UNSUBSCRIBE = 'UNSUBSCRIBE\nid:d\nreceipt:u\n';

describe('a durable subscription', () => {
  it.each(['durable:true\n', 'persistent:true\n', 'durable:true\nauto-delete:false\n'])(
    'with %j and an id keeps what comes while nobody listens',
    (extra) => {
      peers.connect().say(subscribe(extra)).close();
      publish('1', '2');
      const c = peers.connect().say(subscribe(`${extra}receipt:r\n`));
      expect(bodies(c.heard())).toEqual(['RECEIPT', '1', '2']);
      publish('3');
      expect(bodies(c.heard())).toEqual(['3']);
    },
  );

  it('STOMP-62: its MESSAGE shows the topic as it was sent, and is acknowledged as a queue’s', () => {
    peers.connect().say(subscribe('durable:true\n')).close();
    publish('1');
    const c = peers.connect().say(subscribe('durable:true\nack:client\n'));
    expect(c.heard()).toEqual([
      'MESSAGE\nsubscription:d\nmessage-id:1003-1004-1\nack:1003-1004-1\ndestination:/topic/a\ncontent-length:1\n\n1\0',
    ]);
    c.close();
    const [again] = peers.connect().say(subscribe('durable:true\n')).heard();
    expect([
      header(again, 'redelivered'),
      header(again, 'x-delivery-count'),
      header(again, 'destination'),
    ]).toEqual(['true', '2', '/topic/a']);
  });

  it('may be of a pattern', () => {
    peers
      .connect()
      .say(subscribe('durable:true\n', 'd', '/topic/#'))
      .close();
    publish('1');
    expect(
      bodies(
        peers
          .connect()
          .say(subscribe('durable:true\n', 'd', '/topic/#'))
          .heard(),
      ),
    ).toEqual(['1']);
  });

  it.each(['durable-subscription-name', 'activemq.subscriptionName'])(
    'is named by client-id and %s, whatever its id',
    (name) => {
      named('c1')
        .say(subscribe(`${name}:n\n`))
        .close();
      publish('1');
      expect(
        bodies(
          named('c2')
            .say(subscribe(`${name}:n\n`))
            .heard(),
        ),
      ).toEqual([]);
      expect(
        bodies(
          named('c1')
            .say(subscribe(`${name}:n\n`, 'other'))
            .heard(),
        ),
      ).toEqual(['1']);
    },
  );

  it('durable-subscription-name without a client-id is an ERROR that names the header', () => {
    const c = peers.connect().say(subscribe('durable-subscription-name:n\nreceipt:7\n'));
    expect(c.heard()[0]).toMatch(/^ERROR\nmessage:invalid header\ncontent-type:text\/plain\nreceipt-id:7\n/);
    expect(c.link.closeReason?.kind).toBe('protocol_error');
  });

  it('1.0 without an id is an ERROR: nothing names it', () => {
    const c = peers.connect('1.0').say('SUBSCRIBE\ndestination:/topic/a\ndurable:true\n\n\0');
    expect(c.heard()[0]).toContain('The header durable needs an id, which names the subscription.');
  });

  it('S26: a name of more than 255 bytes is an ERROR that names the header', () => {
    const long = 'x'.repeat(256);
    const c = peers.open().say(`CONNECT\naccept-version:1.2\nclient-id:${long}\n\n\0`);
    expect(c.heard()[0]).toContain('The header client-id has at most 255 bytes.');
    expect(peers.connect().say(subscribe('durable:true\n', long)).heard()[0]).toContain('The header id has');
    expect(
      named('c')
        .say(subscribe(`durable-subscription-name:${long}\n`))
        .heard()[0],
    ).toContain('The header durable-subscription-name has at most 255 bytes here.');
  });

  it.each(['durable', 'persistent'])('S26: %s:maybe is an ERROR that names the header', (name) => {
    const c = peers.connect().say(subscribe(`${name}:maybe\n`));
    expect(c.heard()[0]).toContain(`The header ${name} is true or false, not maybe.`);
  });

  it('durable:false is an ordinary subscription', () => {
    peers.connect().say(subscribe('durable:false\npersistent:false\n')).close();
    publish('1');
    expect(peers.connect().say(subscribe('durable:true\n')).heard()).toEqual([]);
  });

  it('is of one topic: the same name for another one is refused', () => {
    peers.connect().say(subscribe('durable:true\n')).close();
    const c = peers.connect().say(subscribe('durable:true\nreceipt:7\n', 'd', '/topic/b'));
    expect(c.heard()[0]).toMatch(/^ERROR\nmessage:queue exists with another policy\n.*\nreceipt-id:7\n/);
  });

  it('has one consumer at a time', () => {
    peers.connect().say(subscribe('durable:true\n'));
    const second = peers.connect().say(subscribe('durable:true\nreceipt:7\n'));
    expect(second.heard()[0]).toMatch(/^ERROR\nmessage:queue in use\n.*\nreceipt-id:7\n/);
  });

  it('belongs to its user: another’s of the same name is another one', () => {
    peers.given({
      authenticator: {
        methods: ['ticket'],
        begin: ({ authid = '' }) => ({
          kind: 'accepted',
          principal: { authid, authrole: 'user', authmethod: 'ticket', authprovider: 'static' },
        }),
      },
    });
    const login = (user: string): StompClient => {
      const c = peers.open().say(`CONNECT\naccept-version:1.2\nhost:realm1\nlogin:${user}\npasscode:p\n\n\0`);
      c.heard();
      return c;
    };
    login('ann').say(subscribe('durable:true\n')).close();
    const bob = login('bob').say('SEND\ndestination:/topic/a\n\n1\0', subscribe('durable:true\n'));
    expect(bob.heard()).toEqual([]);
    expect(bodies(login('ann').say(subscribe('durable:true\n')).heard())).toEqual(['1']);
  });

  it('what is not acknowledged comes again, in order', () => {
    const c = peers.connect().say(subscribe('durable:true\nack:client-individual\n'));
    publish('1', '2', '3');
    c.say(`ACK\nid:${header(c.heard()[1], 'ack')}\n\n\0`);
    c.close();
    expect(bodies(peers.connect().say(subscribe('durable:true\n')).heard())).toEqual(['1', '3']);
  });

  it('prefetch-count, x-max-length and x-message-ttl mean what they mean for a queue', () => {
    const extra = 'durable:true\nack:client\nprefetch-count:1\nx-max-length:2\nx-message-ttl:1000\n';
    const c = peers.connect().say(subscribe(extra));
    publish('1', '2');
    expect(bodies(c.heard())).toEqual(['1']);
    peers.services.clock.advance(3000);
    c.close();
    expect(peers.connect().say(subscribe(extra)).heard().length).toBeLessThan(2);
  });

  it('S20: what its selector does not choose is nobody’s, and is not kept', () => {
    const extra = "durable:true\nselector:colour = 'red'\n";
    peers.connect().say(subscribe(extra)).close();
    const p = peers.connect();
    p.say('SEND\ndestination:/topic/a\n\n1\0', 'SEND\ndestination:/topic/a\ncolour:red\n\n2\0');
    const c = peers.connect().say(subscribe(extra));
    expect(bodies(c.heard())).toEqual(['2']);
    c.say('UNSUBSCRIBE\nid:d\n\n\0', subscribe('durable:true\n'));
    expect(c.heard()).toEqual([]);
  });

  it('no-local leaves out what the same connection sends', () => {
    const c = peers.connect().say(subscribe('durable:true\nno-local:true\nack:client\n'));
    c.say('SEND\ndestination:/topic/a\n\nown\0');
    publish('2');
    expect(bodies(c.heard())).toEqual(['2']);
  });
});

describe('UNSUBSCRIBE of a durable subscription', () => {
  it('keeps it', () => {
    const c = peers.connect().say(subscribe('durable:true\n'), `${UNSUBSCRIBE}\n\0`);
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:u\n\n\0']);
    publish('1');
    expect(bodies(c.say(subscribe('durable:true\n')).heard())).toEqual(['1']);
  });

  it.each(['durable:true\n', 'persistent:true\n', 'durable-subscription-name:whatever\n'])(
    'with %j forgets it',
    (extra) => {
      const c = peers.connect().say(subscribe('durable:true\n'), `${UNSUBSCRIBE}${extra}\n\0`);
      expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:u\n\n\0']);
      publish('1');
      expect(c.say(subscribe('durable:true\n')).heard()).toEqual([]);
    },
  );

  it('S19: forgets what this subscription recorded, never what the frame names', () => {
    named('c1').say(subscribe('durable-subscription-name:theirs\n')).close();
    const c = named('c1').say(subscribe('durable-subscription-name:own\n'));
    c.say(`${UNSUBSCRIBE}durable-subscription-name:theirs\n\n\0`);
    publish('1');
    expect(bodies(named('c1').say(subscribe('durable-subscription-name:theirs\n')).heard())).toEqual(['1']);
    expect(named('c1').say(subscribe('durable-subscription-name:own\n')).heard()).toEqual([]);
  });

  it('S19: without a subscription there is nothing to forget', () => {
    named('c1').say(subscribe('durable-subscription-name:n\n')).close();
    const c = named('c1').say(`${UNSUBSCRIBE}durable-subscription-name:n\n\n\0`);
    expect(c.heard()[0]).toContain('ERROR\nmessage:no such subscription\n');
    publish('1');
    expect(bodies(named('c1').say(subscribe('durable-subscription-name:n\n')).heard())).toEqual(['1']);
  });

  it('S19: of a queue never deletes the queue', () => {
    const c = peers.connect().say(subscribe('durable:true\nack:client\n', 'd', '/queue/q'));
    c.say('SEND\ndestination:/queue/q\n\n1\0', `${UNSUBSCRIBE}durable:true\n\n\0`);
    expect(bodies(c.heard())).toEqual(['1', 'RECEIPT']);
    expect(
      bodies(
        peers
          .connect()
          .say(subscribe('', 'x', '/queue/q'))
          .heard(),
      ),
    ).toEqual(['1']);
  });
});
