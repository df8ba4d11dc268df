import { EventEmitter, once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Decision, Pattern } from '../../src/router/index.js';
import { roles } from '../../src/router/index.js';
import { runCli } from '../../src/server/cli/index.js';
import type { ConsoleIo, StopReason } from '../../src/server/cli/console-io.js';
import type { ConfigurationError } from '../../src/server/config/index.js';
import { loadConfig } from '../../src/server/config/index.js';
import { startServer } from '../../src/server/index.js';
import type { RunningServer } from '../../src/server/index.js';
import { LoginSocket } from '../support/login-socket.js';

const PAGE = readFileSync(fileURLToPath(new URL('../../docs/authorization.md', import.meta.url)), 'utf8');
/** The configurations of the page, by their file names. */
const CONFIGS = new Map(
  [...PAGE.matchAll(/^```yaml (\S+)\n([^]*?)^```$/gm)].map(([, file = '', text = '']) => [file, text]),
);
const SECRET = 'sesame street';

let folder: string;
let server: RunningServer | undefined;
const peers: LoginSocket[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mangrove-rights-'));
});
afterEach(async () => {
  for (const peer of peers.splice(0)) peer.close();
  await server?.stop();
  server = undefined;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function load(yaml: string): ReturnType<typeof loadConfig> {
  const file = join(folder, 'mangrove.yaml');
  writeFileSync(file, yaml);
  return loadConfig({ file, env: { PORT: '0' } });
}

/** Starts the server with a configuration of the page. */
async function serve(name: string): Promise<void> {
  server = await startServer(load(`${CONFIGS.get(name) ?? ''}\nlogs: { level: error }\n`));
}

async function connect(token: string): Promise<LoginSocket> {
  const peer = await LoginSocket.connect(server?.wsUrl ?? '', token);
  peers.push(peer);
  return peer;
}

/** A WAMP session of somebody, or of nobody. */
async function wamp(authid?: string): Promise<LoginSocket> {
  const peer = await connect('wamp.2.json');
  const features = { features: { caller_identification: true } };
  const all = { publisher: features, subscriber: {}, caller: features, callee: features };
  const login = authid === undefined ? {} : { authmethods: ['ticket'], authid };
  const [code] = await peer.askWamp([1, 'realm1', { roles: all, ...login }]);
  if (authid !== undefined) expect((await peer.askWamp([5, SECRET, {}]))[0]).toBe(2);
  else expect(code).toBe(2);
  return peer;
}

/** A STOMP session of somebody. */
async function stomp(login: string): Promise<LoginSocket> {
  const peer = await connect('v12.stomp');
  const frame = `CONNECT\naccept-version:1.2\nhost:realm1\nlogin:${login}\npasscode:${SECRET}\n\n\0`;
  expect(await peer.ask(frame)).toMatch(/^CONNECTED\n/);
  return peer;
}

/** The first line of what a STOMP frame is answered with, and its message. */
async function answerOf(login: string, frame: string): Promise<string> {
  const answer = await (await stomp(login)).ask(`${frame}\n\0`);
  const [, message = ''] = /\nmessage:(.*)/.exec(answer) ?? [];
  return `${answer.slice(0, answer.indexOf('\n'))} ${message}`.trim();
}

/** What a STOMP client is told of a call: the URI of the error, or the frame with the result. */
async function resultOf(login: string, procedure: string): Promise<string> {
  const frame = `SEND\ndestination:/rpc/${procedure}\nreply-to:/temp-queue/a\ncorrelation-id:1\n\n\0`;
  const answer = await (await stomp(login)).ask(frame);
  expect(answer).toMatch(/^MESSAGE\n/);
  return /\n(?:error|error-uri|x-error):(.*)/.exec(answer)?.[1] ?? answer;
}

describe('the configurations of docs/authorization.md', () => {
  it.each([...CONFIGS.keys()])('are valid: %s', (name) => {
    expect(load(CONFIGS.get(name) ?? '').authorization).toBeDefined();
  });

  it('are several', () => {
    expect([...CONFIGS.keys()]).toEqual([
      'rights.yaml',
      'kinds.yaml',
      'realms.yaml',
      'filtered.yaml',
      'procedure.yaml',
    ]);
  });

  it('A10: has a table of patterns that is true', () => {
    const rows = [...PAGE.matchAll(/^\| ((?:allow|deny) `.*) \|$/gm)].map(([, row = '']) =>
      row.split('|').map((cell) => cell.trim()),
    );
    const patterns: Pattern[] = [
      { match: 'multi', text: 'orders.bob.#' },
      { match: 'prefix', text: 'orders.b' },
      { match: 'wildcard', text: 'orders..placed' },
      { match: 'multi', text: '#' },
    ];
    expect(rows).toHaveLength(5);
    for (const [said = '', ...verdicts] of rows) {
      const rules = [...said.matchAll(/(allow|deny) `([^`]*)`/g)].map(([, what = '', match = '']) => ({
        match,
        [what]: ['subscribe' as const],
      }));
      const authorizer = roles({ everyone: rules });
      const who = { authid: 'a', authrole: 'b', authmethod: 'ticket', authprovider: 'static' };
      const decided = patterns.map(
        (pattern) => (authorizer.decide(who, 'subscribe', pattern, 'realm1') as Decision).allow,
      );
      expect([said, decided.map((allow) => (allow ? 'yes' : 'no'))]).toEqual([said, verdicts]);
    }
  });
});

describe('the roles of docs/authorization.md', () => {
  it('X6: have the same rights over both protocols', async () => {
    await serve('rights.yaml');
    const bob = await wamp('bob');
    expect((await bob.askWamp([32, 1, { match: 'prefix' }, 'orders.bob.']))[0]).toBe(33);
    expect((await bob.askWamp([32, 2, { match: 'prefix' }, 'orders.']))[4]).toBe('wamp.error.not_authorized');
    expect((await bob.askWamp([16, 3, { acknowledge: true }, 'orders.bob.x']))[4]).toBe(
      'wamp.error.not_authorized',
    );
    const own = 'SUBSCRIBE\nid:1\nreceipt:r\ndestination:/topic/orders.bob.#\n';
    expect(await answerOf('bob', own)).toBe('RECEIPT');
    const all = 'SUBSCRIBE\nid:1\nreceipt:r\ndestination:/topic/orders.#\n';
    expect(await answerOf('bob', all)).toBe('ERROR not authorized');
    expect(await answerOf('bob', 'SEND\nreceipt:r\ndestination:/topic/orders.bob.x\n')).toBe(
      'ERROR not authorized',
    );
    expect(await answerOf('alice', 'SEND\nreceipt:r\ndestination:/topic/orders.bob.x\n')).toBe('RECEIPT');
    expect(await answerOf('alice', 'SEND\nreceipt:r\ndestination:/topic/orders.archive\n')).toBe(
      'ERROR not authorized',
    );
    expect(await answerOf('alice', 'SEND\nreceipt:r\ndestination:/user/bob/queue/mail\n')).toBe('RECEIPT');
    expect(await answerOf('bob', 'SEND\nreceipt:r\ndestination:/user/alice/queue/mail\n')).toBe(
      'ERROR not authorized',
    );
    expect(await answerOf('alice', 'SUBSCRIBE\nid:1\nreceipt:r\ndestination:/queue/jobs\n')).toBe('RECEIPT');
    expect(await answerOf('bob', 'SUBSCRIBE\nid:1\nreceipt:r\ndestination:/queue/jobs\n')).toBe(
      'ERROR not authorized',
    );
  });

  it('show who asks only with the right to', async () => {
    await serve('rights.yaml');
    const [alice, bob] = [await wamp('alice'), await wamp('bob')];
    expect((await alice.askWamp([64, 1, {}, 'orders.place']))[0]).toBe(65);
    const refused = await bob.askWamp([48, 1, { disclose_me: true }, 'orders.place']);
    expect(refused[4]).toBe('wamp.error.option_disallowed.disclose_me');
    expect((await alice.askWamp([16, 2, { acknowledge: true, disclose_me: true }, 'orders.x']))[0]).toBe(17);
  });

  it('A20: are told the same of what is there and of what is not', async () => {
    await serve('rights.yaml');
    const [alice, bob] = [await wamp('alice'), await wamp('bob')];
    expect((await alice.askWamp([64, 1, {}, 'orders.cancel']))[0]).toBe(65);
    const [there, absent] = [
      await bob.askWamp([48, 1, {}, 'orders.cancel']),
      await bob.askWamp([48, 2, {}, 'orders.absent']),
    ];
    expect(there.slice(3)).toEqual(absent.slice(3));
    expect(there[4]).toBe('wamp.error.not_authorized');
    const [taken, free] = [
      await bob.askWamp([64, 3, {}, 'orders.cancel']),
      await bob.askWamp([64, 4, {}, 'orders.absent']),
    ];
    expect(taken.slice(3)).toEqual(free.slice(3));
    expect(await resultOf('bob', 'orders.cancel')).toBe('wamp.error.not_authorized');
    expect(await resultOf('bob', 'orders.absent')).toBe('wamp.error.not_authorized');
    expect(await answerOf('alice', 'SUBSCRIBE\nid:1\nreceipt:r\ndestination:/queue/jobs\n')).toBe('RECEIPT');
    expect(await answerOf('bob', 'SEND\nreceipt:r\ndestination:/queue/jobs\n')).toBe(
      await answerOf('bob', 'SEND\nreceipt:r\ndestination:/queue/absent\n'),
    );
  });

  it('P18: see the router’s own procedures only by a rule that begins with its word', async () => {
    await serve('rights.yaml');
    const [alice, bob] = [await wamp('alice'), await wamp('bob')];
    expect((await bob.askWamp([48, 1, {}, 'wamp.session.count']))[4]).toBe('wamp.error.not_authorized');
    expect((await alice.askWamp([48, 1, {}, 'wamp.session.count']))[0]).toBe(50);
    expect(await resultOf('bob', 'wamp.session.list')).toBe('wamp.error.not_authorized');
    expect(await resultOf('alice', 'wamp.session.count')).toMatch(/\n\n\d+\0$/);
  });
});

describe('other rules', () => {
  it('A9: take away what may not be held any more, from both protocols', async () => {
    await serve('rights.yaml');
    const [bob, frames] = [await wamp('bob'), await stomp('bob')];
    expect((await bob.askWamp([32, 1, {}, 'news.a']))[0]).toBe(33);
    const revoked = frames.ask('SUBSCRIBE\nid:1\ndestination:/topic/news.a\n\n\0');
    // What comes next is not the answer of a SUBSCRIBE without a receipt.
    await new Promise((go) => setImmediate(go));
    const { authorization } = load(
      'anonymous: true\nauthorization: { roles: [{ role: other, rules: [] }] }\n',
    );
    while (server!.router.stats.realms['realm1']!.subscriptions < 2)
      await new Promise((go) => setImmediate(go));
    server!.reloadRights(authorization!);
    expect(await revoked).toMatch(/^ERROR\nmessage:not authorized\n/);
    expect((await bob.askWamp([32, 2, {}, 'news.a']))[4]).toBe('wamp.error.not_authorized');
    expect(server!.router.stats.realms['realm1']!.subscriptions).toBe(0);
  });
});

describe('SIGHUP', () => {
  const said = (action: string): string =>
    `port: 0\nplayground: false\nauthorization:\n  everyone: [{ match: 'a', allow: [${action}] }]\nlogs: { json: true }\n`;

  it('A9: has the rules of the file read again, and a wrong file changes nothing', async () => {
    const lines: string[] = [];
    const output = new EventEmitter();
    const written = jest.spyOn(process.stdout, 'write').mockImplementation((line) => {
      lines.push(String(line));
      output.emit('line');
      return true;
    });
    const logged = async (text: string): Promise<string> => {
      for (;;) {
        const line = lines.find((each) => each.includes(text));
        if (line !== undefined) return line;
        await once(output, 'line');
      }
    };
    const file = join(folder, 'reloaded.yaml');
    writeFileSync(file, said('publish'));
    let [stop, reload]: [(why: StopReason) => void, () => void] = [() => {}, () => {}];
    const io: ConsoleIo = {
      env: {},
      readInput: () => Promise.resolve(''),
      out: () => {},
      err: () => {},
      onStop: (callback) => (stop = callback),
      onReload: (callback) => (reload = callback),
    };
    const ended = runCli(['serve', '--config', file], io);
    try {
      const { websocket, rights } = JSON.parse(await logged('"started"')) as Record<string, string>;
      expect(rights).toBe('no roles, rules for everyone (1)');
      const peer = await LoginSocket.connect(websocket!, 'wamp.2.json');
      peers.push(peer);
      expect((await peer.askWamp([1, 'realm1', { roles: { publisher: {} } }]))[0]).toBe(2);
      const publishes = async (request: number): Promise<unknown> =>
        (await peer.askWamp([16, request, { acknowledge: true }, 'a']))[0];
      expect(await publishes(1)).toBe(17);
      writeFileSync(file, said('publsh'));
      reload();
      expect(await logged('the old ones are kept')).toContain('publsh');
      expect(await publishes(2)).toBe(17);
      writeFileSync(file, said('subscribe'));
      reload();
      await logged('rules reloaded');
      expect(await publishes(3)).toBe(8);
      const restart = 'authorization.authorizer has changed: that needs a restart';
      expect(lines.filter((line) => line.includes(restart))).toEqual([]);
      const procedure = '  authorizer: { procedure: com.example.authorize, registrars: [guard] }\n';
      writeFileSync(file, said('publish').replace('logs:', `${procedure}logs:`));
      reload();
      expect(JSON.parse(await logged(restart))).toMatchObject({ level: 'warn' });
      expect(await publishes(4)).toBe(17);
    } finally {
      stop({ kind: 'signal', signal: 'SIGTERM' });
      expect(await ended).toBe(0);
      written.mockRestore();
    }
  });
});

describe('the procedure of docs/authorization.md', () => {
  it('decides what no rule decides, and is asked once for each question', async () => {
    await serve('procedure.yaml');
    const [alice, bob] = [await wamp('alice'), await wamp('bob')];
    // Nobody has registered it: nobody gets anything that no rule allows.
    expect((await bob.askWamp([32, 1, {}, 'orders.bob']))[4]).toBe('wamp.error.authorization_failed');
    expect((await bob.askWamp([32, 2, {}, 'news.a']))[0]).toBe(33);
    expect((await alice.askWamp([64, 1, {}, 'com.example.authorize']))[0]).toBe(65);
    const asked = alice.next();
    const answered = bob.askWamp([32, 3, {}, 'orders.bob']);
    const invocation = JSON.parse(await asked) as unknown[];
    expect(invocation.slice(4)).toEqual([
      [
        {
          realm: 'realm1',
          authid: 'bob',
          authrole: 'customer',
          authmethod: 'ticket',
          authprovider: 'static',
        },
        'orders.bob',
        'subscribe',
        { match: 'exact' },
      ],
    ]);
    alice.say([70, invocation[1], {}, [{ allow: true, cache: 60_000 }]]);
    expect((await answered)[0]).toBe(33);
    // Alice would have to answer again.
    expect(await answerOf('bob', 'SUBSCRIBE\nid:1\nreceipt:r\ndestination:/topic/orders.bob\n')).toBe(
      'RECEIPT',
    );
  });

  it('P10: is registered by nobody else, by a pattern neither, and called by nobody', async () => {
    await serve('procedure.yaml');
    const [alice, bob] = [await wamp('alice'), await wamp('bob')];
    for (const [at, [options, uri]] of [
      [{}, 'com.example.authorize'],
      [{ match: 'prefix' }, 'com.'],
      [{ match: 'wildcard' }, 'com..authorize'],
    ].entries())
      expect((await bob.askWamp([64, at + 1, options, uri]))[4]).toBe('wamp.error.not_authorized');
    expect((await alice.askWamp([64, 1, {}, 'com.example.authorize']))[0]).toBe(65);
    expect((await bob.askWamp([48, 4, {}, 'com.example.authorize']))[4]).toBe('wamp.error.not_authorized');
  });

  it('A14: is a no when it answers nonsense, fails, or is late', async () => {
    await serve('procedure.yaml');
    const [alice, bob] = [await wamp('alice'), await wamp('bob')];
    expect((await alice.askWamp([64, 1, {}, 'com.example.authorize']))[0]).toBe(65);
    const answers = [
      (id: unknown) => [70, id, {}, ['yes']],
      (id: unknown) => [70, id, {}],
      (id: unknown) => [8, 68, id, {}, 'com.example.error'],
      undefined,
    ];
    for (const [at, answer] of answers.entries()) {
      const asked = alice.next();
      const answered = bob.askWamp([32, at + 1, {}, `orders.${at}`]);
      const [, id] = JSON.parse(await asked) as unknown[];
      if (answer !== undefined) alice.say(answer(id));
      expect((await answered)[4]).toBe('wamp.error.authorization_failed');
    }
  });
});

describe('a server without rules', () => {
  it('P18: shows clients without a login who is there only on loopback, and lets nobody end sessions', async () => {
    server = await startServer(load('logs: { level: error }\n'));
    const nobody = await wamp();
    expect((await nobody.askWamp([48, 1, {}, 'wamp.session.count']))[0]).toBe(50);
    expect((await nobody.askWamp([48, 2, {}, 'wamp.session.kill_all']))[4]).toBe('wamp.error.not_authorized');
  });

  it('P18: shows clients without a login nothing once others can reach it', async () => {
    server = await startServer(load('host: 0.0.0.0\nanonymous: true\nlogs: { level: error }\n'));
    const peer = await LoginSocket.connect(server.wsUrl.replace('0.0.0.0', '127.0.0.1'), 'wamp.2.json');
    peers.push(peer);
    expect((await peer.askWamp([1, 'realm1', { roles: { caller: {}, subscriber: {} } }]))[0]).toBe(2);
    expect((await peer.askWamp([48, 1, {}, 'wamp.session.count']))[4]).toBe('wamp.error.not_authorized');
    expect((await peer.askWamp([32, 2, { match: 'prefix' }, 'wamp.']))[4]).toBe('wamp.error.not_authorized');
  });

  it('P18: shows clients without a login nothing once it has a public name, that of a proxy before it', async () => {
    server = await startServer(load('hosts: [broker.example.com]\nlogs: { level: error }\n'));
    const nobody = await wamp();
    expect((await nobody.askWamp([48, 1, {}, 'wamp.session.count']))[4]).toBe('wamp.error.not_authorized');
  });
});

describe('check-config', () => {
  it('says of each wrong rule where it is, and what is allowed', () => {
    const yaml = `realms: [shop, lab]
anonymous: true
authorization:
  paterns: contained
  roles:
    - role: backend
      rules:
        - match: #
          allow: [publish]
        - match: 'orders.ord*'
          allow: [publish]
        - match: 'a.#'
          allow: [publsh]
        - match: 'a.#'
          alow: [publish]
        - match: 'a.{authid}'
          kind: prefix
          allow: [publish]
`;
    let problems: readonly string[] = [];
    try {
      load(yaml);
    } catch (error) {
      problems = (error as ConfigurationError).problems.map((line) => line.replace(/^.*mangrove\.yaml:/, ''));
    }
    expect(problems).toEqual([
      '8:11: authorization.roles[0].rules[0].match: null is not allowed; allowed is addresses in quotes: words joined by ' +
        'dots; `*` stands for one word, `#` for any number of words, and {authid}, {authrole}, {realm} for whoever asks',
      '10:11: authorization.roles[0].rules[1].match: "orders.ord*" is not allowed; allowed is `*` and `#` only as whole ' +
        'words: `*` stands for one word, `#` for any number',
      '13:19: authorization.roles[0].rules[2].allow[0]: "publsh" is not allowed; allowed is publish or subscribe or ' +
        'call or register or consume or disclose or takeover',
      '15:11: "authorization.roles[0].rules[3].alow": unknown key (did you mean allow?); allowed are match, kind, ' +
        'allow, deny, trustlevel',
      '7:7: authorization.roles[0].rules[3]: a section is not allowed; allowed is at least one right in allow or deny',
      '16:11: authorization.roles[0].rules[4].match: "a.{authid}" is not allowed; allowed is a prefix in which a dot ' +
        'follows the variable',
      '4:3: "authorization.paterns": unknown key (did you mean patterns?); allowed are patterns, everyone, roles, authorizer',
    ]);
    expect(() =>
      load(
        'realms: [shop]\nanonymous: true\nauthorization: { roles: [{ role: a, realms: [shp], rules: [] }] }',
      ),
    ).toThrow('"shp" is no realm; allowed are those of `realms`: shop');
    expect(() => load('anonymous: true\nauthorization: {}')).toThrow('without them nobody may do anything');
  });

  it.each([
    [
      'a way to log in that there is not',
      'roles: [{ role: a, methods: [JWT], rules: [] }]',
      '"JWT" is not allowed',
    ],
    ['a destination', 'everyone: [{ match: /queue/jobs, deny: [consume] }]', 'is `queue.jobs`'],
    [
      'a procedure of the router’s',
      'authorizer: { procedure: wamp.a, registrars: [a] }',
      'neither wamp nor queue',
    ],
    ['a queue that decides', 'authorizer: { procedure: queue.a, registrars: [a] }', 'neither wamp nor queue'],
    [
      'deciding by everybody',
      'authorizer: { procedure: a.b, registrars: [anonymous] }',
      'else everybody might decide',
    ],
    [
      'deciding without a login',
      'authorizer: { procedure: a.b, registrars: [{ role: a, methods: [anonymous] }] }',
      'for which it holds: ticket, wampcra, wamp-scram, scram, cryptosign, jwt, cookie, tls',
    ],
    [
      'an answer that comes when it is a no already',
      'authorizer: { procedure: a.b, registrars: [a], timeoutMs: 6000 }',
      'authorization.authorizer.timeoutMs: 6000 is longer than limits.authorizerTimeoutMs, 5000',
    ],
  ])('A19: refuses what would do nothing, or too much: %s', (_what, text, told) => {
    expect(() => load(`anonymous: true\nauthorization: { ${text} }`)).toThrow(told);
  });
});
