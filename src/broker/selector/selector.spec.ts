import { describe, expect, it } from '@jest/globals';
import { Payload } from '../payload.js';
import type { PublicationContent } from '../publication.js';
import { Publication } from '../publication.js';
import { parseSelector } from './index.js';

const ORIGIN = {
  protocol: 'stomp',
  session: 1,
  principal: { authid: 'alice', authrole: 'user', authmethod: 'ticket', authprovider: 'static' },
};

function publicationOf(
  headers: Readonly<Record<string, string>>,
  content: Partial<PublicationContent> = {},
): Publication {
  const full = {
    topic: 'orders.new',
    payload: Payload.ofBody(Buffer.from('x'), 'text/plain'),
    headers: new Map(Object.entries(headers)),
    ...content,
  };
  return new Publication(
    77,
    full,
    { session: 1, authid: 'alice', authrole: 'user' },
    ORIGIN,
    1_700_000_000_000,
  );
}

/** Whether the selector accepts a publication with these headers. */
function accepts(text: string, headers: Readonly<Record<string, string>> = {}): boolean {
  return acceptsPublication(text, publicationOf(headers));
}

function acceptsPublication(text: string, publication: Publication): boolean {
  const selector = parseSelector(text);
  if ('fault' in selector) throw new Error(selector.fault);
  return selector.filter.accepts(publication);
}

function faultOf(text: string): string | undefined {
  const selector = parseSelector(text);
  return 'fault' in selector ? selector.fault : undefined;
}

describe('a selector', () => {
  const headers = {
    color: 'red',
    size: '12',
    price: '9.50',
    odd: "it's",
    fresh: 'true',
    'x-kind': 'b',
    empty: '',
  };

  it.each([
    ["color = 'red'", true],
    ["color <> 'red'", false],
    ["color = 'Red'", false],
    ["odd = 'it''s'", true],
    ['size = 12', true],
    ['size = 12.0', true],
    ['size > 9', true],
    ['size >= 12 AND size <= 12', true],
    ['size < 12 OR size > 12', false],
    ['price = 9.5', true],
    ['price = 95E-1', true],
    ['price = 9.5d AND size = 12L', true],
    ["size = '12'", true],
    ["size = '12.0'", false],
    ['color = 12', false],
    ['color <> 12', false],
    ['NOT color = 12', true],
    ['color > 1', false],
    ['size + 1 = 13', true],
    ['size - 2 * 3 = 6', true],
    ['(size - 2) * 3 = 30', true],
    ['size / 8 = 1.5', true],
    ['-size = -12', true],
    ['+size = 12', true],
    ['- - size = 12', true],
    ['size / 0 > 1', false],
    ['NOT (size / 0 > 1)', false],
    ['color + 1 = 2 OR NOT (color + 1 = 2)', false],
    ['size BETWEEN 10 AND 12', true],
    ['size BETWEEN 13 AND 20', false],
    ['size NOT BETWEEN 13 AND 20 AND TRUE', true],
    ["color IN ('blue', 'red')", true],
    ["color NOT IN ('blue', 'red')", false],
    ['size IN (11, 12)', true],
    ['size IN (-12)', false],
    ["missing IN ('a') OR missing NOT IN ('a')", false],
    ['missing IS NULL', true],
    ['missing IS NOT NULL', false],
    ['color IS NOT NULL', true],
    ['empty IS NULL', false],
    ["empty = ''", true],
    ['fresh', true],
    ['NOT fresh', false],
    ['fresh = TRUE', true],
    ['fresh <> FALSE', true],
    ["fresh = 'true'", true],
    ['color = TRUE OR color <> TRUE', false],
    ['color', false],
    ['NOT color', false],
    ['TRUE', true],
    ['FALSE OR NOT FALSE', true],
    ['"x-kind" = \'b\'', true],
    ['"color" = \'red\'', true],
    ['Color IS NULL', true],
    ["color='red'and size=12 or false", true],
    ["color = 'blue' AND color = 'red' OR size = 12", true],
    ["color = 'red' OR color = 'red' AND size = 1", true],
    ["NOT color = 'blue' AND size = 12", true],
    ["missing = 'a' OR color = 'red'", true],
    ["missing = 'a' AND color = 'blue' OR TRUE", true],
    ["NOT (missing = 'a')", false],
    ["NOT (missing = 'a' AND color = 'blue')", true],
    ["missing <> 'a'", false],
  ])('%s is %s', (text, expected) => {
    expect(accepts(text, headers)).toBe(expected);
  });

  it('reads the JMS names and its own of the publication', () => {
    const publication = publicationOf(
      { priority: '7', 'correlation-id': 'c', type: 'T', 'reply-to': '/queue/r', persistent: 'false' },
      { spelling: '/topic/orders.new', expiresAt: 5 },
    );
    for (const text of [
      'JMSPriority = 7',
      'JMSTimestamp = 1700000000000',
      "JMSMessageID = '77'",
      "JMSCorrelationID = 'c'",
      "JMSType = 'T'",
      "JMSReplyTo = '/queue/r'",
      "JMSDeliveryMode = 'NON_PERSISTENT'",
      "JMSDestination = '/topic/orders.new'",
      "destination LIKE '/topic/%'",
      'JMSExpiration = 5',
      "JMSXUserID = 'alice'",
      '"content-type" = \'text/plain\'',
    ]) {
      expect([text, acceptsPublication(text, publication)]).toEqual([text, true]);
    }
  });

  it('reads the defaults of the JMS names', () => {
    const publication = publicationOf({ priority: 'high' });
    const text =
      "JMSPriority = 4 AND JMSDeliveryMode = 'PERSISTENT' AND JMSExpiration = 0 AND JMSType IS NULL AND JMSDestination = 'orders.new'";
    expect(acceptsPublication(text, publication)).toBe(true);
    expect(acceptsPublication('JMSTimestamp IS NULL', publicationOf({}, { headers: undefined }))).toBe(false);
  });

  it('S20: reads no property of anything but the headers', () => {
    for (const name of ['__proto__', 'constructor', 'headers', 'payload', 'toString', 'get']) {
      expect([name, accepts(`${name} IS NULL`, headers)]).toEqual([name, true]);
    }
  });
});

