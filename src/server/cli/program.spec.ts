import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cryptosignKeyOf, parseScramHash, parseTicketHash, parseWampcraHash } from '../../auth/index.js';
import { runCli } from './index.js';
import type { ConsoleIo } from './index.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mangrove-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(
  args: readonly string[],
  given: { env?: Record<string, string>; input?: string } = {},
): Promise<Ran> {
  let out = '';
  let err = '';
  const io: ConsoleIo = {
    env: given.env ?? {},
    readInput: () => Promise.resolve(given.input ?? ''),
    out: (text) => (out += text),
    err: (text) => (err += text),
    onStop: () => {},
    onReload: () => {},
  };
  const code = await runCli(args, io);
  return { code, out, err };
}

function fileWith(yaml: string): string {
  const file = join(folder, 'bad.yaml');
  writeFileSync(file, yaml);
  return file;
}

describe('mangrove', () => {
  it('prints its version and its help', async () => {
    expect(await run(['--version'])).toEqual({ code: 0, out: '0.1.0\n', err: '' });
    const help = await run(['--help']);
    expect(help.code).toBe(0);
    for (const command of ['serve', 'check-config', 'hash', 'config-docs'])
      expect(help.out).toContain(command);
  });

  it.each([[[]], [['dance']], [['serve', '--prot']], [['check-config']], [['hash']]])(
    'exits with 2 for the command line %j',
    async (args) => {
      const { code, err } = await run(args);
      expect([code, err === '']).toEqual([2, false]);
    },
  );
});

describe('mangrove check-config', () => {
  it('exits with 0 for a good file', async () => {
    const file = fileWith('port: 9000\n');
    expect(await run(['check-config', file])).toEqual({ code: 0, out: `${file}: ok\n`, err: '' });
  });

  it('O12: exits with 2 and says where, what and what is allowed', async () => {
    const file = fileWith('port: 9000\nlimits:\n  subscriptons: 5\n');
    const { code, err } = await run(['check-config', file]);
    expect(code).toBe(2);
    expect(err).toContain(
      `mangrove: ${file}:3:3: "limits.subscriptons": unknown key (did you mean subscriptions?); allowed are `,
    );
    expect(err.match(/\n/g)).toHaveLength(1);
  });

  it('O12: exits with 2 for a file that is not there', async () => {
    const file = join(folder, 'none.yaml');
    expect(await run(['check-config', file])).toEqual({
      code: 2,
      out: '',
      err: `mangrove: ${file}: cannot be read: there is no such file\n`,
    });
  });
});

describe('mangrove check-config --production', () => {
  it.each([
    ['host: 0.0.0.0\nanonymous: true', 'anonymous: true lets everybody on the network in without a login'],
    [
      'anonymous: true\nlisteners: [{ kind: stomp-tcp, host: 0.0.0.0, port: 61613 }]',
      'anonymous: true lets everybody',
    ],
    ['host: 0.0.0.0\nanonymous: true\nplayground: true', 'playground: true shows the page to try things'],
  ])('A19: exits with 2 for %j', async (yaml, message) => {
    const file = fileWith(yaml);
    expect((await run(['check-config', file])).code).toBe(0);
    const { code, out, err } = await run(['check-config', '--production', file]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
  });

  it('A19: takes a server with logins, and one that only this machine can reach', async () => {
    const principals = 'authentication:\n  jwt: [{ secret: thirty-two bytes or more of a secret }]\n';
    for (const yaml of [`host: 0.0.0.0\n${principals}`, 'anonymous: true\n']) {
      expect((await run(['check-config', '--production', fileWith(yaml)])).code).toBe(0);
    }
  });
});

describe('mangrove serve', () => {
  it('A19: exits with 2 on an open address, naming the two ways out', async () => {
    const { code, err } = await run(['serve'], { env: { HOST: '0.0.0.0' } });
    expect(code).toBe(2);
    expect(err).toContain('environment variable HOST: host: listening at 0.0.0.0 ');
    expect(err).toContain('`anonymous: true`');
    expect(err).toContain('`authentication`');
  });

  it('O12: exits with 2 for a wrong PORT and a wrong MANGROVE_CONFIG', async () => {
    expect((await run(['serve'], { env: { PORT: '99999' } })).code).toBe(2);
    expect((await run(['serve'], { env: { MANGROVE_CONFIG: '/nowhere.yaml' } })).code).toBe(2);
  });
});

describe('mangrove hash', () => {
  it('prints a hash of the secret on standard input, without its line end', async () => {
    const { code, out } = await run(['hash', '--ticket'], { input: 'sesame\r\n' });
    expect(code).toBe(0);
    expect(parseTicketHash(out.trimEnd())).toBeDefined();
    expect(out).not.toContain('sesame');
  });

  it('prints a WAMP-CRA hash with --wampcra', async () => {
    const { code, out } = await run(['hash', '--wampcra'], { input: 'sesame\n' });
    expect([code, parseWampcraHash(out.trimEnd())?.iterations]).toEqual([0, 10_000]);
    expect(out).not.toContain('sesame');
  });

  it.each([
    [['--scram'], 'argon2id13'],
    [['--scram', '--kdf', 'pbkdf2'], 'pbkdf2'],
  ])('prints a SCRAM hash with %j', async (args, kdf) => {
    const { code, out } = await run(['hash', ...args], { input: 'pencil\n' });
    expect([code, parseScramHash(out.trimEnd())?.kdf]).toEqual([0, kdf]);
    expect((await run(['hash', '--scram', '--kdf', 'md5'], { input: 'pencil' })).code).toBe(2);
  });

  it('prints the public key of a private one with --cryptosign', async () => {
    const input = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
    const key = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';
    expect(await run(['hash', '--cryptosign'], { input })).toEqual({ code: 0, out: `${key}\n`, err: '' });
    expect((await run(['hash', '--cryptosign'], { input: 'abc' })).code).toBe(2);
  });

  it('makes a new key pair with --cryptosign and nothing to read, the private key beside the output', async () => {
    const { code, out, err } = await run(['hash', '--cryptosign'], { input: '' });
    const [privateKey = ''] = /[0-9a-f]{64}/.exec(err) ?? [];
    expect([code, out]).toEqual([0, `${String(cryptosignKeyOf(privateKey))}\n`]);
  });

  it('exits with 2 for no method, and for two', async () => {
    const input = 'sesame\n';
    expect((await run(['hash'], { input })).err).toBe(
      'mangrove: expected one of --ticket, --wampcra, --scram, --cryptosign\n',
    );
    expect((await run(['hash', '--ticket', '--wampcra'], { input })).code).toBe(2);
  });

  it('exits with 2 without a secret, and for several lines', async () => {
    expect((await run(['hash', '--ticket'], { input: '\n' })).code).toBe(2);
    expect((await run(['hash', '--ticket'], { input: 'a\nb\n' })).code).toBe(2);
  });
});

describe('mangrove config-docs', () => {
  it('prints the reference page', async () => {
    const { code, out } = await run(['config-docs']);
    expect(code).toBe(0);
    expect(out).toContain('# Configuration');
  });
});
