import { afterEach, describe, expect, it } from '@jest/globals';
import { StompClients } from '../../../test/support/stomp-client.js';

const peers = new StompClients();

afterEach(() => peers.end());

const bodies = (frames: readonly string[]): string[] =>
  frames.map((frame) => frame.slice(frame.indexOf('\n\n') + 2, -1));

describe('SUBSCRIBE to a topic with a selector', () => {
  it('gets what the selector chooses, and others get the rest as well', () => {
    const all = peers.connect().say('SUBSCRIBE\nid:0\ndestination:/topic/a\n\n\0');
    const some = peers.connect();
    some.say("SUBSCRIBE\nid:1\ndestination:/topic/a\nselector:kind = 'new' AND size > 10\n\n\0");
    const sender = peers.connect();
    sender.say(
      'SEND\ndestination:/topic/a\nkind:new\nsize:11\n\n1\0',
      'SEND\ndestination:/topic/a\nkind:new\nsize:9\n\n2\0',
      'SEND\ndestination:/topic/a\nkind:old\nsize:11\n\n3\0',
      'SEND\ndestination:/topic/a\nkind:new\nsize:110\n\n4\0',
    );
    expect(bodies(some.heard())).toEqual(['1', '4']);
    expect(bodies(all.heard())).toEqual(['1', '2', '3', '4']);
  });

  it('may choose by names that are no identifiers, and by what the message is', () => {
    const c = peers.connect();
    c.say(
      'SUBSCRIBE\nid:0\ndestination:/topic/#\nselector:"content-type" LIKE \'text/%\' AND "x-y" IS NULL AND JMSDestination = \'/topic/a.b\'\n\n\0',
      'SEND\ndestination:/topic/a.b\ncontent-type:text/plain\n\n1\0',
      'SEND\ndestination:/topic/a.b\ncontent-type:text/plain\nx-y:z\n\n2\0',
      'SEND\ndestination:/topic/a\ncontent-type:text/plain\n\n3\0',
      'SEND\ndestination:/topic/a.b\n\n4\0',
    );
    expect(bodies(c.heard())).toEqual(['1']);
  });

  it('goes together with no-local and with acknowledgements', () => {
    const c = peers.connect();
    c.say("SUBSCRIBE\nid:0\ndestination:/topic/a\nack:client\nno-local:true\nselector:k = '1'\n\n\0");
    c.say('SEND\ndestination:/topic/a\nk:1\n\nown\0');
    peers
      .connect()
      .say('SEND\ndestination:/topic/a\nk:1\n\nyes\0', 'SEND\ndestination:/topic/a\nk:2\n\nno\0');
    expect(bodies(c.heard())).toEqual(['yes']);
  });

  it('S20: that is no selector is an ERROR that names the header and the place', () => {
    const c = peers.connect();
    c.say("SUBSCRIBE\nid:0\ndestination:/topic/a\nreceipt:r\nselector:a < 'b'\n\n\0");
    expect(c.heard()).toEqual([
      'ERROR\nmessage:invalid selector\ncontent-type:text/plain\nreceipt-id:r\ncontent-length:71\n\n' +
        'The header selector is no selector: A number is expected (character 5).\0',
    ]);
    expect(c.link.closeReason?.kind).toBe('protocol_error');
  });

  it('S20: longer than 4 KiB is an ERROR', () => {
    const c = peers.connect();
    c.say(`SUBSCRIBE\nid:0\ndestination:/topic/a\nselector:a = '${'x'.repeat(4096)}'\n\n\0`);
    expect(c.heard()[0]).toContain('A selector may have 4096 bytes');
  });

  it('is empty: all is chosen', () => {
    const c = peers.connect().say('SUBSCRIBE\nid:0\ndestination:/topic/a\nselector:\n\n\0');
    c.say('SEND\ndestination:/topic/a\n\nx\0');
    expect(bodies(c.heard())).toEqual(['x']);
  });
});

describe('no-local', () => {
  it('a client hears itself unless it says otherwise', () => {
    const c = peers.connect();
    c.say(
      'SUBSCRIBE\nid:0\ndestination:/topic/a\n\n\0',
      'SUBSCRIBE\nid:1\ndestination:/topic/a\nno-local:true\n\n\0',
      'SEND\ndestination:/topic/a\n\nx\0',
    );
    expect(c.heard().map((frame) => frame.split('\n')[1])).toEqual(['subscription:0']);
    peers.connect().say('SEND\ndestination:/topic/a\n\nx\0');
    expect(c.heard()).toHaveLength(2);
  });

  it('is understood as activemq.noLocal, but not in the strict profile', () => {
    const c = peers.connect();
    c.say(
      'SUBSCRIBE\nid:0\ndestination:/topic/a\nactivemq.noLocal:true\n\n\0',
      'SEND\ndestination:/topic/a\n\n\0',
    );
    expect(c.heard()).toEqual([]);
    const strict = peers.connect('1.2', { profile: 'strict' });
    strict.say(
      'SUBSCRIBE\nid:0\ndestination:/topic/a\nactivemq.noLocal:true\n\n\0',
      'SEND\ndestination:/topic/a\n\n\0',
    );
    expect(strict.heard()).toHaveLength(1);
  });

  it.each(['no-local:yes', 'no-local:1', 'no-local:'])(
    'S26: %s is an ERROR that names the header',
    (line) => {
      const c = peers.connect().say(`SUBSCRIBE\nid:0\ndestination:/topic/a\n${line}\n\n\0`);
      expect(c.heard()[0]).toMatch(
        /^ERROR\nmessage:invalid header\n[^]*The header no-local is true or false/,
      );
    },
  );
});
