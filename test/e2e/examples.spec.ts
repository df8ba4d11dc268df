import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { PlainStomp, PlainWamp } from '../support/plain-clients.js';
import { eventually } from '../support/test-server.js';
import { built } from './built.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SCRIPT = `${ROOT}scripts/examples.mjs`;

/** An example that runs as a process of its own. */
interface Example {
  readonly child: ChildProcess;
  readonly url: string;
  /** What it has written so far. */
  readonly output: () => string;
}

const running: ChildProcess[] = [];
const clients: { close(): unknown }[] = [];

beforeAll(() => {
  built('router/index.js');
  execFileSync(process.execPath, [SCRIPT, '--compile'], { cwd: ROOT, stdio: 'pipe' });
}, 60_000);

afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  for (const child of running.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

async function run(name: string, env: Readonly<Record<string, string>> = {}): Promise<Example> {
  // Run as the script runs it, but as our own child: a test that fails must not leave it behind.
  const main = `${ROOT}build/examples/${name}/main.js`;
  const child = spawn(process.execPath, ['--enable-source-maps', main], {
    cwd: ROOT,
    env: { ...process.env, ...env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const address = (): string | undefined => /^listening on (ws:\S+)$/m.exec(text)?.[1];
  await eventually(() => address() !== undefined || child.exitCode !== null, 10_000);
  const url = address();
  if (url === undefined) throw new Error(`${name} does not listen: ${text}`);
  return { child, url, output: () => text };
}

/** Ends an example as a container would; resolves with its exit code, or with the signal that Nest ends itself with. */
async function terminate({ child }: Example): Promise<unknown> {
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const [code, signal] = await exited;
  return code ?? signal;
}

async function stompAt({ url }: Example): Promise<PlainStomp> {
  const client = await PlainStomp.connect(url);
  clients.push(client);
  return client;
}

async function wampAt({ url }: Example): Promise<PlainWamp> {
  const client = await PlainWamp.connect(url);
  clients.push(client);
  return client;
}

describe.each(['express', 'fastify'])('examples/nest-minimal on %s', (platform) => {
  it('hears and answers clients of both protocols, and leaves nothing when it is stopped', async () => {
    const example = await run('nest-minimal', { PLATFORM: platform });
    const stomp = await stompAt(example);
    stomp.send('SEND', { destination: '/topic/com.example.chat' }, 'hello');
    await eventually(() => example.output().includes('stomp says: hello'));
    expect(example.output()).toContain('stomp says: hello');

    const wamp = await wampAt(example);
    wamp.send([48, 1, {}, 'com.example.add', [2, 3]]);
    expect(await wamp.next()).toEqual([50, 1, {}, [5]]);

    stomp.send('SUBSCRIBE', { id: 'sums', destination: '/temp-queue/sums' });
    const headers = { 'reply-to': '/temp-queue/sums', 'wamp-payload': 'args' };
    stomp.send('SEND', { destination: '/rpc/com.example.add', ...headers }, '[20, 22]');
    expect((await stomp.next()).body.toString()).toBe('42');

    const closed = once(wamp.socket, 'close');
    const exit = terminate(example);
    expect(await wamp.next()).toMatchObject([6, {}, 'wamp.close.system_shutdown']);
    wamp.send([6, {}, 'wamp.close.goodbye_and_out']);
    expect((await closed)[0]).toBe(1001);
    expect(await exit).toBe('SIGTERM');
  });

  it('has a guard and a pipe that refuse', async () => {
    const example = await run('nest-minimal', { PLATFORM: platform });
    const wamp = await wampAt(example);
    wamp.send([48, 1, {}, 'com.example.secret', [], { password: 'guess' }]);
    expect(await wamp.next()).toEqual([8, 48, 1, {}, 'wamp.error.not_authorized', ['Forbidden resource']]);
    wamp.send([48, 2, {}, 'com.example.secret', [], { password: 'swordfish' }]);
    expect(await wamp.next()).toEqual([50, 2, {}, ['The treasure is under the mangrove.']]);
    wamp.send([48, 3, {}, 'com.example.add', ['two', 3]]);
    expect(await wamp.next()).toEqual([
      8,
      48,
      3,
      {},
      'wamp.error.invalid_argument',
      ['Validation failed (numeric string is expected)'],
    ]);
    await wamp.close();
    expect(await terminate(example)).toBe('SIGTERM');
  });
});

describe('examples/nest-minimal', () => {
  it('has 40 lines at most', () => {
    const lines = readFileSync(`${ROOT}examples/nest-minimal/main.ts`, 'utf8').trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(40);
  });
});

describe('examples/node-minimal', () => {
  it('tells the time to everybody, and lets nobody else tell it', async () => {
    const example = await run('node-minimal');
    const stomp = await stompAt(example);
    stomp.send('SUBSCRIBE', { id: 's', destination: '/topic/com.example.time' });
    expect((await stomp.next()).body.toString()).toMatch(/^"\d{4}-\d\d-\d\dT/);

    const wamp = await wampAt(example);
    wamp.send([48, 1, {}, 'com.example.time.now']);
    expect((await wamp.next()).slice(0, 3)).toEqual([50, 1, {}]);
    wamp.send([16, 2, { acknowledge: true }, 'com.example.time', ['noon']]);
    expect((await wamp.next()).slice(0, 5)).toEqual([8, 16, 2, {}, 'wamp.error.not_authorized']);
    for (const client of [stomp, wamp]) await client.close();
    expect(await terminate(example)).toBe(0);
  });
});

describe('examples/custom-subprotocol', () => {
  const texts = (socket: WebSocket): string[] => {
    const said: string[] = [];
    socket.on('message', (data: Buffer) => said.push(data.toString()));
    return said;
  };

  async function enter(example: Example, name: string): Promise<{ socket: WebSocket; said: string[] }> {
    // As in the example of RFC 6455: the server chooses `chat`.
    const socket = new WebSocket(example.url, ['chat', 'superchat']);
    clients.push({ close: () => socket.terminate() });
    const said = texts(socket);
    await once(socket, 'open');
    expect(socket.protocol).toBe('chat');
    socket.send(name);
    await eventually(() => said.length === 1);
    expect(said.splice(0)).toEqual([`Welcome, ${name}.`]);
    return { socket, said };
  }

  it('is one room for chat, STOMP and WAMP', async () => {
    const example = await run('custom-subprotocol');
    const [ann, bob] = [await enter(example, 'Ann'), await enter(example, 'Bob')];
    const wamp = await wampAt(example);
    wamp.send([32, 1, {}, 'com.example.chat']);
    await wamp.next();
    ann.socket.send('Good morning!');
    await eventually(() => bob.said.length === 1);
    expect([bob.said.splice(0), ann.said]).toEqual([['Ann: Good morning!'], []]);
    expect((await wamp.next()).slice(4)).toEqual([['Good morning!']]);
    (await stompAt(example)).send('SEND', { destination: '/topic/com.example.chat' }, 'hi');
    await eventually(() => ann.said.length === 1);
    expect(ann.said).toEqual(['anonymous: hi']);
  });

  it('says good-bye in its own words when the server stops', async () => {
    const example = await run('custom-subprotocol');
    const { socket, said } = await enter(example, 'Ann');
    const closed = once(socket, 'close');
    const exit = terminate(example);
    expect((await closed)[0]).toBe(1001);
    expect([said, await exit]).toEqual([['The room closes.'], 0]);
  });
});

describe('examples/orders', () => {
  it('ships every order once, though a worker is killed with orders in its hands', async () => {
    const { child, output } = await run('orders', { ORDERS: '60' });
    if (child.exitCode === null) await once(child, 'exit');
    const idsOf = (line: RegExp): number[] => [...output().matchAll(line)].map(([, id]) => Number(id));
    const ascending = (ids: number[]): number[] => ids.sort((one, other) => one - other);
    const all = Array.from({ length: 60 }, (_, at) => at + 1);

    expect(ascending(idsOf(/^ship: order (\d+)$/gm))).toEqual(all.filter((id) => id % 20 !== 0));
    expect(ascending(idsOf(/^dead letter: order (\d+), delivery-limit after 3 deliveries$/gm))).toEqual([
      20, 40, 60,
    ]);
    expect(output()).toMatch(/^the charging worker was killed/m);
    expect(idsOf(/^charge: order (\d+), again$/gm)).toContain(30);
    expect(output()).toMatch(/^57 orders shipped, 3 declined, none lost$/m);
    expect(child.exitCode).toBe(0);
  }, 40_000);
});

describe('npm run examples', () => {
  it('names the examples if none is named', async () => {
    const child = spawn(process.execPath, [SCRIPT], { stdio: ['ignore', 'ignore', 'pipe'] });
    running.push(child);
    let text = '';
    child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const [code] = await once(child, 'close');
    expect([code, text]).toEqual([
      2,
      'Which one? npm run examples -- custom-subprotocol | nest-minimal | node-minimal | orders\n',
    ]);
  });

  it('runs the one that is named, and ends with it', async () => {
    const child = spawn(process.execPath, [SCRIPT, '--compiled', 'node-minimal'], {
      env: { ...process.env, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    running.push(child);
    const [line] = await once(child.stdout, 'data');
    expect(String(line)).toMatch(/^listening on ws:/);
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    expect((await exited)[0]).toBe(0);
  });
});
