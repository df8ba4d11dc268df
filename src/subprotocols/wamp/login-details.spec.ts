import { afterEach, describe, expect, it } from '@jest/globals';
import { HELLO, Peers } from '../../../test/support/wamp-peer.js';
import type { WampPeer } from '../../../test/support/wamp-peer.js';
import type { AuthExtra, Authenticator, Principal, Verdict } from '../../broker/index.js';
import { testServices } from '../../testing/index.js';

const ANN: Principal = { authid: 'ann', authrole: 'user', authmethod: 'x', authprovider: 'test' };

describe('a login over WAMP', () => {
  let peers: Peers;
  afterEach(() => peers.end());

  function connect(authenticator?: Authenticator): WampPeer {
    peers = new Peers(testServices(authenticator === undefined ? {} : { authenticator }));
    return peers.connect();
  }

  it('aborts a HELLO whose authextra is no map', () => {
    const peer = connect();
    peer.send('[1,"realm1",{"roles":{"caller":{}},"authextra":"nonce"}]');
    expect(peer.takeParsed().map(([code, , reason]) => [code, reason])).toEqual([
      [3, 'wamp.error.protocol_violation'],
    ]);
  });

  it('gives the session the id that the authenticator was told, and hands on what else was sent and answered', () => {
    const told: unknown[] = [];
    const authenticator: Authenticator = {
      methods: ['x'],
      begin: ({ session }) => {
        const answer = (response: string, extra?: AuthExtra): Verdict => {
          told.push([response, extra]);
          return { kind: 'accepted', principal: ANN, extra: { verifier: `v=${session}` } };
        };
        return {
          kind: 'challenged',
          challenge: { method: 'x', extra: { session: session ?? null }, answer },
        };
      },
    };
    const peer = connect(authenticator).send(HELLO);
    expect(peer.take()).toEqual(['[4,"x",{"session":1001}]']);
    peer.send('[5,"proof",{"nonce":"n"}]');
    expect(told).toEqual([['proof', { nonce: 'n' }]]);
    expect(peer.take()).toEqual([
      expect.stringMatching(/^\[2,1001,\{"realm":"realm1",.*"authextra":\{"verifier":"v=1001"\},/),
    ]);
  });
});
