import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { spawn } from 'node:child_process';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { ConsoleIo, StopReason } from '../../src/server/cli/index.js';
import { runCli } from '../../src/server/cli/index.js';
import { loadConfig } from '../../src/server/config/index.js';
import { startServer } from '../../src/server/index.js';
import type { RunningServer } from '../../src/server/index.js';
import { Authority, CertificateFolder } from '../support/certificates.js';
import { RawSocketPeer, SocketPeer } from '../support/raw-socket-peer.js';
import { eventually } from '../support/test-server.js';

const CONNECT = 'CONNECT\naccept-version:1.2\nhost:/\n\n\0';
let files: CertificateFolder;
const closers: (() => unknown)[] = [];

beforeEach(() => {
  files = new CertificateFolder();
  jest.spyOn(process.stdout, 'write').mockImplementation(() => true);
});

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  files.remove();
  jest.restoreAllMocks();
});

async function start(yaml: string): Promise<RunningServer> {
  const file = files.write('mangrove.yaml', `port: 0\n${yaml}`);
  const server = await startServer(loadConfig({ file, env: {} }));
  closers.push(() => server.stop());
  return server;
}

/** Runs `mangrove serve` until it is stopped or fails. */
function serve(yaml: string): {
  out: () => string;
  err: () => string;
  stop: () => void;
  ended: Promise<number>;
} {
  const file = files.write('mangrove.yaml', `port: 0\n${yaml}`);
  const said = { out: '', err: '' };
  let stop: (why: StopReason) => void = () => {};
  const io: ConsoleIo = {
    env: {},
    readInput: () => Promise.resolve(''),
    out: (text) => (said.out += text),
    err: (text) => (said.err += text),
    onStop: (callback) => (stop = callback),
    onReload: () => {},
  };
  const ended = runCli(['serve', '--config', file], io);
  return {
    out: () => said.out,
    err: () => said.err,
    stop: () => stop({ kind: 'signal', signal: 'SIGTERM' }),
    ended,
  };
}

async function stompAt(peer: SocketPeer): Promise<string> {
  closers.push(() => peer.destroy());
  peer.write(CONNECT);
  return peer.upTo('\0');
}

describe('a server with listeners', () => {
  it('listens where it is told, and all reach the same topics', async () => {
    const socket = `${files.path}/wamp.sock`;
    const server = await start(
      `listeners:\n  - { kind: stomp-tcp, port: 0 }\n  - { kind: rawsocket, socket: ${socket} }\n  - { kind: longpoll, port: 0 }\n`,
    );
    const [stomp, raw, longPoll] = server.listeners;
    expect(server.listeners.map(({ url }) => url)).toEqual([
      `tcp://127.0.0.1:${stomp!.port}`,
      `unix:${socket}`,
      `http://127.0.0.1:${longPoll!.port}/lp`,
    ]);
    const peer = await SocketPeer.connect({ port: stomp!.port, host: '127.0.0.1' });
    expect(await stompAt(peer)).toMatch(/^CONNECTED\n/);
    peer.write('SUBSCRIBE\nid:1\ndestination:/topic/a\nreceipt:s\n\n\0');
    await peer.upTo('receipt-id:s\n\n\0');

    const wamp = await RawSocketPeer.connect({ path: socket });
    closers.push(() => wamp.destroy());
    await wamp.shakeHands();
    wamp.send('[1,"realm1",{"roles":{"publisher":{}}}]');
    await wamp.text();
    wamp.send('[16,1,{},"a",["from RawSocket"]]');
    expect(await peer.upTo('\0')).toMatch(/^MESSAGE\n[^]*from RawSocket/);

    const opened = await fetch(`${longPoll!.url}/open`, {
      method: 'POST',
      body: '{"protocols":["wamp.2.json"]}',
    });
    expect(opened.status).toBe(200);
    const { transport } = (await opened.json()) as { transport: string };
    expect((await fetch(`${longPoll!.url}/${transport}/close`, { method: 'POST' })).status).toBe(204);
    expect(raw!.kind).toBe('rawsocket');
  });

  it('listens no more when it has stopped, and leaves no file behind', async () => {
    const socket = `${files.path}/stomp.sock`;
    const server = await start(`listeners:\n  - { kind: stomp-tcp, socket: ${socket} }\n`);
    expect(existsSync(socket)).toBe(true);
    await server.stop();
    expect(existsSync(socket)).toBe(false);
  });

  it('takes the place of a server that was killed, and not of one that lives', async () => {
    const socket = `${files.path}/stomp.sock`;
    const child = spawn(process.execPath, [
      '--eval',
      `require('net').createServer().listen(${JSON.stringify(socket)}, () => console.log('listening'))`,
    ]);
    closers.push(() => child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    const yaml = `listeners:\n  - { kind: stomp-tcp, socket: ${socket} }\n`;
    await expect(start(yaml)).rejects.toThrow(`listeners[0]: ${socket} is in use`);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(existsSync(socket)).toBe(true);
    await start(yaml);
    expect(await stompAt(await SocketPeer.connect({ path: socket }))).toMatch(/^CONNECTED\n/);
  });

  it('serves TLS with the certificate of the server, and the new one after a reload', async () => {
    const authority = new Authority();
    const write = (name: string): void => {
      const { cert, key } = authority.issue({ names: [name] });
      files.write('cert.pem', cert);
      files.write('key.pem', key);
    };
    write('one');
    const server = await start(
      `tls: { cert: ${files.path}/cert.pem, key: ${files.path}/key.pem }\nlisteners:\n` +
        '  - { kind: stomp-tcp, port: 0, tls: true }\n  - { kind: longpoll, port: 0, tls: true }\n',
    );
    const nameAt = async (port: number): Promise<string> => {
      const socket = connectTls({ port, host: '127.0.0.1', ca: authority.cert });
      closers.push(() => socket.destroy());
      await once(socket, 'secureConnect');
      return String(socket.getPeerCertificate().subject.CN);
    };
    const ports = server.listeners.map(({ port }) => port);
    expect(server.listeners[1]!.url).toMatch(/^https:/);
    expect(await Promise.all(ports.map(nameAt))).toEqual(['one', 'one']);
    write('two');
    server.reloadTls();
    expect(await Promise.all(ports.map(nameAt))).toEqual(['two', 'two']);
  });
});

describe('mangrove serve', () => {
  it('says what else is listened at', async () => {
    const run = serve('listeners:\n  - { kind: stomp-tcp, port: 0 }\n  - { kind: longpoll, port: 0 }\n');
    await eventually(() => run.out().includes('logins'), 10_000);
    expect(run.out()).toMatch(
      /listeners +stomp-tcp tcp:\/\/127\.0\.0\.1:\d+, longpoll http:\/\/127\.0\.0\.1:\d+\/lp\n/,
    );
    run.stop();
    expect(await run.ended).toBe(0);
  });

  it('says which listener has a port that is in use, and ends with 1', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const run = serve(
      `listeners:\n  - { kind: stomp-tcp, port: 0 }\n  - { kind: rawsocket, port: ${port} }\n`,
    );
    expect(await run.ended).toBe(1);
    expect(run.err()).toBe(`mangrove: listeners[1]: port ${port} of 127.0.0.1 is in use\n`);
    taken.close();
  });
});
