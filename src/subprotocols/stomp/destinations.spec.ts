import { describe, expect, it } from '@jest/globals';
import { destinationOf, queueDestination, topicDestination } from './destinations.js';

const send = (text: string, separator: '.' | '/' = '.') => destinationOf(text, separator, false);
const subscribe = (text: string, separator: '.' | '/' = '.') => destinationOf(text, separator, true);

describe('destinationOf', () => {
  it.each([
    ['/topic/com.acme.price', 'com.acme.price'],
    ['/topic/a b', 'a%20b'],
    ['/topic/a\u00a0b', 'a%C2%A0b'],
    ['/topic/a#b', 'a%23b'],
    ['/topic/##', '%23%23'],
    ['/topic/a*b', 'a*b'],
    ['/topic/a%2eb', 'a%2eb'],
    ['/topic/../queue/x', undefined],
    ['/topic/a/../b', undefined],
    ['/topic/a/b', 'a/b'],
    ['/topic/A', 'A'],
  ])('S21: %j has one canonical address', (text, address) => {
    const destination = send(text);
    expect(destination).toEqual(
      address === undefined
        ? { kind: 'fault', detail: 'The destination holds an empty word.' }
        : { kind: 'topic', pattern: { match: 'exact', text: address } },
    );
  });

  it.each([
    '/topic/',
    '/topic/a..b',
    '/topic/.a',
    '/topic/a.',
    '/topic/.',
    '/rpc/',
    '/rpc/a..b',
    '/temp-queue/',
  ])('STOMP-19 S21: refuses an empty word: %j', (text) => {
    expect(send(text).kind).toBe('fault');
    expect(subscribe(text).kind).toBe('fault');
  });

  it.each(['', ' ', '/topic/a\nb', '/topic/a\u0000', '/topic/\u0007', '/topic/a\tb', '/topic/\u007f'])(
    'STOMP-19 S10: refuses blanks and control characters: %j',
    (text) => {
      expect(send(text).kind).toBe('fault');
    },
  );

  it.each([
    '/app/a',
    '/exchange/a/b',
    '/Topic/a',
    '/topics/a',
    '/topic',
    'topic/a',
    'a',
    '//topic/a',
    '/%74opic/a',
  ])('S21: refuses %j and names the kinds that there are', (text) => {
    const destination = send(text);
    expect(destination.kind === 'fault' && destination.detail).toContain(
      '/topic/, /queue/, /user/, /rpc/, /temp-queue/ and /reply-queue/',
    );
  });

  it.each(['/topic/*', '/topic/a.#', '/topic/#', '/topic/a.*.b', '/rpc/a.*'])(
    'a message is not sent to a pattern: %j',
    (text) => {
      expect(send(text).kind).toBe('fault');
    },
  );

  it.each([
    ['/queue/orders', 'orders'],
    ['/queue/orders.ship', 'orders.ship'],
    ['/queue/a b#c', 'a%20b%23c'],
    ['/queue/a/b', 'a/b'],
  ])('S21: %j has one canonical name', (text, name) => {
    expect([send(text), subscribe(text)]).toEqual([
      { kind: 'queue', name },
      { kind: 'queue', name },
    ]);
  });

  it.each(['/queue/', '/queue/a..b', '/queue/.a', '/queue/*', '/queue/#', '/queue/a.*', '/queue/a.#.b'])(
    'S21: a queue has one name, which is no pattern: %j',
    (text) => {
      expect([send(text).kind, subscribe(text).kind]).toEqual(['fault', 'fault']);
    },
  );

  it('with a slash between words a queue’s name keeps dots and slashes apart', () => {
    expect(send('/queue/a/v1.2', '/')).toEqual({ kind: 'queue', name: 'a.v1%2E2' });
    expect(queueDestination('a.v1%2E2', '/')).toBe('/queue/a/v1.2');
    expect(queueDestination('a.b', '.')).toBe('/queue/a.b');
  });

  it.each([
    ['/topic/a.*.c', 'wildcard', 'a..c'],
    ['/topic/*', 'wildcard', ''],
    ['/topic/a.#', 'multi', 'a.#'],
    ['/topic/#', 'multi', '#'],
    ['/topic/*.a#b.#', 'multi', '.a%23b.#'],
    ['/topic/a', 'exact', 'a'],
  ])('a subscription may name a pattern: %j', (text, match, pattern) => {
    expect(subscribe(text)).toEqual({ kind: 'topic', pattern: { match, text: pattern } });
  });

  it('with a slash between words, dots and slashes keep apart', () => {
    expect(send('/topic/com/acme/v1.2', '/')).toEqual({
      kind: 'topic',
      pattern: { match: 'exact', text: 'com.acme.v1%2E2' },
    });
    expect(topicDestination('com.acme.v1%2E2', '/')).toBe('/topic/com/acme/v1.2');
    expect(topicDestination('a/b.c', '/')).toBe('/topic/a%2Fb/c');
    expect(send('/topic/a//b', '/').kind).toBe('fault');
    expect(subscribe('/topic/a/*/#', '/')).toEqual({
      kind: 'topic',
      pattern: { match: 'multi', text: 'a..#' },
    });
  });
});
