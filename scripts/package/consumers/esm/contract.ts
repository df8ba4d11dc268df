import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Frame, stomp } from 'mangrove/subprotocol';
import type { Subprotocol } from 'mangrove/subprotocol';
import { StompPeer, WampPeer, subprotocolContract, testServices } from 'mangrove/testing';

function parrot(): Subprotocol {
  return {
    name: 'parrot',
    tokens: ['v1.parrot'],
    open: (link) => ({
      receive(data, isBinary) {
        link.established();
        link.send(new Frame(isBinary, [data]));
      },
      drained() {},
      closing: () => link.close({ kind: 'going_away', text: 'the server stops' }),
      closed() {},
    }),
  };
}

const runner = {
  describe: (title: string, body: () => void) => describe(title, body),
  it: (title: string, body: () => void) => it(title, body),
};
subprotocolContract(runner, { create: parrot, login: () => ['hello'], question: () => 'who is there?' });
subprotocolContract(runner, {
  create: () => stomp(),
  login: () => ['CONNECT\naccept-version:1.2\nhost:realm1\n\n\0'],
  question: () => 'SEND\ndestination:/topic/a\nreceipt:1\n\n\0',
});

it('lets peers without sockets meet', () => {
  const services = testServices();
  const wamp = WampPeer.join(services);
  wamp.subscribe('a.b');
  StompPeer.connect(services).publish('/topic/a.b', 'hello');
  assert.deepEqual(wamp.take().at(-1)?.[4], ['hello']);
});
