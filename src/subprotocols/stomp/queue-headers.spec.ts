import { afterEach, describe, expect, it } from '@jest/globals';
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

const send = (body: string, extra = '', destination = '/queue/a'): string =>
  `SEND\ndestination:${destination}\n${extra}\n${body}\0`;
const subscribe = (extra = '', id = 's', destination = '/queue/a'): string =>
  `SUBSCRIBE\nid:${id}\ndestination:${destination}\n${extra}\n\0`;
/** Consumes a queue with a fresh client, which then leaves; the MESSAGEs. */
const drained = (destination = '/queue/a'): string[] => {
  const c = peers.connect().say(subscribe('', 'x', destination));
  const frames = c.heard();
  c.close();
  return frames;
};

describe('headers of a SEND to a queue', () => {
  it.each([
    ['expiration', '-1'],
    ['expiration', '1.5'],
    ['expiration', ''],
    ['expiration', '1e3'],
    ['expiration', '9999999999999999'],
    ['expires', 'never'],
    ['expires', '-1'],
    ['priority', '10'],
    ['priority', '-1'],
    ['priority', 'high'],
    ['persistent', 'yes'],
    ['persistent', ''],
    ['AMQ_SCHEDULED_DELAY', '-5'],
    ['AMQ_SCHEDULED_DELAY', '1s'],
  ])('S26: %s:%s is an ERROR that names the header', (name, value) => {
    const c = peers.connect().say(send('x', `${name}:${value}\nreceipt:7\n`));
    const [error] = c.heard();
    expect(error).toMatch(/^ERROR\nmessage:invalid header\ncontent-type:text\/plain\nreceipt-id:7\n/);
    expect(error).toContain(`The header ${name} is `);
    expect(c.link.closeReason?.kind).toBe('protocol_error');
    expect(drained()).toEqual([]);
  });

  it('STOMP-61: those that are understood arrive as they were sent', () => {
    const at = peers.services.clock.wallTime() + 60_000;
    const extra = `expiration:60000\nexpires:${at}\npriority:7\npersistent:false\nAMQ_SCHEDULED_DELAY:0\ntimestamp:12\n`;
    peers.connect().say(send('x', extra));
    expect(drained()).toEqual([
      `MESSAGE\nsubscription:x\nmessage-id:1002-1003-1\ndestination:/queue/a\n${extra}content-length:1\n\nx\0`,
    ]);
    peers.services.clock.advance(120_000);
  });

  it('STOMP-60 S11: what the server says of a delivery cannot be forged', () => {
    peers
      .connect()
      .say(
        send(
          'x',
          'redelivered:true\nx-delivery-count:9\nx-death-reason:rejected\nx-death-queue:q\nx-death-count:1\nx-death-time:1\nx-first-death-reason:maxlen\nx-first-death-queue:q\nx-death:1\nbrowser:end\nx-deaf:kept\n',
        ),
      );
    expect(drained()).toEqual([
      'MESSAGE\nsubscription:x\nmessage-id:1002-1003-1\ndestination:/queue/a\nx-deaf:kept\ncontent-length:1\n\nx\0',
    ]);
  });

  it('expiration counts from the SEND', () => {
    peers.connect().say(send('1', 'expiration:1000\n'), send('2'));
    peers.services.clock.advance(2000);
    expect(bodies(drained())).toEqual(['2']);
    const [dead] = drained('/queue/a.dead');
    expect([bodies([dead!])[0], header(dead, 'x-death-reason')]).toEqual(['1', 'expired']);
  });

  it('expires names the moment, and 0 is never', () => {
    const at = peers.services.clock.wallTime() + 1000;
    peers.connect().say(send('1', `expires:${at}\n`), send('2', 'expires:0\n'));
    peers.services.clock.advance(2000);
    expect(bodies(drained())).toEqual(['2']);
  });

  it('of expiration and expires the earlier counts', () => {
    const at = peers.services.clock.wallTime() + 60_000;
    peers.connect().say(send('1', `expires:${at}\nexpiration:1000\n`));
    peers.services.clock.advance(2000);
    expect(drained()).toEqual([]);
  });

  it('a higher priority is delivered first, equal ones in the order of their SENDs', () => {
    peers
      .connect()
      .say(
        send('low', 'priority:0\n'),
        send('default-1'),
        send('high-1', 'priority:9\n'),
        send('default-2', 'priority:4\n'),
        send('high-2', 'priority:9\n'),
      );
    expect(bodies(drained())).toEqual(['high-1', 'high-2', 'default-1', 'default-2', 'low']);
  });

  it('AMQ_SCHEDULED_DELAY keeps a message back', () => {
    const c = peers.connect().say(subscribe(), send('later', 'AMQ_SCHEDULED_DELAY:5000\n'), send('now'));
    expect(bodies(c.heard())).toEqual(['now']);
    peers.services.clock.advance(4000);
    expect(c.heard()).toEqual([]);
    peers.services.clock.advance(2000);
    expect(bodies(c.heard())).toEqual(['later']);
  });

  it('persistent:false gets its RECEIPT as well', () => {
    const c = peers.connect().say(send('1', 'persistent:false\nreceipt:1\n'));
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:1\n\n\0']);
    expect(bodies(drained())).toEqual(['1']);
  });
});

