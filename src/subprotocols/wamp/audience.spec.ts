import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Peers } from '../../../test/support/wamp-peer.js';
import type { WampPeer } from '../../../test/support/wamp-peer.js';
import type { Authenticator } from '../../broker/index.js';
import { testServices } from '../../testing/index.js';

/** Everybody is who they say; the role is what follows the `@`. */
const authenticator: Authenticator = {
  methods: ['anonymous'],
  begin: ({ authid = 'nobody@none' }) => {
    const [name = '', authrole = ''] = authid.split('@');
    return {
      kind: 'accepted',
      principal: { authid: name, authrole, authmethod: 'test', authprovider: 'test' },
    };
  },
};

let peers: Peers;
/** Sessions 1001, 1002 and 1003, all subscribed to com.a. */
let ann: WampPeer;
let bob: WampPeer;
let eve: WampPeer;
/** Session 1004. */
let publisher: WampPeer;

function join(authid: string): WampPeer {
  const roles = '{"publisher":{},"subscriber":{},"caller":{},"callee":{}}';
  return peers.join(`[1,"realm1",{"authid":"${authid}","roles":${roles}}]`);
}

beforeEach(() => {
  peers = new Peers(testServices({ authenticator }));
  [ann, bob, eve, publisher] = [join('ann@admin'), join('bob@user'), join('eve@user'), join('pat@user')];
  for (const peer of [ann, bob, eve]) peer.send('[32,1,{},"com.a"]').take();
});

afterEach(() => peers.end());

/** Who got an event. */
function receivers(): string[] {
  const all = { ann, bob, eve };
  return Object.entries(all)
    .filter(([, peer]) => peer.take().length > 0)
    .map(([name]) => name);
}

describe('the audience of an event', () => {
  it.each([
    ['{"eligible":[1001,1003]}', ['ann', 'eve']],
    ['{"eligible":[]}', []],
    ['{"eligible":[4711]}', []],
    ['{"eligible_authid":["bob"]}', ['bob']],
    ['{"eligible_authid":[]}', []],
    ['{"eligible_authrole":["user"]}', ['bob', 'eve']],
    ['{"eligible_authrole":[]}', []],
    ['{"eligible":[1001,1002],"eligible_authrole":["user"]}', ['bob']],
    ['{"eligible":[1001],"eligible_authid":["bob"]}', []],
    ['{"exclude":[1001]}', ['bob', 'eve']],
    ['{"exclude":[]}', ['ann', 'bob', 'eve']],
    ['{"exclude_authid":["ann","eve"]}', ['bob']],
    ['{"exclude_authrole":["user"]}', ['ann']],
    ['{"exclude":[1001],"exclude_authid":["bob"]}', ['eve']],
    ['{"eligible_authrole":["user"],"exclude":[1003]}', ['bob']],
    ['{"eligible":[1001,1001],"exclude":[4711]}', ['ann']],
    ['{"eligible":null}', ['ann', 'bob', 'eve']],
  ])('P16 WAMP-155: %s is %j', (options, expected) => {
    publisher.send(`[16,1,${options},"com.a"]`);
    expect([receivers(), publisher.take()]).toEqual([expected, []]);
  });

  it('P16 WAMP-155: excludes the publisher besides, unless exclude_me is false', () => {
    publisher.send('[32,1,{},"com.a"]', '[16,2,{"eligible":[1004]},"com.a"]').take();
    publisher.send('[16,3,{"eligible":[1004],"exclude_me":false},"com.a",["me"]]');
    expect([receivers(), publisher.takeParsed().map((event) => event[4])]).toEqual([[], [['me']]]);
  });

  it.each([
    ['"eligible":1001', 'eligible must be a list of session ids.'],
    ['"eligible":["1001"]', 'eligible must be a list of session ids.'],
    ['"eligible":[1001,null]', 'eligible must be a list of session ids.'],
    ['"eligible":[1.5]', 'eligible must be a list of session ids.'],
    ['"eligible":[0]', 'eligible must be a list of session ids.'],
    ['"eligible":[-1]', 'eligible must be a list of session ids.'],
    ['"exclude":{}', 'exclude must be a list of session ids.'],
    ['"exclude":[true]', 'exclude must be a list of session ids.'],
    ['"eligible_authid":"ann"', 'eligible_authid must be a list of strings.'],
    ['"eligible_authrole":[1]', 'eligible_authrole must be a list of strings.'],
    ['"exclude_authid":[["ann"]]', 'exclude_authid must be a list of strings.'],
    ['"exclude_authrole":7', 'exclude_authrole must be a list of strings.'],
  ])('P16: tells nobody if it cannot be read: %s', (option, reason) => {
    publisher.send(`[16,1,{${option}},"com.a"]`, `[16,2,{${option},"acknowledge":true},"com.a"]`);
    expect([receivers(), publisher.take(), publisher.closedAs]).toEqual([
      [],
      [`[8,16,2,{},"wamp.error.invalid_argument",["${reason}"]]`],
      undefined,
    ]);
  });

  it('P16 WAMP-155: does not take null for a list in the strict profile', () => {
    const strict = peers.join(undefined, { profile: 'strict' });
    strict.send('[16,1,{"eligible":null,"acknowledge":true},"com.a"]');
    expect([receivers(), strict.takeParsed().map((error) => error[4])]).toEqual([
      [],
      ['wamp.error.invalid_argument'],
    ]);
  });
});
