import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { negotiate, parseTokens } from './negotiate.js';

const STOMP = ['v10.stomp', 'v11.stomp', 'v12.stomp'];
const WAMP = ['wamp.2.json', 'wamp.2.msgpack', 'wamp.2.cbor'];
const supported = new Set([...STOMP, ...WAMP]);

const choose = (header: string | readonly string[] | undefined) => negotiate(header, supported, 'recognise');

describe('negotiate', () => {
  it('H6 WAMP-213: chooses the first supported token of the client', () => {
    expect(choose('chat, wamp.2.cbor, v12.stomp')).toEqual({ kind: 'token', token: 'wamp.2.cbor' });
    expect(choose('v10.stomp,v12.stomp')).toEqual({ kind: 'token', token: 'v10.stomp' });
  });

  it('H6: chooses the first supported one for any list of known and unknown tokens', () => {
    const tokens = fc.uniqueArray(fc.constantFrom(...supported, 'chat', 'mqtt', 'V12.STOMP', 'v12.stomp.x'), {
      minLength: 1,
    });
    fc.assert(
      fc.property(tokens, fc.constantFrom(',', ', ', '\t, '), (offered, separator) => {
        const answer = choose(offered.join(separator));
        const first = offered.find((token) => supported.has(token));
        if (first === undefined) expect(answer.kind).toBe('refused');
        else expect(answer).toEqual({ kind: 'token', token: first });
      }),
    );
  });

  it('H6: compares exactly', () => {
    for (const token of ['V12.STOMP', 'v12.stom', 'v12.stompx', 'wamp.2']) {
      expect([token, choose(token).kind]).toEqual([token, 'refused']);
    }
  });

  it('H5 WAMP-213: refuses unknown tokens with the list of the supported ones', () => {
    expect(choose('chat, superchat')).toEqual({
      kind: 'refused',
      message:
        'None of the offered subprotocols is supported. Supported: ' +
        'v10.stomp, v11.stomp, v12.stomp, wamp.2.json, wamp.2.msgpack, wamp.2.cbor.',
    });
  });

  it('H4: leaves it to the first message if nothing is offered, or refuses, as configured', () => {
    expect(choose(undefined)).toEqual({ kind: 'nothing_offered' });
    expect(negotiate(undefined, new Set(['a', 'b']), 'reject')).toEqual({
      kind: 'refused',
      message: 'No subprotocol was offered. Supported: a, b.',
    });
  });

  it('H7: takes several header lines for one list', () => {
    expect(choose(['chat', 'v11.stomp'])).toEqual({ kind: 'token', token: 'v11.stomp' });
    expect(choose(['v11.stomp', 'v11.stomp']).kind).toBe('refused');
  });

  it('H7: refuses a repeated token even if a supported one comes first', () => {
    expect(choose('v12.stomp, chat, chat').kind).toBe('refused');
  });
});

describe('parseTokens', () => {
  it.each([
    ['a', ['a']],
    ['a,b', ['a', 'b']],
    [' a \t, b ', ['a', 'b']],
    ["!#$%&'*+-.^_`|~09azAZ", ["!#$%&'*+-.^_`|~09azAZ"]],
    ['__proto__, constructor', ['__proto__', 'constructor']],
  ])('reads %j', (list, tokens) => {
    expect(parseTokens(list)).toEqual(new Set(tokens));
  });

  it.each([
    ['', 'The list of subprotocols has an empty element at index 0.'],
    [',', 'The list of subprotocols has an empty element at index 0.'],
    ['a,', 'The list of subprotocols has an empty element at index 2.'],
    ['a,,b', 'The list of subprotocols has an empty element at index 2.'],
    ['a, ,b', 'The list of subprotocols has an empty element at index 3.'],
    [',a', 'The list of subprotocols has an empty element at index 0.'],
    ['a b', 'The list of subprotocols has an unexpected character at index 2.'],
    ['a "b"', 'The list of subprotocols has an unexpected character at index 2.'],
    ['a/b', 'The list of subprotocols has an unexpected character at index 1.'],
    ['a, b=1', 'The list of subprotocols has an unexpected character at index 4.'],
    ['a\u0000', 'The list of subprotocols has an unexpected character at index 1.'],
    ['a\u007f', 'The list of subprotocols has an unexpected character at index 1.'],
    ['\u00e9', 'The list of subprotocols has an unexpected character at index 0.'],
    ['a, b, a', 'The subprotocol a is offered twice, again at index 6.'],
  ])('H7: refuses %j and names the place', (list, message) => {
    expect(parseTokens(list)).toBe(message);
  });

  it('H7: takes 64 tokens and refuses 65', () => {
    const tokens = (count: number): string => Array.from({ length: count }, (_, i) => `t${i}`).join();
    expect(parseTokens(tokens(64))).toHaveProperty('size', 64);
    expect(parseTokens(tokens(65))).toBe('More than 64 subprotocols are offered.');
    expect(parseTokens(tokens(1000))).toBe('More than 64 subprotocols are offered.');
  });

  it('H7: takes 8 KiB and refuses one character more', () => {
    expect(parseTokens('a'.repeat(8192))).toHaveProperty('size', 1);
    expect(parseTokens('a'.repeat(8193))).toBe('The list of subprotocols is longer than 8192 characters.');
  });

  it('H7: takes time in proportion to the length, whatever the list', () => {
    const spaces = (length: number): string => `a${' '.repeat(length - 2)}b`;
    const time = (list: string): number => {
      const start = performance.now();
      for (let i = 0; i < 20; i += 1) parseTokens(list);
      return performance.now() - start;
    };
    const best = (list: string): number => Math.min(...Array.from({ length: 10 }, () => time(list)));
    best(spaces(8192));
    // Sixteen times the length; a quadratic parser would take 256 times as long.
    expect(best(spaces(8192))).toBeLessThan(best(spaces(512)) * 64 + 0.5);
  });

  it('H7: never throws', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (list) => void parseTokens(list)));
  });
});