describe('headers of a SEND to a topic', () => {
  it.each([
    ['expiration', 'x'],
    ['expires', '-1'],
  ])('S26: %s:%s is an ERROR that names the header', (name, value) => {
    const c = peers.connect().say(send('x', `${name}:${value}\n`, '/topic/a'));
    expect(c.heard()[0]).toContain(`The header ${name} is `);
  });

  it('STOMP-61: those of queues are the application’s own there', () => {
    const c = peers.connect().say(subscribe('', 's', '/topic/a'));
    c.say(send('x', 'priority:high\npersistent:maybe\nAMQ_SCHEDULED_DELAY:x\n', '/topic/a'));
    expect(c.heard()[0]).toContain('\npriority:high\npersistent:maybe\nAMQ_SCHEDULED_DELAY:x\n');
  });

  it('what has expired is not handed over late', () => {
    const c = peers.connect().say(subscribe('', 's', '/topic/a'));
    c.link.congested = true;
    c.say(send('1', '', '/topic/a'), send('2', 'expiration:1000\n', '/topic/a'), send('3', '', '/topic/a'));
    peers.services.clock.advance(2000);
    c.link.congested = false;
    c.session.drained();
    expect(bodies(c.heard())).toEqual(['1', '3']);
  });
});

describe('headers of a SUBSCRIBE to a queue', () => {
  it.each([
    ['prefetch-count', '-1'],
    ['prefetch-count', 'many'],
    ['prefetch-count', '1.5'],
    ['prefetch-count', ''],
    ['activemq.prefetchSize', '-1'],
    ['x-priority', 'first'],
    ['activemq.priority', '1e2'],
    ['x-max-length', '0'],
    ['x-max-length', '-1'],
    ['x-max-length-bytes', '1k'],
    ['x-message-ttl', '-1'],
    ['x-expires', '0'],
    ['x-dead-letter-exchange', 'my.exchange'],
    ['x-single-active-consumer', '1'],
    ['exclusive', 'yes'],
    ['activemq.exclusive', 'yes'],
    ['auto-delete', 'TRUE'],
    ['durable', ''],
    ['browser', 'on'],
    ['no-local', 'x'],
    ['activemq.noLocal', 'x'],
  ])('S26: %s:%s is an ERROR that names the header', (name, value) => {
    const c = peers.connect().say(subscribe(`${name}:${value}\nreceipt:7\n`));
    const [error] = c.heard();
    expect(error).toMatch(/^ERROR\nmessage:invalid header\ncontent-type:text\/plain\nreceipt-id:7\n/);
    expect(error).toContain(`The header ${name} `);
    expect(c.link.closeReason?.kind).toBe('protocol_error');
  });

  it.each(['', 'a..b', '*', 'a.#'])('S26: x-dead-letter-routing-key:%s is an ERROR that names it', (key) => {
    const extra = `x-dead-letter-exchange:amq.default\nx-dead-letter-routing-key:${key}\n`;
    const c = peers.connect().say(subscribe(extra));
    expect(c.heard()[0]).toContain('The header x-dead-letter-routing-key ');
  });

  it('S26: x-dead-letter-routing-key without an exchange is an ERROR that names it', () => {
    const c = peers.connect().say(subscribe('x-dead-letter-routing-key:b\n'));
    expect(c.heard()[0]).toContain('The header x-dead-letter-routing-key needs an x-dead-letter-exchange.');
  });

  it('S24: an ERROR shows little of a wrong value', () => {
    const c = peers.connect().say(subscribe(`prefetch-count:${'9'.repeat(1000)}\n`));
    expect(c.heard()[0]!.length).toBeLessThan(250);
  });

  it('unknown headers are passed over', () => {
    const c = peers.connect().say(subscribe('x-queue-type:quorum\nx-foo:bar\nfoo:bar\nreceipt:1\n'));
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:1\n\n\0']);
  });

  it('ActiveMQ’s names mean nothing in the strict profile', () => {
    const c = peers.connect('1.2', { profile: 'strict' });
    c.say(subscribe('activemq.prefetchSize:x\nactivemq.exclusive:x\nreceipt:1\n'));
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:1\n\n\0']);
  });

  it.each(['prefetch-count', 'activemq.prefetchSize'])('%s bounds what is un-acknowledged', (name) => {
    const c = peers.connect().say(subscribe(`ack:client\n${name}:1\n`), send('1'), send('2'));
    const held = c.heard();
    expect(bodies(held)).toEqual(['1']);
    c.say(`ACK\nid:${header(held[0], 'ack')}\n\n\0`);
    expect(bodies(c.heard())).toEqual(['2']);
  });

  it.each(['x-priority', 'activemq.priority'])('%s: the higher is served first', (name) => {
    const low = peers.connect().say(subscribe(`${name}:-1\n`));
    const high = peers.connect().say(subscribe(`${name}:5\nack:client\nprefetch-count:1\n`));
    peers.connect().say(send('1'), send('2'));
    expect([bodies(high.heard()), bodies(low.heard())]).toEqual([['1'], ['2']]);
  });

  it('exclusive: no other consumer may be there', () => {
    peers.connect().say(subscribe('exclusive:true\n'));
    const second = peers.connect().say(subscribe('receipt:7\n'));
    expect(second.heard()[0]).toMatch(/^ERROR\nmessage:queue in use\n.*\nreceipt-id:7\n/);
    expect(second.link.closeReason?.kind).toBe('policy');
  });

  it('exclusive: is refused while there is another consumer', () => {
    peers.connect().say(subscribe());
    expect(peers.connect().say(subscribe('exclusive:true\n')).heard()[0]).toContain('message:queue in use\n');
  });

  it.each(['x-single-active-consumer', 'activemq.exclusive'])(
    '%s: one works, the next takes over',
    (name) => {
      const active = peers.connect().say(subscribe(`${name}:true\n`));
      const standby = peers.connect().say(subscribe(`${name}:true\n`));
      standby.say(send('1'), send('2'));
      expect([bodies(active.heard()), standby.heard()]).toEqual([['1', '2'], []]);
      active.close();
      standby.say(send('3'));
      expect(bodies(standby.heard())).toEqual(['3']);
    },
  );

  it('x-max-length: what does not fit is refused, and told', () => {
    const c = peers.connect().say(subscribe('x-max-length:2\nack:client\nprefetch-count:1\n'));
    const p = peers.connect().say(send('1'), send('2'));
    expect(p.heard()).toEqual([]);
    p.say(send('3', 'receipt:7\n'));
    expect(p.heard()[0]).toMatch(/^ERROR\nmessage:queue full\ncontent-type:text\/plain\nreceipt-id:7\n/);
    expect(p.link.closeReason?.kind).toBe('overloaded');
    expect(bodies(c.heard())).toEqual(['1']);
  });

  it('x-max-length-bytes: what does not fit is refused, and told', () => {
    peers.connect().say(subscribe('x-max-length-bytes:100\nack:client\n'));
    const p = peers.connect().say(send('x'.repeat(60)), send('x'.repeat(60), 'receipt:7\n'));
    expect(p.heard()[0]).toContain('ERROR\nmessage:queue full\n');
  });

  it('x-message-ttl: gives up what waits longer', () => {
    const c = peers.connect().say(subscribe('x-message-ttl:1000\nack:client\nprefetch-count:1\n'));
    c.say(send('held'), send('waits'));
    peers.services.clock.advance(3000);
    c.say(`ACK\nid:${header(c.heard()[0], 'ack')}\n\n\0`);
    expect(c.heard()).toEqual([]);
    expect(header(drained('/queue/a.dead')[0], 'x-death-reason')).toBe('expired');
  });

  it('x-expires: the queue goes when nobody has consumed it for so long', () => {
    peers.connect().say(subscribe('x-expires:1000\nack:client\n'), send('1')).close();
    peers.services.clock.advance(5000);
    expect(drained()).toEqual([]);
  });

  it('auto-delete: the queue goes with its last consumer', () => {
    const c = peers.connect().say(subscribe('auto-delete:true\nack:client\n'), send('1'));
    c.say('UNSUBSCRIBE\nid:s\nreceipt:1\n\n\0');
    expect(bodies(c.heard())).toEqual(['1', 'RECEIPT']);
    expect(drained()).toEqual([]);
  });

  it.each([
    ['', 'b', '/queue/b'],
    ['amq.default', 'b', '/queue/b'],
    ['amq.default', 'b c.d', '/queue/b c.d'],
  ])('x-dead-letter-exchange:%s with the key %s leads to %s', (exchange, key, target) => {
    const extra = `x-dead-letter-exchange:${exchange}\nx-dead-letter-routing-key:${key}\nack:client\n`;
    const c = peers.connect().say(subscribe(extra), send('1'));
    c.say(`NACK\nid:${header(c.heard()[0], 'ack')}\nrequeue:false\n\n\0`);
    const [dead] = drained(target);
    expect([bodies([dead!])[0], header(dead, 'x-death-queue')]).toEqual(['1', 'a']);
  });

  it('x-dead-letter-exchange:amq.topic leads to a topic', () => {
    const watcher = peers.connect().say(subscribe('', 't', '/topic/dead.a'));
    const extra = 'x-dead-letter-exchange:amq.topic\nx-dead-letter-routing-key:dead.a\nack:client\n';
    const c = peers.connect().say(subscribe(extra), send('1'));
    c.say(`NACK\nid:${header(c.heard()[0], 'ack')}\nrequeue:false\n\n\0`);
    expect(bodies(watcher.heard())).toEqual(['1']);
  });

  it('x-dead-letter-exchange without a key leads to the queue’s own name', () => {
    const watcher = peers.connect().say(subscribe('', 't', '/topic/a'));
    const c = peers.connect().say(subscribe('x-dead-letter-exchange:amq.topic\nack:client\n'), send('1'));
    c.say(`NACK\nid:${header(c.heard()[0], 'ack')}\nrequeue:false\n\n\0`);
    expect(bodies(watcher.heard())).toEqual(['1']);
  });

  it('X6: a dead-letter target where the client may not send is refused', () => {
    peers.given({
      authorizer: {
        decide: (_principal, action, { text }) => ({ allow: action !== 'publish' || text !== 'secret' }),
      },
    });
    const extra = 'x-dead-letter-exchange:amq.topic\nx-dead-letter-routing-key:secret\n';
    expect(peers.connect().say(subscribe(extra)).heard()[0]).toContain('ERROR\nmessage:not authorized\n');
  });

  it('durable:false makes a queue that is kept in memory only', () => {
    const c = peers.connect().say(subscribe('durable:false\nack:client\nreceipt:1\n'));
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:1\n\n\0']);
    const other = peers.connect().say(subscribe('durable:true\nreceipt:7\n'));
    expect(other.heard()[0]).toMatch(/^ERROR\nmessage:queue exists with another policy\n.*\nreceipt-id:7\n/);
  });

  it('headers that do not agree with the queue are refused', () => {
    peers.connect().say(subscribe('x-max-length:5\n'));
    expect(peers.connect().say(subscribe('x-max-length:5\nreceipt:1\n')).heard()).toEqual([
      'RECEIPT\nreceipt-id:1\n\n\0',
    ]);
    const other = peers.connect().say(subscribe('x-max-length:6\nreceipt:7\n'));
    expect(other.heard()[0]).toContain('ERROR\nmessage:queue exists with another policy\n');
    expect(other.link.closeReason?.kind).toBe('policy');
  });

  it.each(['no-local', 'activemq.noLocal'])('%s leaves a client’s own messages to others', (name) => {
    const c = peers.connect().say(subscribe(`${name}:true\n`), send('own'));
    peers.connect().say(send('other’s'));
    expect(bodies(c.heard())).toEqual(['other’s']);
    expect(bodies(drained())).toEqual(['own']);
  });

  it('S20: selector takes what it chooses, and the rest stays for others', () => {
    const red = peers.connect().say(subscribe("selector:colour = 'red'\n"));
    const p = peers.connect().say(send('1', 'colour:blue\n'), send('2', 'colour:red\n'), send('3'));
    expect(bodies(red.heard())).toEqual(['2']);
    p.say(subscribe());
    expect(bodies(p.heard())).toEqual(['1', '3']);
  });
});

