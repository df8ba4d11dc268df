import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Peers } from '../../../test/support/wamp-peer.js';
import type { Authorizer } from '../../broker/index.js';
import type { StompPeerFrame } from '../../testing/index.js';
import { StompPeer, testServices } from '../../testing/index.js';

let peers: Peers;
let peer: StompPeer;
let forbidden: string[];

const authorizer: Authorizer = {
  decide: (_principal, action, { text }) => ({ allow: !forbidden.includes(`${action} ${text}`) }),
};

beforeEach(() => {
  forbidden = [];
  const services = testServices({ authorizer });
  peers = new Peers(services);
  peer = StompPeer.connect(services);
});

afterEach(() => {
  peer.disconnect();
  peers.end();
});

function told(frames: readonly StompPeerFrame[]): (string | undefined)[][] {
  return frames.map(({ command, headers }) => [command, headers['message']]);
}

describe('a transaction', () => {
  it.each([
    ['topic', '/topic/orders', 'publish orders'],
    ['queue', '/queue/orders', 'publish queue.orders'],
  ])(
    'A13: is refused at COMMIT where a SEND to a %s is not allowed any more, and does nothing',
    (_what, to, right) => {
      const listener = peers.join();
      listener.send('[32,1,{},"orders"]', '[32,2,{},"other"]');
      listener.take();
      peer.send('BEGIN', { transaction: '1' });
      peer.publish('/topic/other', 'first', { transaction: '1' });
      peer.publish(to, 'second', { transaction: '1' });
      expect(peer.take()).toEqual([]);
      forbidden = [right];
      peer.send('COMMIT', { transaction: '1', receipt: 'c' });
      expect(told(peer.take())).toEqual([['ERROR', 'not authorized']]);
      expect(listener.take()).toEqual([]);
    },
  );
});
