import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BEGINNING, MetaBed, call, eventsOf, idOf, listen } from '../../../../test/support/meta-bed.js';

let bed: MetaBed;

beforeEach(() => void (bed = new MetaBed()));
afterEach(() => bed.end());

describe('clients of STOMP', () => {
  it('WAMP-128: are shown as sessions, and told of', () => {
    const watcher = listen(bed.join('admin'), 'wamp.session.on_join', 'wamp.session.on_leave');

    const stomp = bed.connect('stefan');
    const [[joined]] = eventsOf(watcher) as [[{ session: number }]];
    expect(joined).toEqual({
      session: expect.any(Number),
      authid: 'stefan',
      authrole: 'user',
      authmethod: 'test',
      authprovider: 'static',
      transport: { type: 'websocket', protocol: 'v12.stomp', peer: '127.0.0.1', is_secure: false },
      _protocol: 'stomp',
      _since: BEGINNING,
    });
    expect(call(watcher, 'wamp.session.count')).toEqual([2]);
    stomp.close();
    expect(eventsOf(watcher)).toEqual([[joined.session, 'stefan', 'user']]);
  });

  it('WAMP-128: call the meta procedures by SEND', () => {
    const stomp = bed.connect('stefan');
    bed.join('alice');
    stomp.say('SUBSCRIBE\nid:0\ndestination:/temp-queue/answers\n\n\0');

    stomp.say('SEND\ndestination:/rpc/wamp.session.count\nreply-to:/temp-queue/answers\n\n\0');
    stomp.say(
      'SEND\ndestination:/rpc/wamp.session.list\nreply-to:/temp-queue/answers\ncontent-type:application/json\n\n["admin"]\0',
    );

    const [count, list] = stomp.heard();
    expect(count).toMatch(/^MESSAGE\n[^]*\n\n2\0$/);
    expect(list).toMatch(/^MESSAGE\n[^]*\n\n\[\]\0$/);
  });

  it('WAMP-128: subscribe to the meta events as topics', () => {
    const stomp = bed.connect('stefan');
    stomp.say('SUBSCRIBE\nid:0\ndestination:/topic/wamp.session.on_leave\n\n\0');
    const alice = bed.join('alice');
    stomp.heard();

    alice.disconnect();

    const [message] = stomp.heard();
    expect(message).toMatch(/^MESSAGE\n/);
    expect(message).toContain('destination:/topic/wamp.session.on_leave\n');
    expect(message).toMatch(/\n\n\[\d+,"alice","user"\]\0$/);
  });

  it('WAMP-128: are killed with ERROR session killed', () => {
    const admin = bed.join('admin');
    const stomp = bed.connect('stefan');
    const id = idOf('stefan', admin);

    call(admin, 'wamp.session.kill', [id], { message: 'Out.' });

    const [error] = stomp.heard();
    expect(error).toMatch(/^ERROR\n/);
    expect(error).toContain('message:session killed\n');
    expect(error).toContain('Out.');
    expect(stomp.link.closeReason?.kind).toBe('policy');
  });
});