describe('browser:true', () => {
  it('shows copies of what waits, in order, then browser:end; it holds and takes nothing', () => {
    const p = peers.connect().say(send('1', 'x:y\n'), send('2'));
    const c = peers.connect().say(subscribe('browser:true\nack:client\nreceipt:r\n', 'b'));
    expect(c.heard()).toEqual([
      'RECEIPT\nreceipt-id:r\n\n\0',
      'MESSAGE\nsubscription:b\nmessage-id:1002-1004-1\ndestination:/queue/a\nx:y\ncontent-length:1\n\n1\0',
      'MESSAGE\nsubscription:b\nmessage-id:1003-1004-2\ndestination:/queue/a\ncontent-length:1\n\n2\0',
      'MESSAGE\nsubscription:b\nmessage-id:browser-1004-3\ndestination:/queue/a\nbrowser:end\n\n\0',
    ]);
    p.say(send('3'));
    expect(c.heard()).toEqual([]);
    expect(bodies(drained())).toEqual(['1', '2', '3']);
  });

  it('is told at once that nothing waits', () => {
    const c = peers.connect().say(subscribe('browser:true\n', 'b'));
    expect(c.heard()).toEqual([
      'MESSAGE\nsubscription:b\nmessage-id:browser-1001-1\ndestination:/queue/a\nbrowser:end\n\n\0',
    ]);
  });

  it('may be unsubscribed when it is over, and its id used again', () => {
    const c = peers.connect().say(subscribe('browser:true\n', 'b'), 'UNSUBSCRIBE\nid:b\nreceipt:1\n\n\0');
    c.say(subscribe('browser:true\nreceipt:2\n', 'b'));
    expect(c.heard().map((frame) => header(frame, 'receipt-id') ?? header(frame, 'browser'))).toEqual([
      'end',
      '1',
      '2',
      'end',
    ]);
  });

  it('S15: keeps a bounded number of those that are over', () => {
    const c = peers.connect();
    for (let i = 0; i < 1100; i += 1) c.say(subscribe('browser:true\n', `b${i}`));
    expect(c.heard()).toHaveLength(1100);
    c.say('UNSUBSCRIBE\nid:b1099\nreceipt:1\n\n\0');
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:1\n\n\0']);
    c.say('UNSUBSCRIBE\nid:b0\n\n\0');
    expect(c.heard()[0]).toContain('ERROR\nmessage:no such subscription\n');
  });

  it('shows nothing more once it is unsubscribed', () => {
    peers.connect().say(send('1'), send('2'), send('3'));
    const c = peers.connect();
    c.link.congested = true;
    c.say(subscribe('browser:true\n', 'b'), 'UNSUBSCRIBE\nid:b\nreceipt:1\n\n\0');
    expect(bodies(c.heard())).toEqual(['1', 'RECEIPT']);
    c.link.congested = false;
    c.session.drained();
    expect(c.heard()).toEqual([]);
  });
});
