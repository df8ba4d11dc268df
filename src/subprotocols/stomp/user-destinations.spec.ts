import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { StompClient } from '../../../test/support/stomp-client.js';
import { StompClients } from '../../../test/support/stomp-client.js';
import { Payload } from '../../broker/index.js';
import type { StompOptions } from './options.js';

const peers = new StompClients();

beforeEach(() => {
  peers.given({
    authenticator: {
      methods: ['ticket'],
      begin: ({ authid }) => ({
        kind: 'accepted',
        principal: {
          authid: authid ?? 'anonymous',
          authrole: 'user',
          authmethod: authid === undefined ? 'anonymous' : 'ticket',
          authprovider: 'static',
        },
      }),
    },
  });
});

afterEach(() => peers.end());

/** A client of that user, or of nobody, and what its CONNECTED said. */
function connected(login?: string, options?: StompOptions): { client: StompClient; greeting: string } {
  const client = peers.open(options);
  client.say(
    `CONNECT\naccept-version:1.2\nhost:realm1\n${login === undefined ? '' : `login:${login}\n`}\n\0`,
  );
  return { client, greeting: client.heard()[0] ?? '' };
}

/** A client of that user that listens to its own `/user/queue/a`. */
function listening(login?: string): StompClient {
  return connected(login).client.say('SUBSCRIBE\nid:0\ndestination:/user/queue/a\n\n\0');
}

