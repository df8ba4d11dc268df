import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConfigurationError, loadConfig } from './index.js';

let folder = '';
let file = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mangrove-listeners-'));
  file = join(folder, 'mangrove.yaml');
});
afterAll(() => rmSync(folder, { recursive: true }));

function problems(yaml: string): readonly string[] {
  writeFileSync(file, yaml);
  try {
    loadConfig({ file, env: {} });
  } catch (error) {
    if (error instanceof ConfigurationError)
      return error.problems.map((text) => text.replaceAll(`${file}:`, ''));
    throw error;
  }
  return [];
}

/** A file with one listener. */
const one = (...lines: string[]): string => `listeners:\n  - ${lines.join('\n    ')}\n`;

describe('listeners', () => {
  it('are none by default', () => {
    expect(loadConfig({}).listeners).toEqual([]);
  });

  it.each([
    [one('kind: stomp-tcp', 'port: 61613')],
    [one('kind: stomp-tcp', 'host: "::1"', 'port: 0')],
    [one('kind: rawsocket', 'socket: /run/mangrove.sock')],
    [one('kind: longpoll', 'port: 8081', 'path: /wamp/lp')],
  ])('may be %j', (yaml) => {
    expect(problems(yaml)).toEqual([]);
  });

  it.each([
    [one('port: 1'), 'listeners[0].kind: is missing; allowed is stomp-tcp or rawsocket or longpoll'],
    [one('kind: mqtt', 'port: 1'), 'listeners[0].kind: "mqtt" is not allowed'],
    [one('kind: stomp-tcp'), 'a port or a socket, one of them'],
    [
      one('kind: stomp-tcp', 'port: 1', 'socket: /x'),
      'listeners[0].port: 1 is not allowed; allowed is a port or a socket',
    ],
    [one('kind: stomp-tcp', 'socket: /x', 'host: localhost'), 'a path, without host and tls beside it'],
    [one('kind: rawsocket', 'socket: /x', 'tls: true'), 'a path, without host and tls beside it'],
    [one('kind: longpoll', 'socket: /x'), 'nothing for long-poll, which needs a port'],
    [one('kind: rawsocket', 'port: 1', 'path: /lp'), 'nothing but for long-poll'],
    [one('kind: longpoll', 'port: 1', 'path: /lp/'), 'a path such as /lp'],
    [one('kind: stomp-tcp', 'port: 65536'), 'a whole number from 0 to 65535'],
    [one('kind: rawsocket', `socket: /${'x'.repeat(107)}`), 'a path of 1 to 107 bytes'],
    [one('kind: stomp-tcp', 'port: 1', 'prot: 2'), 'unknown key (did you mean port?)'],
    [one('kind: stomp-tcp', 'port: 1', 'tls: true'), 'listeners[0].tls: true needs the section `tls`'],
  ])('O12: may not be %j', (yaml, expected) => {
    expect(problems(yaml).join('\n')).toContain(expected);
  });

  it('A19: that the network can reach need somebody to have said who may come in', () => {
    const open = one('kind: stomp-tcp', 'host: 0.0.0.0', 'port: 61613');
    expect(problems(open)).toEqual([
      expect.stringMatching(
        /^3:5: listeners\[0\]\.host: listening at 0\.0\.0\.0 would let everybody .*Two ways out/,
      ),
    ]);
    expect(problems(`${open}anonymous: true\n`)).toEqual([]);
  });
});
