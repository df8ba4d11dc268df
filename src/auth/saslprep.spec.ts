import { describe, expect, it } from '@jest/globals';
import { saslprep } from './saslprep.js';

describe('saslprep', () => {
  // The examples of RFC 4013, section 3.
  it.each([
    ['I\u00adX', 'IX'],
    ['user', 'user'],
    ['USER', 'USER'],
    ['\u00aa', 'a'],
    ['\u2168', 'IX'],
    ['\u0007', undefined],
    ['\u0627\u0031', undefined],
  ])('prepares %j as RFC 4013 says', (given, expected) => {
    expect(saslprep(given)).toBe(expected);
  });

  it.each([
    ['', ''],
    ['pass\u00a0word', 'pass word'],
    ['\u0627\u0031\u0628', '\u0627\u0031\u0628'],
    ['\u0627a\u0628', undefined],
    ['zażółć', 'zażółć'],
    ['e\u0301', 'é'],
    ['a\ue000', undefined],
    ['a\ufffd', undefined],
    ['a\u{e0041}', undefined],
    ['a\ud800', undefined],
  ])('prepares %j', (given, expected) => {
    expect(saslprep(given)).toBe(expected);
  });
});
