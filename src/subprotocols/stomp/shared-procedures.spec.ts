import { afterEach, describe, expect, it } from '@jest/globals';
import type { StompClient } from '../../../test/support/stomp-client.js';
import { StompClients } from '../../../test/support/stomp-client.js';
import { Payload } from '../../broker/index.js';

const peers = new StompClients();

afterEach(() => peers.end());

/** A callee that shares /rpc/add. */
function serving(policy: string): StompClient {
  return peers.connect().say(`SUBSCRIBE\nid:s\ndestination:/rpc/add\ninvoke:${policy}\n\n\0`);
}

describe('a STOMP callee with invoke', () => {
  it.each([
    ['NACK', (id: string) => `NACK\nid:${id}\n\n\0`],
    [
      'the error wamp.error.unavailable',
      () => 'SEND\ndestination:/reply-queue/token-1\nerror:wamp.error.unavailable\n\n\0',
    ],
  ])('P15: shares a procedure by the header invoke, and passes a call on by %s', (_how, words) => {
    const c = serving('first');
    const other = serving('first');
    const caller = peers.other();
    void caller.attachment.call({}, { procedure: 'add', payload: Payload.empty });
    c.say(words(/message-id:(.+)/.exec(c.heard()[0] ?? '')?.[1] ?? ''));
    other.say('SEND\ndestination:/reply-queue/token-2\n\n2\0');
    expect(caller.take()).toEqual(['answered result']);
  });

  it.each(['roundrobin', 'random', 'last', 'single'])(
    'is refused a procedure that others share by another policy: %s',
    (policy) => {
      serving('first');
      const other = serving(policy);
      expect(other.heard()[0]).toContain('ERROR\nmessage:procedure exists with another policy\n');
    },
  );

  it('X4: is refused an invoke that is none, and one that it sends to a topic means nothing', () => {
    const c = peers.connect().say('SUBSCRIBE\nid:s\ndestination:/topic/a\ninvoke:all\n\n\0');
    expect(c.heard()).toEqual([]);
    c.say('SUBSCRIBE\nid:t\ndestination:/rpc/add\ninvoke:all\n\n\0');
    expect(c.heard()[0]).toContain('ERROR\nmessage:invalid header\n');
  });
});
