import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { allowsHost, allowsOrigin, hostList, originList, ownOrigin } from './origin.js';

const allowed = originList([
  'https://app.example.com',
  'http://localhost:3000',
  'https://xn--bcher-kva.example',
]);
const own = 'https://example.com';

describe('allowsOrigin', () => {
  it.each([
    undefined,
    'https://example.com',
    'https://app.example.com',
    'http://localhost:3000',
    'https://xn--bcher-kva.example',
  ])('H1: lets %p in', (origin) => {
    expect(allowsOrigin(origin, own, allowed)).toBe(true);
  });

  it.each([
    '',
    'null',
    '*',
    'https://evil.com',
    'http://example.com',
    'https://example.com:8443',
    'https://example.com:443',
    'https://example.com/',
    'https://example.com.',
    'https://example.com.evil.com',
    'https://evil-example.com',
    'https://evilexample.com',
    'https://sub.example.com',
    'https://EXAMPLE.com',
    'HTTPS://example.com',
    'https://example.com, https://evil.com',
    'https://example.com,https://example.com',
    'https://example.com https://evil.com',
    'https://user@example.com',
    'https://app.example.com:443',
    'https://app.example.com.evil.com',
    'https://app-example.com',
    'https://appXexample.com',
    'http://app.example.com',
    'http://localhost',
    'http://localhost:30000',
    'http://127.0.0.1:3000',
    'https://bücher.example',
    'file://',
    'chrome-extension://abcdef',
    'example.com',
    '//example.com',
  ])('H1: keeps %p out', (origin) => {
    expect(allowsOrigin(origin, own, allowed)).toBe(false);
  });

  it('H2: lets no other string pass, one changed character included', () => {
    const listed = fc.constantFrom(own, ...allowed);
    fc.assert(
      fc.property(listed, fc.nat(), fc.string({ maxLength: 2 }), (origin, at, other) => {
        const index = at % origin.length;
        const changed = origin.slice(0, index) + other + origin.slice(index + 1);
        expect(allowsOrigin(changed, own, allowed)).toBe(changed === own || allowed.has(changed));
      }),
    );
  });

  it('H1: an own origin that is not known matches nothing', () => {
    expect(allowsOrigin('undefined', undefined, new Set())).toBe(false);
  });
});

describe('ownOrigin', () => {
  it.each([
    [false, 'example.com', 'http://example.com'],
    [false, 'example.com:80', 'http://example.com'],
    [true, 'example.com:443', 'https://example.com'],
    [true, 'Example.com:8443', 'https://example.com:8443'],
    [false, '[::1]:8080', 'http://[::1]:8080'],
    [false, 'user@example.com', undefined],
    [false, 'example.com/path', undefined],
    [false, 'a b', undefined],
    [false, '', undefined],
    [false, undefined, undefined],
    [false, 'example.com:99999', undefined],
  ])('H1: with encryption %p and the host %p is %p', (encrypted, host, origin) => {
    expect(ownOrigin(encrypted, host)).toBe(origin);
  });
});

describe('originList', () => {
  it.each([
    '*',
    'null',
    'example.com',
    'https://example.com/',
    'https://Example.com',
    'https://example.com:443',
    'https://*.example.com',
  ])('H2 H3: refuses %p', (origin) => {
    expect(() => originList([origin])).toThrow(`"${origin}" is not an origin as browsers send it`);
  });
});

describe('allowsHost', () => {
  const hosts = hostList(['localhost', '127.0.0.1', '::1', 'My.Example.com']);

  it.each(['localhost', 'LOCALHOST:8080', '127.0.0.1:1', '[::1]', '[::1]:8080', 'my.example.com'])(
    'H12: serves %p',
    (host) => {
      expect(allowsHost(host, hosts)).toBe(true);
    },
  );

  it.each([
    undefined,
    '',
    'evil.com',
    'localhost.evil.com',
    'localhost@evil.com',
    'evil.com@localhost',
    'localhost:80:80',
    'localhost/',
    'localhost#',
    'local host',
    '127.0.0.1.evil.com',
    '[::2]',
    'example.com',
  ])('H12: does not serve %p', (host) => {
    expect(allowsHost(host, hosts)).toBe(false);
  });

  it.each(['localhost:80', '[::1]:80', 'a b', 'http://localhost', ''])(
    'H12: refuses %p in the list',
    (host) => {
      expect(() => hostList([host])).toThrow(`"${host}" is not a host name without port.`);
    },
  );
});
