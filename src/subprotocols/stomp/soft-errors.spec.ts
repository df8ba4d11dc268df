import { afterEach, describe, expect, it } from '@jest/globals';
import type { StompClient } from '../../../test/support/stomp-client.js';
import { StompClients, settled } from '../../../test/support/stomp-client.js';
import type { Publication, RetainedStore } from '../../broker/index.js';
import { Payload, StoreError } from '../../broker/index.js';
import type { StompOptions } from './options.js';

const peers = new StompClients();

afterEach(() => peers.end());

/** Refuses whatever has `secret` in it. */
const noSecrets = {
  decide: (_principal: unknown, _action: unknown, { text }: { readonly text: string }) => ({
    allow: !text.includes('secret'),
  }),
};

/** A client that asks for soft errors. */
function soft(options?: StompOptions, lines = 'soft-errors:true\n'): StompClient {
  const client = peers.open(options).say(`CONNECT\naccept-version:1.2\nhost:realm1\n${lines}\n\0`);
  client.heard();
  return client;
}

function softSaying(...frames: readonly string[]): StompClient {
  return soft().say(...frames);
}

describe('soft errors', () => {
  it.each([
    ['offer', 'soft-errors:true\n', true],
    ['offer', '', false],
    ['offer', 'soft-errors:false\n', false],
    ['offer', 'soft-errors:1\n', false],
    ['always', '', true],
    ['always', 'soft-errors:false\n', true],
    ['never', 'soft-errors:true\n', false],
  ] as const)('by %s, CONNECT with %j: %s, and CONNECTED tells', (softErrors, lines, expected) => {
    peers.given({ authorizer: noSecrets });
    const c = peers.open({ softErrors }).say(`CONNECT\naccept-version:1.2\nhost:realm1\n${lines}\n\0`);
    expect(c.heard()[0]?.includes('\nsoft-errors:true\n')).toBe(expected);
    c.say('SEND\ndestination:/topic/secret\n\nx\0');
    expect(c.heard()[0]?.split('\n')[0]).toBe(expected ? 'MESSAGE' : 'ERROR');
    expect(c.link.closeReason === undefined).toBe(expected);
  });

  it('by default an ERROR ends the session', () => {
    peers.given({ authorizer: noSecrets });
    const c = peers.connect().say('SUBSCRIBE\nid:0\ndestination:/topic/secret\n\n\0');
    expect(c.heard()[0]).toContain('ERROR\nmessage:not authorized\n');
    expect(c.link.closeReason?.kind).toBe('policy');
  });

  it('a refused SUBSCRIBE is told, without a RECEIPT; the session and its other subscriptions live', () => {
    peers.given({ authorizer: noSecrets });
    const c = softSaying('SUBSCRIBE\nid:0\ndestination:/topic/a\n\n\0');
    c.say('SUBSCRIBE\nid:1\ndestination:/topic/secret\nreceipt:r\n\n\0');
    expect(c.heard()).toEqual([
      'MESSAGE\nsubscription:errors\nmessage-id:error-1001-1\ndestination:/user/queue/errors\n' +
        'error:wamp.error.not_authorized\nmessage:not authorized\nframe:SUBSCRIBE\nid:1\nreceipt-id:r\n' +
        'content-type:text/plain\ncontent-length:15\n\nNot authorized.\0',
    ]);
    c.say('SEND\ndestination:/topic/a\n\nx\0');
    expect(c.heard()[0]).toMatch(/^MESSAGE\nsubscription:0\n/);
    expect(c.link.closeReason).toBeUndefined();
  });

  it('a subscription that was refused is none: its id is free, and UNSUBSCRIBE does not know it', () => {
    peers.given({ authorizer: noSecrets });
    const c = softSaying('SUBSCRIBE\nid:1\ndestination:/topic/secret\n\n\0');
    c.heard();
    c.say('SUBSCRIBE\nid:1\ndestination:/topic/a\nreceipt:r\n\n\0');
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:r\n\n\0']);
    const d = softSaying('SUBSCRIBE\nid:1\ndestination:/topic/secret\n\n\0', 'UNSUBSCRIBE\nid:1\n\n\0');
    expect(d.heard()[1]).toContain('ERROR\nmessage:no such subscription\n');
  });

  it.each([
    ['SEND\ndestination:/topic/secret\nreceipt:r\n\nx\0', 'wamp.error.not_authorized', 'SEND'],
    ['SEND\ndestination:/topic/secret\n\nx\0', 'wamp.error.not_authorized', 'SEND'],
    ['SEND\ndestination:/nope/a\nreceipt:r\n\nx\0', 'wamp.error.invalid_uri', 'SEND'],
    ['SEND\nreceipt:r\n\nx\0', 'wamp.error.invalid_uri', 'SEND'],
    ['SEND\ndestination:/topic/wamp.x\nreceipt:r\n\nx\0', 'wamp.error.invalid_uri', 'SEND'],
    ['SEND\ndestination:/temp-queue/a\nreceipt:r\n\nx\0', 'wamp.error.invalid_uri', 'SEND'],
    ['SUBSCRIBE\nid:1\ndestination:/nope/a\n\n\0', 'wamp.error.invalid_uri', 'SUBSCRIBE'],
    ['SUBSCRIBE\nid:1\ndestination:/topic/a..b\n\n\0', 'wamp.error.invalid_uri', 'SUBSCRIBE'],
    ['SUBSCRIBE\nid:1\ndestination:/user/other/queue/a\n\n\0', 'wamp.error.not_authorized', 'SUBSCRIBE'],
    ['SUBSCRIBE\nid:1\ndestination:/rpc/secret\n\n\0', 'wamp.error.not_authorized', 'SUBSCRIBE'],
  ])('%j is told as %s of %s', (frame, uri, command) => {
    peers.given({ authorizer: noSecrets });
    const c = softSaying(frame);
    const [told, ...more] = c.heard();
    expect(told).toMatch(/^MESSAGE\nsubscription:errors\nmessage-id:error-/);
    expect(told).toContain(`\nerror:${uri}\n`);
    expect(told).toContain(`\nframe:${command}\n`);
    expect(told?.includes('\nreceipt-id:r\n')).toBe(frame.includes('receipt:r'));
    expect(more).toEqual([]);
    c.say('BEGIN\ntransaction:t\nreceipt:alive\n\n\0');
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:alive\n\n\0']);
  });

  it('limits are told', () => {
    peers.given({ brokerLimits: { subscriptions: 1 } });
    const c = softSaying(
      'SUBSCRIBE\nid:1\ndestination:/topic/a\n\n\0',
      'SUBSCRIBE\nid:2\ndestination:/topic/b\n\n\0',
    );
    expect(c.heard()).toEqual([
      expect.stringContaining('\nerror:wamp.error.unavailable\nmessage:limit exceeded\n'),
    ]);
  });

  it('a procedure that somebody else serves is told', () => {
    peers.connect().say('SUBSCRIBE\nid:1\ndestination:/rpc/p\n\n\0');
    const c = softSaying('SUBSCRIBE\nid:1\ndestination:/rpc/p\n\n\0');
    expect(c.heard()).toEqual([expect.stringContaining('\nerror:wamp.error.procedure_already_exists\n')]);
  });

  it('what an authorizer refuses later is told of its own frame', async () => {
    peers.given({
      authorizer: { decide: async (_principal, _action, { text }) => ({ allow: !text.includes('secret') }) },
    });
    const c = softSaying(
      'SUBSCRIBE\nid:1\ndestination:/topic/secret\nreceipt:1\n\n\0',
      'SEND\ndestination:/topic/a\nreceipt:2\n\nx\0',
    );
    await settled();
    expect(c.heard().map((frame) => /\nreceipt-id:(\d)\n/.exec(frame)?.[1])).toEqual(['1', '2']);
    expect(peers.broker.stats.subscriptions).toBe(0);
  });

  it('a refused frame of a transaction: nothing of it is committed, and COMMIT tells', () => {
    peers.given({ authorizer: noSecrets });
    const listener = peers.connect().say('SUBSCRIBE\nid:0\ndestination:/topic/a\n\n\0');
    const c = softSaying(
      'BEGIN\ntransaction:t\n\n\0',
      'SEND\ndestination:/topic/a\ntransaction:t\nreceipt:1\n\nx\0',
      'SEND\ndestination:/topic/secret\ntransaction:t\nreceipt:2\n\nx\0',
      'SEND\ndestination:/topic/a\ntransaction:t\nreceipt:3\n\nx\0',
      'COMMIT\ntransaction:t\nreceipt:4\n\n\0',
    );
    const heard = c.heard();
    expect(heard.map((frame) => frame.split('\n')[0])).toEqual(['RECEIPT', 'MESSAGE', 'RECEIPT', 'MESSAGE']);
    expect(heard[3]).toContain(
      '\nerror:wamp.error.canceled\nmessage:transaction refused\nframe:COMMIT\nreceipt-id:4\n',
    );
    expect(listener.heard()).toEqual([]);
    c.say('BEGIN\ntransaction:t\nreceipt:5\n\n\0');
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:5\n\n\0']);
  });

  it.each([
    'SUBSCRIBE\ndestination:/topic/a\n\n\0',
    'SUBSCRIBE\nid:1\ndestination:/topic/a\nack:nope\n\n\0',
    'SUBSCRIBE\nid:1\ndestination:/topic/a\nhistory:x\n\n\0',
    'SUBSCRIBE\nid:1\ndestination:/topic/a\nselector:x =\n\n\0',
    'SEND\ndestination:/topic/a\nretain:x\n\n\0',
    'UNSUBSCRIBE\nid:none\n\n\0',
    'ACK\nid:none\n\n\0',
    'COMMIT\ntransaction:none\n\n\0',
    'NOPE\n\n\0',
    'CONNECT\naccept-version:1.2\nhost:realm1\n\n\0',
    'SEND\ndestination:/topic/a\ncontent-length:x\n\n\0',
    'SEND\nno colon\n\n\0',
  ])('a violation of the protocol stays an ERROR and the close: %j', (frame) => {
    const c = softSaying(frame);
    expect(c.heard().at(-1)).toMatch(/^ERROR\n/);
    expect(c.link.closeReason?.kind).toBe('protocol_error');
  });

  it('the loss of the session stays an ERROR: a client that is too slow, a silent one, the shutdown', () => {
    const c = soft();
    c.session.closing(0);
    expect(c.heard()[0]).toContain('ERROR\nmessage:server shutting down\n');
  });

  it('the client may subscribe as errors to /user/queue/errors, and to nothing else', () => {
    const c = softSaying('SUBSCRIBE\nid:errors\ndestination:/user/queue/errors\nreceipt:r\n\n\0');
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:r\n\n\0']);
    c.say('SEND\ndestination:/user/queue/errors\n\nof the application\0', 'SEND\ndestination:/nope\n\n\0');
    expect(c.heard().map((frame) => frame.split('\n')[1])).toEqual([
      'subscription:errors',
      'subscription:errors',
    ]);
    const d = softSaying('SUBSCRIBE\nid:errors\ndestination:/topic/a\n\n\0');
    expect(d.heard()[0]).toContain('ERROR\nmessage:subscription exists\n');
    const plain = peers.connect().say('SUBSCRIBE\nid:errors\ndestination:/topic/a\nreceipt:r\n\n\0');
    expect(plain.heard()).toEqual(['RECEIPT\nreceipt-id:r\n\n\0']);
  });

  it('what a queue refuses is told, and without a receipt too', () => {
    peers
      .connect()
      .say('SUBSCRIBE\nid:1\ndestination:/queue/a\nexclusive:true\nx-max-length:1\nack:client\n\n\0');
    const c = softSaying('SUBSCRIBE\nid:1\ndestination:/queue/a\nreceipt:1\n\n\0');
    expect(c.heard()).toEqual([
      expect.stringMatching(
        /\nerror:wamp\.error\.unavailable\nmessage:queue in use\nframe:SUBSCRIBE\nid:1\nreceipt-id:1\n/,
      ),
    ]);
    c.say('SEND\ndestination:/queue/a\n\nx\0', 'SEND\ndestination:/queue/a\n\ny\0');
    expect(c.heard()).toEqual([
      expect.stringMatching(
        /\nerror:wamp\.error\.unavailable\nmessage:queue full\nframe:SEND\ncontent-type:/,
      ),
    ]);
    c.say('SUBSCRIBE\nid:1\ndestination:/queue/b\nreceipt:2\n\n\0');
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:2\n\n\0']);
  });

  it('a subscription whose past cannot be read is told, before or after its RECEIPT', () => {
    const retained = (pages: number): RetainedStore => {
      let left = pages;
      return {
        durable: false,
        put: () => undefined,
        delete: () => undefined,
        match: () => {
          if (left === 0) throw new StoreError('failed', 'broken');
          left -= 1;
          return { publications: kept };
        },
      };
    };
    const kept: Publication[] = [];
    const listener = peers.other();
    void listener.attachment.subscribe({}, { key: 'k', pattern: { match: 'exact', text: 'a' } });
    void listener.attachment.publish({}, { topic: 'a', payload: Payload.ofValues([1]) });
    for (const told of listener.told) if (told.kind === 'delivered') kept.push(told.publication);
    // A page is read in two parts: what is for all, and what is for some.
    for (const [pages, receipts] of [
      [0, 0],
      [2, 1],
    ] as const) {
      listener.attachment.detach();
      peers.given({ stores: { retained: retained(pages) } });
      const c = softSaying('SUBSCRIBE\nid:7\ndestination:/topic/a\nget-retained:true\nreceipt:r\n\n\0');
      const heard = c.heard();
      expect(heard.filter((frame) => frame.startsWith('RECEIPT\n'))).toHaveLength(receipts);
      expect(heard.at(-1)).toMatch(
        /^MESSAGE\nsubscription:errors\n[^]*\nerror:wamp\.error\.unavailable\n[^]*\nid:7\n/,
      );
      expect(heard.at(-1)?.includes('frame:SUBSCRIBE')).toBe(pages === 0);
      c.say('SUBSCRIBE\nid:7\ndestination:/topic/b\nreceipt:s\n\n\0');
      expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:s\n\n\0']);
    }
  });

  it('an ACK of what was told is passed over', () => {
    const c = softSaying('SEND\ndestination:/nope\n\n\0');
    const id = /\nmessage-id:(.*)\n/.exec(c.heard()[0] ?? '')?.[1];
    c.say(`ACK\nid:${id}\nreceipt:r\n\n\0`);
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:r\n\n\0']);
  });

  it('S24: tells nothing of the input but 64 escaped bytes', () => {
    const c = softSaying(`SEND\ndestination:/nope/${'é'.repeat(500)}\n\n\0`);
    const [told = ''] = c.heard();
    expect(told.length).toBeLessThan(500);
    expect(told).not.toContain('é');
  });
});
