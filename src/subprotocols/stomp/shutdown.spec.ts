import { afterEach, describe, expect, it } from '@jest/globals';
import { StompClients, settled } from '../../../test/support/stomp-client.js';

const peers = new StompClients();

afterEach(() => peers.end());

const SUB_A = 'SUBSCRIBE\nid:0\ndestination:/topic/a\n\n\0';

describe('a server that shuts down', () => {
  it('S25: says so, and discards what comes then', () => {
    const watcher = peers.connect().say(SUB_A);
    const c = peers.connect();
    c.session.closing(5000);
    expect(c.heard()).toEqual([
      'ERROR\nmessage:server shutting down\ncontent-type:text/plain\ncontent-length:46\n\nThe server is shutting down; please come back.\0',
    ]);
    expect(c.link.closeReason?.kind).toBe('going_away');
    c.say('SEND\ndestination:/topic/a\n\nx\0');
    expect(watcher.heard()).toEqual([]);
  });

  it('sends the receipts that are due before it says that it shuts down', async () => {
    let decide: (decision: { allow: boolean }) => void = () => {};
    peers.given({ authorizer: { decide: () => new Promise((settle) => (decide = settle)) } });
    const c = peers.connect().say('SEND\ndestination:/topic/a\nreceipt:1\n\nx\0');
    c.session.closing(5000);
    c.say('SEND\ndestination:/topic/a\nreceipt:2\n\nx\0');
    expect([c.heard(), c.link.closeReason]).toEqual([[], undefined]);
    decide({ allow: true });
    await settled();
    expect(c.heard().map((frame) => frame.split('\n').slice(0, 2).join())).toEqual([
      'RECEIPT,receipt-id:1',
      'ERROR,message:server shutting down',
    ]);
    expect(c.link.closeReason?.kind).toBe('going_away');
  });

  it('lets a client that has said DISCONNECT leave as it wanted', () => {
    const c = peers.connect().say('DISCONNECT\nreceipt:1\n\n\0');
    c.session.closing(5000);
    peers.services.clock.advance(1700);
    expect(c.heard()).toEqual(['RECEIPT\nreceipt-id:1\n\n\0']);
    expect(c.link.closeReason?.kind).toBe('normal');
  });

  it('closes without words when a client has not said anything yet', () => {
    const c = peers.open();
    c.session.closing(5000);
    expect([c.heard(), c.link.closeReason?.kind]).toEqual([[], 'going_away']);
  });
});
