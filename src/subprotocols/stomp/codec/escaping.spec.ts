import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Dialect, StompVersion } from './index.js';
import { headerLine, unescape } from './index.js';

const dialect = (version: StompVersion | undefined, lenient = false): Dialect => ({ version, lenient });

describe('unescape', () => {
  it('STOMP-01: finds no escapes in 1.0', () => {
    expect(unescape('a\\nb\\c\\\\', dialect('1.0'))).toBe('a\\nb\\c\\\\');
  });

  it('STOMP-02: knows three escapes in 1.1', () => {
    expect(unescape('a\\nb\\cc\\\\d', dialect('1.1'))).toBe('a\nb:c\\d');
  });

  it.each(['a\\rb', 'a\\tb', 'a\\'])('STOMP-02 S10: refuses %j in strict 1.1', (text) => {
    expect(unescape(text, dialect('1.1'))).toBeUndefined();
  });

  it('STOMP-03: knows four escapes in 1.2', () => {
    expect(unescape('a\\nb\\cc\\\\d\\re', dialect('1.2'))).toBe('a\nb:c\\d\re');
  });

  it.each(['a\\tb', 'a\\', '\\\\\\', '\\N'])('STOMP-03 S10: refuses %j in 1.2, lenient or not', (text) => {
    expect(unescape(text, dialect('1.2'))).toBeUndefined();
    expect(unescape(text, dialect('1.2', true))).toBeUndefined();
  });

  it('STOMP-05: decodes in one pass, so an escaped backslash before an n stays one', () => {
    expect(unescape('a\\\\nb', dialect('1.2'))).toBe('a\\nb');
  });

  it.each([
    ['C:\\temp', 'C:\\temp'],
    ['a\\rb', 'a\\rb'],
    ['a\\', 'a\\'],
    ['a\\nb\\t', 'a\nb\\t'],
  ])('STOMP-06: a lenient 1.1 leaves what it does not know as it is: %j', (text, plain) => {
    expect(unescape(text, dialect('1.1', true))).toBe(plain);
  });

  it('decodes nothing before a version is known', () => {
    expect(unescape('a\\cb', dialect(undefined))).toBe('a\\cb');
  });
});

describe('headerLine', () => {
  it('STOMP-05: escapes names as well as values', () => {
    expect(headerLine('a:b\\', 'c:d\ne\rf', '1.2')).toBe('a\\cb\\\\:c\\cd\\ne\\rf\n');
  });

  it('STOMP-07: always escapes a colon in a value', () => {
    expect(headerLine('destination', '/topic/x:y', '1.1')).toBe('destination:/topic/x\\cy\n');
  });

  it.each([
    ['1.0', 'n', 'x\nack:evil'],
    ['1.0', 'n', 'x\rack'],
    ['1.0', 'a:b', 'x'],
    ['1.0', 'n\n', 'x'],
    ['1.1', 'n', 'x\ry'],
    ['1.0', 'n', 'x\0'],
    ['1.1', 'n\0', 'x'],
    ['1.2', 'n', 'x\0y'],
    ['1.2', '', 'x'],
  ] as const)('S9: says nothing in %s rather than %j: %j', (version, name, value) => {
    expect(headerLine(name, value, version)).toBe('');
  });

  it('S9 STOMP-05: is read back as it was by an independent reader, or not said at all', () => {
    // The grammar of each version, written anew: a table of escapes and a regular expression over the whole line.
    const escapes: Record<StompVersion, Record<string, string>> = {
      '1.0': {},
      '1.1': { '\\n': '\n', '\\c': ':', '\\\\': '\\' },
      '1.2': { '\\n': '\n', '\\c': ':', '\\\\': '\\', '\\r': '\r' },
    };
    const independent = (line: string, version: StompVersion): [string, string] => {
      expect(line.match(/\n/g)).toHaveLength(1);
      const [, name = '', value = ''] = /^([^:]*):([^]*)\n$/.exec(line) ?? [];
      const decode = (text: string): string =>
        version === '1.0' ? text : text.replace(/\\[^]/g, (pair) => escapes[version][pair] ?? '?');
      return [decode(name), decode(value)];
    };
    const character = fc.oneof(
      fc.constantFrom('\\', ':', '\n', '\r', 'n', 'c', 'r', '\0'),
      fc.string({ size: '=' }),
    );
    const text = fc.array(character, { maxLength: 6 }).map((parts) => parts.join(''));
    const version = fc.constantFrom<StompVersion>('1.0', '1.1', '1.2');
    fc.assert(
      fc.property(text, text, version, (name, value, spoken) => {
        const line = headerLine(name, value, spoken);
        if (line === '') return;
        expect(independent(line, spoken)).toEqual([name, value]);
        expect(unescape(line.slice(line.indexOf(':') + 1, -1), dialect(spoken))).toBe(value);
      }),
      { numRuns: 200 },
    );
  });
});
