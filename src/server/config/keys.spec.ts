import { describe, expect, it } from '@jest/globals';
import { CONFIG_KEYS, findKey, formatPath } from './keys.js';

describe('the keys of the configuration', () => {
  it('are found by the path of a value, whatever its position in a list', () => {
    expect(findKey(['authentication', 'principals', 3, 'ticket'])).toMatchObject({
      path: 'authentication.principals[].ticket',
      secret: true,
    });
    expect(findKey(['nothing'])).toBeUndefined();
  });

  it('say what is allowed and what the default is', () => {
    expect(findKey(['port'])).toMatchObject({
      allowed: 'a whole number from 0 to 65535',
      defaultValue: '8080',
    });
    expect(findKey(['drainMs'])?.allowed).toBe('a whole number from 0 to 600000 (ms)');
    expect(findKey(['subprotocols', 'stomp', 'profile'])?.allowed).toBe('compatible or strict');
  });

  it('have a description each, but for the root and list entries', () => {
    const silent = CONFIG_KEYS.filter(({ path, description }) => description === '' && !path.endsWith('[]'));
    expect(silent.map(({ path }) => path)).toEqual(['']);
  });

  it('are written as people do', () => {
    expect(formatPath(['a', 'b', 0, 'c'])).toBe('a.b[0].c');
  });
});
