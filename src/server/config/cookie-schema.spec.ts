import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConfigurationError, cookieSecretOf, isSecureCookie, loadConfig } from './index.js';

const TICKET = `$scrypt$ln=14,r=8,p=5$${'A'.repeat(22)}$${'B'.repeat(43)}`;
const SECRET = 'CANARY, which is a secret of at least thirty-two bytes';
let folder = '';
let file = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mangrove-cookie-config-'));
  file = join(folder, 'mangrove.yaml');
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Changes {
  readonly cookie?: string;
  readonly origins?: string;
  readonly secret?: string;
  readonly more?: string;
}

function load(
  { cookie = '{}', origins = '[https://a.example]', secret = `ticket: "${TICKET}"`, more = '' }: Changes = {},
  env: Record<string, string> = {},
) {
  writeFileSync(
    file,
    `origins: ${origins}\n${more}authentication:\n  principals: [{ authid: alice, ${secret} }]\n  cookie: ${cookie}\n`,
  );
  return loadConfig({ file, env });
}

/** What is wrong, without the place in the file. */
function problem(changes: Changes): string {
  try {
    load(changes);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message.replace(/^.*?mangrove\.yaml:[\d:]+ /, '');
    throw error;
  }
  return '';
}

describe('authentication.cookie', () => {
  it('has a default for everything', () => {
    const config = load();
    expect(config.authentication?.cookie).toEqual({
      loginPath: '/login',
      logoutPath: '/logout',
      sameSite: 'Strict',
      maxAgeMs: 28_800_000,
    });
    expect(isSecureCookie(config)).toBe(true);
    expect(cookieSecretOf(config.authentication?.cookie ?? ({} as never))).toBeUndefined();
  });

  it('A21 H3: needs a list of origins', () => {
    expect(problem({ origins: '[]' })).toMatch(/^authentication\.cookie: cookies need `origins`/);
  });

  it.each([
    [
      'names without a ticket',
      {
        secret: `wampcra: "$wampcra$i=10000,l=32$KqQfkR8D0E1U1buEFbon_w$3fQTYKNOwyL2p3Yve39bzqWTT81n1Hx7pUGYTkUdNcc="`,
      },
      'cookies only with principals that have a ticket, or with jwt',
    ],
    [
      'a short secret',
      { cookie: '{ secret: CANARY }' },
      'authentication.cookie.secret: this value is not allowed',
    ],
    ['a file that is not there', { cookie: '{ secretFile: /nowhere }' }, 'a secret of 32 bytes or more'],
    ['two secrets', { cookie: `{ secretFile: /nowhere, secret: "${SECRET}" }` }, 'one of secret, secretFile'],
    ['one path for both', { cookie: '{ loginPath: /x, logoutPath: /x }' }, 'another path than loginPath'],
    ['the path of the health check', { cookie: '{ loginPath: /health }' }, 'not /health'],
    ['SameSite=None', { cookie: '{ sameSite: None }' }, 'Strict'],
    [
      'a name that has to be secure',
      { origins: '[http://a.example]', cookie: '{ name: __Host-a }' },
      'only if it is `secure`',
    ],
  ])('refuses %s', (_what, changes: Changes, message) => {
    expect(problem(changes)).toContain(message);
    expect(problem(changes)).not.toContain('CANARY');
  });

  it('takes its secret from a file, or from the environment, which wins', () => {
    const key = join(folder, 'key');
    writeFileSync(key, `${SECRET}\n`);
    const fromFile = load({ cookie: `{ secretFile: ${key} }` });
    expect(cookieSecretOf(fromFile.authentication?.cookie ?? ({} as never))).toBe(SECRET);
    const env = { MANGROVE_COOKIE_SECRET: 'e'.repeat(32) };
    const fromEnv = load({ cookie: `{ secretFile: ${key} }` }, env);
    expect(cookieSecretOf(fromEnv.authentication?.cookie ?? ({} as never))).toBe('e'.repeat(32));
    const wrong = () => load({}, { MANGROVE_COOKIE_SECRET: 'CANARY' });
    expect(wrong).toThrow(
      'environment variable MANGROVE_COOKIE_SECRET: authentication.cookie.secret: this value',
    );
    expect(wrong).not.toThrow('CANARY');
    expect(loadConfig({ env }).authentication).toBeUndefined();
  });

  it.each([
    ['[https://a.example]', '{}', true],
    ['[http://a.example]', '{}', false],
    ['[https://a.example, http://localhost:5173]', '{}', false],
    ['[http://a.example]', '{ secure: true }', true],
    ['[https://a.example]', '{ secure: false }', false],
  ])('with %s and %s is secure: %s', (origins, cookie, secure) => {
    expect(isSecureCookie(load({ origins, cookie }))).toBe(secure);
  });
});

describe('authentication.dynamic', () => {
  const refused = (yaml: string): string => {
    writeFileSync(file, yaml);
    try {
      loadConfig({ file });
    } catch (error) {
      if (error instanceof ConfigurationError) return error.message;
      throw error;
    }
    return '';
  };
  const who = `principals: [{ authid: alice, ticket: "${TICKET}" }]`;
  const rules = 'authorization: { everyone: [{ match: news, allow: [subscribe] }] }';

  it.each([
    [
      'no rules',
      `authentication: { ${who}, dynamic: { procedure: a.b, methods: [wampcra] } }`,
      'needs `authorization`',
    ],
    [
      'a method of a principal',
      `${rules}\nauthentication: { ${who}, dynamic: { procedure: a.b } }`,
      'methods that no principal',
    ],
    [
      'a URI of the router',
      `${rules}\nauthentication: { ${who}, dynamic: { procedure: wamp.a } }`,
      'the first not wamp',
    ],
    [
      'nobody who could register it',
      `${rules}\nauthentication: { dynamic: { procedure: a.b } }`,
      'at least one of principals, jwt',
    ],
  ])('is refused with %s', (_what, yaml, message) => {
    expect(refused(yaml)).toContain(message);
  });
});
