import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ConfigurationError, loadConfig } from './index.js';

const HASH = `$scrypt$ln=14,r=8,p=5$${'A'.repeat(22)}$${'B'.repeat(43)}`;
let folder = '';
let file = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mangrove-config-'));
  file = join(folder, 'mangrove.yaml');
});
afterAll(() => rmSync(folder, { recursive: true }));

function load(yaml: string, env: Record<string, string> = {}) {
  writeFileSync(file, yaml);
  return loadConfig({ file, env });
}

/** The problems of a file, without the name of the file. */
function problems(yaml: string, env: Record<string, string> = {}): readonly string[] {
  try {
    load(yaml, env);
  } catch (error) {
    if (error instanceof ConfigurationError) {
      return error.problems.map((problem) => problem.replaceAll(`${file}:`, ''));
    }
    throw error;
  }
  return [];
}

describe('loadConfig', () => {
  it('has a default for everything', () => {
    expect(loadConfig({})).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      path: '/ws',
      realms: ['realm1'],
      origins: [],
      hosts: [],
      subprotocols: {
        stomp: { enabled: true, profile: 'compatible' },
        wamp: { enabled: true, profile: 'compatible' },
      },
      unnegotiated: 'recognise',
      anonymous: true,
      loopback: true,
      logs: { json: false, level: 'info' },
      drainMs: 10_000,
    });
  });

  it('changes nothing for an empty file', () => {
    expect(load('')).toEqual(loadConfig({}));
    expect(load('# nothing here\n')).toEqual(loadConfig({}));
  });

  it('prefers the environment to the file and the file to the defaults', () => {
    const config = load('host: 127.0.0.2\nport: 9000\ndrainMs: 5\n', { PORT: '9001', HOST: '' });
    expect([config.host, config.port, config.drainMs, config.path]).toEqual(['127.0.0.2', 9001, 5, '/ws']);
  });

  it('prefers the file of the command line to MANGROVE_CONFIG', () => {
    expect(load('port: 9000', { MANGROVE_CONFIG: '/nowhere.yaml' }).port).toBe(9000);
    writeFileSync(file, 'port: 9002');
    expect(loadConfig({ env: { MANGROVE_CONFIG: file } }).port).toBe(9002);
  });

  it('lets --json-logs win', () => {
    writeFileSync(file, 'logs: { json: false }');
    expect(loadConfig({ file, jsonLogs: true }).logs.json).toBe(true);
  });

  it.each([
    ['prot: 1', '1:1: "prot": unknown key (did you mean port?); allowed are host, port, path, realms'],
    ['subprotocols:\n  mqtt: {}', '2:3: "subprotocols.mqtt": unknown key; allowed are stomp, wamp'],
    ['port: 70000', '1:1: port: 70000 is not allowed; allowed is a whole number from 0 to 65535'],
    ['port: "80"', '1:1: port: "80" is not allowed; allowed is a whole number from 0 to 65535'],
    ['port: 80.5', '1:1: port: 80.5 is not allowed; allowed is a whole number'],
    ['port:', '1:1: port: null is not allowed; allowed is a whole number'],
    ['unnegotiated: maybe', '1:1: unnegotiated: "maybe" is not allowed; allowed is recognise or reject'],
    ['anonymous: yes', '1:1: anonymous: "yes" is not allowed; allowed is true or false'],
    ['logs: loud', '1:1: logs: "loud" is not allowed; allowed is a section with the keys json, level'],
    ['- 1', 'the configuration: a list of 1 is not allowed; allowed is a section with the keys host'],
    ['realms: []', '1:1: realms: a list of 0 is not allowed; allowed is a list; each entry a name'],
    ['realms: [a, a]', '1:1: realms: a list of 2 is not allowed; allowed is each realm once'],
    ['realms: ["a b"]', '1:10: realms[0]: "a b" is not allowed; allowed is a name of 1 to 256 characters'],
    ['origins: ["*"]', '1:11: origins[0]: "*" is not allowed; allowed is an origin exactly as a browser'],
    ['origins: ["https://example.com/"]', 'origins[0]: "https://example.com/" is not allowed'],
    ['origins: ["https://example.com:443"]', 'origins[0]: "https://example.com:443" is not allowed'],
    ['origins: ["null"]', 'origins[0]: "null" is not allowed'],
    ['path: /ws/', 'path: "/ws/" is not allowed; allowed is a path such as /ws'],
    ['path: /health', 'path: "/health" is not allowed'],
    ['path: /a/../b', 'path: "/a/../b" is not allowed'],
    [
      'limits: { subscriptions: -1 }',
      '1:11: limits.subscriptions: -1 is not allowed; allowed is a whole number',
    ],
    [
      'limits: { callTimeoutMs: 700000 }',
      'limits.callTimeoutMs: 700000 is not allowed; allowed is at most maxCallTimeoutMs, which is 600000',
    ],
    [
      'limits: { outboundBytes: 4096 }',
      'limits.outboundHighWaterBytes: its default is not allowed here; allowed is at most outboundBytes, which is 4096',
    ],
    ['limits: { callTimeoutMs: 1 }', 'allowed is a whole number from 100 to 86400000 (ms)'],
    [
      'subprotocols: { stomp: { enabled: false }, wamp: { enabled: false } }',
      'subprotocols: a section is not allowed; allowed is at least one subprotocol that is enabled',
    ],
    [
      'authentication: {}',
      'authentication: a section is not allowed; allowed is at least one of principals, jwt',
    ],
    [
      'authentication: { jwt: [] }',
      'authentication.jwt: a list of 0 is not allowed; allowed is a list of sections',
    ],
    ['authentication: { jwt: [{}] }', 'jwt[0]: a section is not allowed; allowed is exactly one of secret, '],
    [
      'authentication: { jwt: [{ jwksFile: /nowhere.json }] }',
      'authentication.jwt[0].jwksFile: "/nowhere.json" is not allowed; allowed is a file that can be read',
    ],
    ['host: "[::1]"', 'host: "[::1]" is not allowed; allowed is an IP address or a host name'],
    ['"a\\u001b[2J": 1', '"a\\u001b[2J": unknown key'],
  ])('O12: refuses %j, naming key, value and what is allowed', (yaml, expected) => {
    const found = problems(yaml);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(expected);
  });

  it('O12: names every problem at once', () => {
    expect(problems('port: -1\nhots: x\ndrainMs: never\n')).toHaveLength(3);
  });

  it('O12: names the variable of the environment that is wrong', () => {
    expect(problems('port: 1', { PORT: 'http' })).toEqual([
      'environment variable PORT: port: "http" is not allowed; allowed is a whole number from 0 to 65535',
    ]);
  });

  it('O12: tells line and column of broken YAML, of duplicate keys, of tags it does not know', () => {
    expect(problems('port: 1\nhosts: [a')[0]).toMatch(/^2:\d+: /);
    expect(problems('port: 1\nport: 2')[0]).toMatch(/^2:1: .*unique/);
    expect(problems('port: !!js/function "x"')[0]).toMatch(/^1:\d+: .*tag/i);
  });

  it('O12: says why a file cannot be read', () => {
    expect(() => loadConfig({ file: join(folder, 'none.yaml') })).toThrow('there is no such file');
    expect(() => loadConfig({ file: folder })).toThrow('it is a directory');
  });

  it('refuses a file that unfolds into something huge', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x,x]',
      'b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]',
      'c: [*b,*b,*b,*b,*b,*b,*b,*b,*b]',
    ];
    expect(problems(bomb.join('\n'))).not.toEqual([]);
  });

  it('never repeats what stands in the place of a ticket hash', () => {
    const principals = 'authentication: { principals: [{ authid: alice, ticket: hunter2 }] }';
    expect(problems(principals).join()).not.toContain('hunter2');
    expect(problems(principals)).toEqual([
      expect.stringContaining(
        'authentication.principals[0].ticket: this value is not allowed; allowed is a hash as',
      ),
    ]);
  });

  it('never repeats a secret for tokens', () => {
    const found = problems('authentication: { jwt: [{ secret: hunter2 }] }');
    expect(found).toEqual([
      expect.stringContaining('jwt[0].secret: this value is not allowed; allowed is a text'),
    ]);
  });

  it('takes issuers of tokens that can be told apart', () => {
    const issuer = (name: string) => `{ issuer: ${name}, secret: ${'x'.repeat(32)} }`;
    const jwt = (...names: string[]) => `authentication: { jwt: [${names.map(issuer).join(', ')}] }`;
    expect(load(jwt('a', 'b')).authentication?.jwt).toMatchObject([
      { issuer: 'a', nameClaim: 'sub', roleClaim: 'role', role: 'user', clockToleranceMs: 5000 },
      { issuer: 'b' },
    ]);
    expect(problems(jwt('a', 'a'))[0]).toContain('allowed is each issuer once');
  });

  it('refuses a principal that can log in by no method', () => {
    expect(problems('authentication: { principals: [{ authid: alice }] }')).toEqual([
      expect.stringContaining('principals[0]: a section is not allowed; allowed is at least one of ticket'),
    ]);
  });

  it('refuses a name given twice', () => {
    const one = `{ authid: alice, ticket: "${HASH}" }`;
    expect(problems(`authentication: { principals: [${one}, ${one}] }`)[0]).toContain('each authid once');
  });

  it('O12: survives any content with a message or a configuration', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.constantFrom('', 'port', 'realms', 'limits', 'subprotocols'),
        (value, key) => {
          const found = problems(JSON.stringify(key === '' ? value : { [key]: value }));
          for (const problem of found) expect(problem).toMatch(/allowed|nobody/);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('safety by default', () => {
  it.each(['0.0.0.0', '::', '192.0.2.1', 'example.com', '127.example.com', '128.0.0.1'])(
    'A19: refuses to listen at %s and names the two ways out',
    (host) => {
      expect(() => loadConfig({ env: { HOST: host } })).toThrow(
        /Two ways out: set `anonymous: true`.*or configure `authentication`/,
      );
    },
  );

  it.each(['127.0.0.1', '127.8.9.10', '::1', 'localhost', '::ffff:127.0.0.1'])('A19: trusts %s', (host) => {
    expect(loadConfig({ env: { HOST: host } })).toMatchObject({ anonymous: true, loopback: true });
  });

  it('A19: listens on the network when anonymous was asked for', () => {
    expect(load('anonymous: true', { HOST: '0.0.0.0' })).toMatchObject({ anonymous: true, loopback: false });
  });

  it('A19: listens on the network with authentication, and nobody is anonymous then', () => {
    const config = load(`authentication: { principals: [{ authid: a, ticket: "${HASH}" }] }`, {
      HOST: '0.0.0.0',
    });
    expect([config.anonymous, config.authentication?.principals?.[0]?.role]).toEqual([false, 'user']);
  });

  it('has the playground on loopback only, unless it was asked for or against', () => {
    expect(loadConfig({}).playground).toBe(true);
    expect(load('playground: false').playground).toBe(false);
    expect(load('anonymous: true', { HOST: '0.0.0.0' }).playground).toBe(false);
    expect(load('anonymous: true\nplayground: true', { HOST: '0.0.0.0' }).playground).toBe(true);
  });

  it('refuses a configuration that lets nobody in', () => {
    expect(problems('anonymous: false')).toEqual([
      '1:1: anonymous: false lets nobody in, because `authentication` is not configured',
    ]);
  });
});