describe('/user destinations', () => {
  it('a message to /user/<name>/… reaches all sessions of that user, and nobody else', () => {
    const [ann, again, bob, nobody] = [listening('ann'), listening('ann'), listening('bob'), listening()];
    connected('bob').client.say('SEND\ndestination:/user/ann/queue/a\n\nx\0');
    for (const client of [ann, again]) {
      expect(client.heard()).toEqual([
        expect.stringMatching(
          /^MESSAGE\nsubscription:0\nmessage-id:\d+-\d+\ndestination:\/user\/queue\/a\ncontent-length:1\n\nx\0$/,
        ),
      ]);
    }
    expect([bob.heard(), nobody.heard()]).toEqual([[], []]);
  });

  it('a message to /user/queue/… reaches oneself', () => {
    const [ann, bob] = [listening('ann'), listening('bob')];
    connected('ann').client.say('SEND\ndestination:/user/queue/a\n\nx\0');
    expect(ann.heard()[0]).toContain('\ndestination:/user/queue/a\n');
    expect(bob.heard()).toEqual([]);
  });

  it('topic may stand in the place of queue', () => {
    const { client } = connected('ann');
    client.say(
      'SUBSCRIBE\nid:0\ndestination:/user/topic/a.b\n\n\0',
      'SEND\ndestination:/user/ann/topic/a.b\n\nx\0',
    );
    expect(client.heard()[0]).toContain('\ndestination:/user/topic/a.b\n');
  });

  it('CONNECTED tells the name; sessions without a login are a user each', () => {
    expect(connected('ann').greeting).toContain('\nuser-name:ann\n');
    const one = connected();
    const other = listening();
    const name = /\nuser-name:(anonymous-\d+)\n/.exec(one.greeting)?.[1];
    expect(one.greeting).toContain(`\nsession:${name?.slice('anonymous-'.length)}\n`);
    one.client.say('SUBSCRIBE\nid:0\ndestination:/user/queue/a\n\n\0');
    connected('ann').client.say(`SEND\ndestination:/user/${name}/queue/a\n\nx\0`);
    expect([one.client.heard().length, other.heard().length]).toEqual([1, 0]);
  });

  it('S21: who logs in by the name of an anonymous session is somebody else', () => {
    const victim = connected();
    const name = /\nuser-name:(.*)\n/.exec(victim.greeting)?.[1] ?? '';
    victim.client.say('SUBSCRIBE\nid:0\ndestination:/user/queue/a\n\n\0');
    const thief = listening(name);
    const other = connected();
    other.client.say(`SEND\ndestination:/user/${name}/queue/a\n\nx\0`);
    expect([thief.heard().length, victim.client.heard().length]).toEqual([0, 1]);
    other.client.say(`SEND\ndestination:/user/%61${name.slice(1)}/queue/a\n\nx\0`);
    expect([thief.heard().length, victim.client.heard().length]).toEqual([1, 0]);
    thief.say(`SUBSCRIBE\nid:1\ndestination:/user/${name}/queue/a\n\n\0`);
    expect(thief.heard()[0]).toContain('ERROR\nmessage:not authorized\n');
  });

  it.each([
    ['a/b', 'a%2Fb'],
    ['a.b', 'a.b'],
    ['a.b', 'a%2Eb'],
    ['a b', 'a b'],
    ['a b', 'a%20b'],
    ['50%', '50%25'],
    ['é', 'é'],
    ['é', '%C3%A9'],
    ['queue', '%71ueue'],
    ['ann@x.org', 'ann@x.org'],
    ['#1', '#1'],
  ])('the user %j is written %j', (login, written) => {
    const client = listening(login);
    connected('bob').client.say(`SEND\ndestination:/user/${written}/queue/a\n\nx\0`);
    expect(client.heard()).toHaveLength(1);
  });

  it('S21: nobody listens to what is another user’s', () => {
    for (const destination of ['/user/ann/queue/a', '/topic/user.ann.queue.a']) {
      const { client } = connected('bob');
      client.say(`SUBSCRIBE\nid:0\ndestination:${destination}\nreceipt:r\n\n\0`);
      expect(client.heard()[0]).toContain('ERROR\nmessage:not authorized\n');
    }
    const own = connected('ann').client.say(
      'SUBSCRIBE\nid:0\ndestination:/user/ann/queue/a\nreceipt:r\n\n\0',
    );
    expect(own.heard()).toEqual(['RECEIPT\nreceipt-id:r\n\n\0']);
  });

  it('S21: a pattern hears nothing of it', () => {
    const spies = ['/topic/#', '/topic/user.#', '/topic/*.*.*.*', '/topic/user.ann.*.a'].map((destination) =>
      connected('bob').client.say(`SUBSCRIBE\nid:0\ndestination:${destination}\n\n\0`),
    );
    const ann = listening('ann');
    connected('cid').client.say('SEND\ndestination:/user/ann/queue/a\n\nx\0');
    expect(ann.heard()).toHaveLength(1);
    expect(spies.map((spy) => spy.heard())).toEqual([[], [], [], []]);
  });

  it('S21: the authorizer is asked about the one spelling that is routed', () => {
    const asked: string[] = [];
    peers.given({
      authorizer: {
        decide: (_principal, action, { match, text }) => {
          asked.push(`${action} ${match} ${text}`);
          return { allow: true };
        },
      },
    });
    const { client } = connected('ann');
    client.say('SEND\ndestination:/user/a.b%2Fc/queue/x y\n\n\0', 'SEND\ndestination:/user/queue/x\n\n\0');
    expect(asked).toEqual([
      'publish exact user.a%2Eb%2Fc.queue.x%20y',
      'publish exact user.anonymous.queue.x'.replace('anonymous', 'anonymous-1001'),
    ]);
  });

  it.each([
    '/user/',
    '/user/ann',
    '/user/ann/',
    '/user//queue/a',
    '/user/queue/',
    '/user/queue/a..b',
    '/user/queue/*',
    '/user/queue/#',
    '/user/ann/other/a',
    '/user/ann/bob/queue/a',
    '/user/%/queue/a',
    '/user/%zz/queue/a',
    '/user/%FF/queue/a',
  ])('S21: %s is no destination', (destination) => {
    for (const frame of [
      `SEND\ndestination:${destination}\n\n\0`,
      `SUBSCRIBE\nid:0\ndestination:${destination}\n\n\0`,
    ]) {
      const { client } = connected('ann');
      client.say(frame);
      expect(client.heard()[0]).toContain('ERROR\nmessage:invalid destination\n');
    }
  });

  it('is shown as /user/queue/… whoever sent it, and however', () => {
    const ann = listening('ann');
    connected('bob').client.say('SEND\ndestination:/topic/user.ann.queue.a\n\nx\0');
    void peers
      .other()
      .attachment.publish({}, { topic: 'user.ann.queue.a', payload: Payload.ofValues(['x']) });
    const shown = ann.heard().map((frame) => /\ndestination:(.*)\n/.exec(frame)?.[1]);
    expect(shown).toEqual(['/user/queue/a', '/user/queue/a']);
  });

  it('separates words as the server is told to', () => {
    const { client } = connected('ann', { separator: '/' });
    client.say(
      'SUBSCRIBE\nid:0\ndestination:/user/queue/a/b.c\n\n\0',
      'SEND\ndestination:/user/ann/queue/a/b.c\n\nx\0',
    );
    expect(client.heard()[0]).toContain('\ndestination:/user/queue/a/b.c\n');
    void peers.other().attachment.publish({}, { topic: 'user.ann.queue.a.b%2Ec', payload: Payload.empty });
    expect(client.heard()[0]).toContain('\ndestination:/user/queue/a/b.c\n');
  });

  it('goes through a transaction', () => {
    const ann = listening('ann');
    connected('bob').client.say(
      'BEGIN\ntransaction:t\n\n\0',
      'SEND\ndestination:/user/ann/queue/a\ntransaction:t\n\nx\0',
      'COMMIT\ntransaction:t\n\n\0',
    );
    expect(ann.heard()).toHaveLength(1);
  });
});