describe('LIKE', () => {
  it.each([
    ['red', 'red', true],
    ['re', 'red', false],
    ['r%', 'red', true],
    ['%d', 'red', true],
    ['%e%', 'red', true],
    ['r_d', 'red', true],
    ['r_', 'red', false],
    ['_%_', 'r', false],
    ['_%_', 'rd', true],
    ['%', '', true],
    ['', '', true],
    ['_', '', false],
    ['a%a', 'a', false],
    ['%a_c%', 'xxabxabcx', true],
    ['%ab%ab%', 'xabx', false],
    ['%aab%', 'aaab', true],
    ['.*', 'xx', false],
    ['a.c', 'abc', false],
    ['%%%', 'x', true],
  ])('%s matches %s: %s', (pattern, value, expected) => {
    expect(accepts(`v LIKE '${pattern}'`, { v: value })).toBe(expected);
    expect(accepts(`v NOT LIKE '${pattern}'`, { v: value })).toBe(!expected);
  });

  it('takes an escape character', () => {
    expect(accepts("v LIKE '10!%' ESCAPE '!'", { v: '10%' })).toBe(true);
    expect(accepts("v LIKE '10!%' ESCAPE '!'", { v: '100' })).toBe(false);
    expect(accepts("v LIKE 'a\\_b\\\\%' ESCAPE '\\'", { v: 'a_b\\c' })).toBe(true);
    expect(accepts("v LIKE 'it''s'", { v: "it's" })).toBe(true);
  });

  it('is unknown for what is missing and for what is too long to be looked into', () => {
    expect(accepts("v LIKE '%' OR v NOT LIKE '%'")).toBe(false);
    expect(accepts("v LIKE '%x'", { v: 'x'.repeat(1024) })).toBe(true);
    expect(accepts("v LIKE '%x' OR v NOT LIKE '%x'", { v: 'x'.repeat(1025) })).toBe(false);
  });

  it('S20: takes time linear in the value, however hostile the pattern', () => {
    const value = 'a'.repeat(1024);
    const patterns = ["%a%a%a%a%a%a%a%a%a%a%a%a%b%a'", `${'%a_a'.repeat(300)}%b%'`, `%${'a'.repeat(500)}b%'`];
    for (const pattern of patterns) {
      const selector = parseSelector(`v LIKE '${pattern}`);
      if ('fault' in selector) throw new Error(selector.fault);
      const publication = publicationOf({ v: value });
      const begun = performance.now();
      for (let round = 0; round < 100; round += 1) expect(selector.filter.accepts(publication)).toBe(false);
      expect(performance.now() - begun).toBeLessThan(500);
    }
  });
});

