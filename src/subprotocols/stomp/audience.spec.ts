import { afterEach, describe, expect, it } from '@jest/globals';
import type { StompClient } from '../../../test/support/stomp-client.js';
import { StompClients } from '../../../test/support/stomp-client.js';

const peers = new StompClients();

afterEach(() => peers.end());

/** Users log in by their name, and have the role that follows the name's dash. */
function givenUsers(): void {
  peers.given({
    authenticator: {
      methods: ['ticket'],
      begin: ({ authid = '' }) => ({
        kind: 'accepted',
        principal: {
          authid,
          authrole: authid.split('-')[1] ?? 'none',
          authmethod: 'ticket',
          authprovider: 'static',
        },
      }),
    },
  });
}

/** A client of that user that listens to everything, and the number in its CONNECTED. */
function listener(login: string): { readonly client: StompClient; readonly session: string } {
  const client = peers.open().say(`CONNECT\naccept-version:1.2\nhost:realm1\nlogin:${login}\n\n\0`);
  const session = /\nsession:(\d+)\n/.exec(client.heard()[0] ?? '')?.[1] ?? '';
  client.say('SUBSCRIBE\nid:0\ndestination:/topic/#\n\n\0');
  return { client, session };
}

describe('a SEND with a list of receivers', () => {
  it.each([
    ['eligible-authid:ann-x', ['ann-x']],
    ['eligible-authid:ann-x, bob-y', ['ann-x', 'bob-y']],
    ['eligible-authrole:y', ['bob-y', 'cid-y']],
    ['exclude-authid:ann-x', ['bob-y', 'cid-y']],
    ['exclude-authrole:x,z', ['bob-y', 'cid-y']],
    ['eligible-authrole:y\nexclude-authid:bob-y', ['cid-y']],
    ['eligible-authid:ann-x,bob-y\neligible-authrole:y', ['bob-y']],
    ['eligible-authid:', []],
    ['eligible:', []],
    ['exclude:', ['ann-x', 'bob-y', 'cid-y']],
    ['eligible-authid:nobody', []],
  ])('X7: %j reaches %j', (lines, expected) => {
    givenUsers();
    const listeners = ['ann-x', 'bob-y', 'cid-y'].map((login) => ({ login, client: listener(login).client }));
    peers.connect().say(`SEND\ndestination:/topic/a\n${lines}\n\nx\0`);
    const reached = listeners.filter(({ client }) => client.heard().length > 0).map(({ login }) => login);
    expect(reached).toEqual(expected);
  });

  it('names sessions by the number in the session of their CONNECTED', () => {
    givenUsers();
    const [one, two, three] = [listener('ann-x'), listener('ann-x'), listener('ann-x')];
    peers.connect().say(`SEND\ndestination:/topic/a\neligible:${one.session},${three.session}\n\nx\0`);
    expect([one, two, three].map(({ client }) => client.heard().length)).toEqual([1, 0, 1]);
    peers.connect().say(`SEND\ndestination:/topic/a\nexclude:${one.session}\n\nx\0`);
    expect([one, two, three].map(({ client }) => client.heard().length)).toEqual([0, 1, 1]);
  });

  it('the session that CONNECTED tells is the broker’s own 53-bit id', () => {
    const c = peers.open().say('CONNECT\naccept-version:1.2\nhost:realm1\n\n\0');
    expect(c.heard()[0]).toContain('\nsession:1001\n');
    c.say('SUBSCRIBE\nid:0\ndestination:/topic/a\n\n\0', 'SEND\ndestination:/topic/a\neligible:1001\n\nx\0');
    expect(c.heard()).toHaveLength(1);
  });

  it('STOMP-60: passes none of the lists on', () => {
    const c = peers.connect().say('SUBSCRIBE\nid:0\ndestination:/topic/a\n\n\0');
    c.say(
      'SEND\ndestination:/topic/a\neligible-authid:anonymous\neligible-authrole:anonymous\nexclude:7\nexclude-authid:x\nexclude-authrole:y\nexclude-me:false\nz:1\n\n\0',
    );
    expect(c.heard()).toEqual([
      'MESSAGE\nsubscription:0\nmessage-id:1002-1\ndestination:/topic/a\nz:1\n\n\0',
    ]);
  });

  it.each([
    'eligible:ann',
    'eligible:0',
    'eligible:-1',
    'exclude:1.5',
    'exclude:1,,x',
    'exclude:9007199254740993',
  ])('S26: %s is an ERROR that names the header', (line) => {
    const c = peers.connect().say(`SEND\ndestination:/topic/a\n${line}\n\n\0`);
    const [name = ''] = line.split(':');
    expect(c.heard()[0]).toContain(`The header ${name} is a list of session numbers.`);
    expect(c.link.closeReason?.kind).toBe('protocol_error');
  });

  it.each([
    'eligible',
    'eligible-authid',
    'eligible-authrole',
    'exclude',
    'exclude-authid',
    'exclude-authrole',
  ])('S26 P16: %s has a thousand entries, and no more', (name) => {
    const numbers = Array.from({ length: 1001 }, (_, at) => at + 5000);
    const c = peers.connect().say('SUBSCRIBE\nid:0\ndestination:/topic/a\n\n\0');
    c.say(`SEND\ndestination:/topic/a\nreceipt:r\n${name}:${numbers.slice(1).join()}\n\n\0`);
    expect(c.heard()).toContain('RECEIPT\nreceipt-id:r\n\n\0');
    c.say(`SEND\ndestination:/topic/a\n${name}:${numbers.join()}\n\n\0`);
    expect(c.heard()).toEqual([
      expect.stringMatching(
        new RegExp(`^ERROR\\nmessage:invalid header\\n[^]*The header ${name} may have 1000 entries\\.\\0$`),
      ),
    ]);
  });

  it('is restricted in a transaction as well', () => {
    const c = peers.connect().say('SUBSCRIBE\nid:0\ndestination:/topic/a\n\n\0');
    c.say(
      'BEGIN\ntransaction:t\n\n\0',
      'SEND\ndestination:/topic/a\ntransaction:t\neligible-authid:other\n\nx\0',
      'SEND\ndestination:/topic/a\ntransaction:t\nexclude-me:true\n\nx\0',
      'SEND\ndestination:/topic/a\ntransaction:t\n\ny\0',
      'COMMIT\ntransaction:t\n\n\0',
    );
    expect(c.heard()).toEqual([expect.stringMatching(/\n\ny\0$/)]);
  });

  it.each([
    'eligible:1',
    'eligible-authid:a',
    'eligible-authrole:a',
    'exclude:1',
    'exclude-authid:a',
    'exclude-authrole:a',
  ])('X7: %s is an ERROR at a queue, which has no audience', (line) => {
    const c = peers.connect().say(`SEND\ndestination:/queue/a\n${line}\n\n\0`);
    expect(c.heard()[0]).toMatch(/^ERROR\nmessage:invalid header\n[^]*is for topics only\.\0$/);
  });
});

describe('exclude-me', () => {
  it('leaves the sender out, and no other session of the same user', () => {
    const [c, d] = [peers.connect(), peers.connect()];
    for (const client of [c, d]) client.say('SUBSCRIBE\nid:0\ndestination:/topic/a\n\n\0');
    c.say('SEND\ndestination:/topic/a\nexclude-me:true\n\nx\0');
    expect([c.heard().length, d.heard().length]).toEqual([0, 1]);
    c.say('SEND\ndestination:/topic/a\nexclude-me:false\n\nx\0');
    expect([c.heard().length, d.heard().length]).toEqual([1, 1]);
  });

  it('S26: another value is an ERROR that names the header', () => {
    const c = peers.connect().say('SEND\ndestination:/topic/a\nexclude-me:maybe\n\n\0');
    expect(c.heard()[0]).toContain('The header exclude-me is true or false, not maybe.');
  });
});
