import { describe, expect, it } from '@jest/globals';
import { serializers } from '../../serializers/index.js';
import { decodeMessage, encodeMessage } from './codec/index.js';
import { DEFAULT_WAMP_LIMITS } from './options.js';
import { RequestSequence } from './request-ids.js';

describe('request ids in sequence', () => {
  it('WAMP-08: are taken from 1 on, each once', () => {
    const sequence = new RequestSequence();
    expect([0, 2, 1, 1, 3, 2].map((id) => sequence.takes(id))).toEqual([
      false,
      false,
      true,
      false,
      false,
      true,
    ]);
  });

  it('WAMP-08: are taken up to 2^53, and then from 1 again', () => {
    const sequence = new RequestSequence(9007199254740990);
    const ids = [9007199254740992, 9007199254740991, 1, 9007199254740992, 9007199254740992, 2, 1, 2];
    expect(ids.map((id) => sequence.takes(id))).toEqual([false, true, false, true, false, false, true, true]);
  });
});

describe('the last id', () => {
  it.each([
    ['json', Buffer.from('[68,9007199254740992,1,{}]').toString('hex')],
    ['msgpack', '9444cf00200000000000000180'],
    ['cbor', '8418441b002000000000000001a0'],
  ] as const)('WAMP-09: is an integer in an INVOCATION of %s', (name, hex) => {
    const cargo = { args: undefined, kwargs: undefined, contentType: undefined, fault: undefined };
    const message = { name: 'invocation', request: 2 ** 53, registration: 1, details: {}, cargo } as const;
    expect(Buffer.from(encodeMessage(message, serializers[name])).toString('hex')).toBe(hex);
  });

  it.each([
    ['json', Buffer.from('[70,9007199254740992,{}]').toString('hex')],
    ['msgpack', '9346cf002000000000000080'],
    ['cbor', '8318461b0020000000000000a0'],
  ] as const)('WAMP-09: is read from a YIELD of %s', (name, hex) => {
    const reading = {
      serializer: serializers[name],
      limits: DEFAULT_WAMP_LIMITS.afterLogin,
      lenient: false,
    };
    expect(decodeMessage(Buffer.from(hex, 'hex'), reading)).toMatchObject({
      name: 'yield',
      request: 9007199254740992,
    });
  });
});