describe('what is no selector', () => {
  it.each([
    ['', 'The selector is empty (character 1)'],
    ['  ', 'The selector is empty (character 1)'],
    ['a = ', 'A value is expected (character 5)'],
    ['= 1', 'A value is expected (character 1)'],
    ["a = 'x", 'A quote is not closed (character 5)'],
    ['a = 1 b', 'Something is left over (character 7)'],
    ['a = 1)', 'Something is left over (character 6)'],
    ['(a = 1', 'A ) is expected (character 7)'],
    ['a = 1 AND', 'A value is expected (character 10)'],
    ['a NOT 1', 'BETWEEN, IN or LIKE is expected (character 7)'],
    ['a LIKE b', 'A string is expected (character 8)'],
    ["1 LIKE 'a'", 'A name is expected (character 1)'],
    ["'a' IN ('a')", 'A name is expected (character 1)'],
    ['a IN ()', 'A value is expected (character 7)'],
    ['a IN (b)', 'A literal is expected (character 7)'],
    ['a IS 1', 'NULL is expected (character 6)'],
    ["a < 'b'", 'A number is expected (character 5)'],
    ['TRUE < 1', 'A number is expected (character 1)'],
    ["a + 'b' = 1", 'A number is expected (character 5)'],
    ["a BETWEEN 'a' AND 'b'", 'A number is expected (character 11)'],
    ['1', 'A condition is expected (character 1)'],
    ['NOT a + 1', 'A condition is expected (character 5)'],
    ['(a = 1) = TRUE', 'A condition is no value (character 2)'],
    ['a = 1.2.3', 'Something is left over (character 8)'],
    ['a = 1x', 'A number is malformed (character 5)'],
    ['a = 012', 'A number is malformed (character 5)'],
    ['a = 0x1F', 'A number is malformed (character 5)'],
    ['a = 1e999', 'A number is malformed (character 5)'],
    ['a; b', 'No selector holds such a character (character 2)'],
    ['x-kind = 1 & 1', 'No selector holds such a character (character 12)'],
    ['"" = 1', 'A name is empty (character 1)'],
    ["a LIKE 'x!' ESCAPE '!'", 'The escape character stands before %, _ or itself (character 1)'],
    ["a LIKE 'x' ESCAPE '!!'", 'ESCAPE takes one character (character 19)'],
    [`a LIKE '%${'_'.repeat(32)}%'`, 'Between two % with a _ may be 31 characters (character 1)'],
    ['T(java.lang.Runtime)', 'Something is left over (character 2)'],
  ])('%s: %s', (text, fault) => {
    expect(faultOf(text)).toBe(fault);
  });

  it('S20: has more than 4096 bytes', () => {
    const longest = `a = '${'é'.repeat(2045)}'`;
    expect(Buffer.byteLength(longest)).toBe(4096);
    expect(faultOf(longest)).toBeUndefined();
    expect(faultOf(`${longest} `)).toBe('A selector may have 4096 bytes (character 1)');
  });

  it('S20: has more than 100 nodes', () => {
    // 25 comparisons of three nodes each and 24 joints are 99.
    const most = Array.from({ length: 25 }, () => 'a=1').join(' OR ');
    expect(faultOf(most)).toBeUndefined();
    expect(faultOf(`NOT (${most})`)).toBeUndefined();
    expect(faultOf(`NOT NOT (${most})`)).toContain('A selector may have 100 nodes');
    expect(faultOf(`a IN (${Array.from({ length: 99 }, () => '1').join()})`)).toContain('100 nodes');
  });

  it('S20: is deeper than 32 levels', () => {
    expect(faultOf(`${'('.repeat(32)}a${')'.repeat(32)}`)).toBeUndefined();
    for (const opening of ['(', 'NOT ', '-', '+', '(NOT ']) {
      expect(faultOf(opening.repeat(700))).toContain('A selector may be 32 levels deep');
    }
  });
});
