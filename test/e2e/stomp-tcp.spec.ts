import { createServer as createPlain } from 'node:net';
import type { AddressInfo } from 'node:net';
import { existsSync } from 'node:fs';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import type { RouterOptions } from '../../src/router/index.js';
import { Authority, CertificateFolder } from '../support/certificates.js';
import { SocketPeer } from '../support/raw-socket-peer.js';
import { eventually, startTestServer } from '../support/test-server.js';
import type { TestServer } from '../support/test-server.js';

const CONNECT = 'CONNECT\naccept-version:1.2\nhost:/\n\n\0';
const MIB = 1024 * 1024;
const peers: SocketPeer[] = [];
let running: TestServer | undefined;
let port = 0;

async function start(options: RouterOptions = {}): Promise<TestServer> {
  running = await startTestServer(options);
  const listener = await running.router.listen({ kind: 'stomp-tcp', port: 0 });
  ({ port } = listener);
  return running;
}

async function connect(): Promise<SocketPeer> {
  const peer = await SocketPeer.connect({ port, host: '127.0.0.1' });
  peers.push(peer);
  return peer;
}

async function login(): Promise<SocketPeer> {
  const peer = await connect();
  peer.write(CONNECT);
  expect(await peer.upTo('\0')).toMatch(/^CONNECTED\nversion:1\.2\n/);
  return peer;
}

afterEach(async () => {
  for (const peer of peers.splice(0)) peer.destroy();
  await running?.stop();
  running = undefined;
});

describe('STOMP over TCP', () => {
  it('answers CONNECT with CONNECTED', async () => {
    await start();
    await login();
  });

  it('takes a frame in any pieces, and several in one', async () => {
    await start();
    const peer = await login();
    const frames = Buffer.from(
      'SUBSCRIBE\nid:1\ndestination:/topic/a\n\n\0\n' +
        'SEND\ndestination:/topic/a\ncontent-length:3\n\na\0b\0' +
        'SEND\r\ndestination:/topic/a\r\nreceipt:r\r\n\r\nlast\0',
    );
    for (let size = 1; size < 40; size += 7) {
      for (let at = 0; at < frames.length; at += size) {
        peer.write(frames.subarray(at, at + size));
        if (size === 1) await new Promise(setImmediate);
      }
      expect(await peer.upTo('a\0b\0')).toContain('\ncontent-length:3\n');
      const rest = (await peer.upTo('\0')) + (await peer.upTo('\0'));
      expect(rest).toMatch(/MESSAGE\n/);
      expect(rest).toContain('RECEIPT\nreceipt-id:r\n');
      peer.write('UNSUBSCRIBE\nid:1\nreceipt:u\n\n\0');
      await peer.upTo('receipt-id:u\n\n\0');
    }
  });

  it('hears what WebSocket clients send, and is heard', async () => {
    const server = await start();
    const peer = await login();
    peer.write('SUBSCRIBE\nid:1\ndestination:/topic/a\nreceipt:s\n\n\0');
    await peer.upTo('receipt-id:s\n\n\0');
    const socket = new WebSocket(server.url, ['v12.stomp']);
    const texts: string[] = [];
    socket.on('message', (data: Buffer) => texts.push(data.toString()));
    await new Promise((open) => socket.once('open', open));
    socket.send(CONNECT);
    socket.send('SUBSCRIBE\nid:2\ndestination:/topic/b\nreceipt:s\n\n\0');
    await eventually(() => texts.some((text) => text.startsWith('RECEIPT')));
    socket.send('SEND\ndestination:/topic/a\n\nfrom WebSocket\0');
    peer.write('SEND\ndestination:/topic/b\n\nfrom TCP\0');
    expect(await peer.upTo('\0')).toMatch(/\nsubscription:1\n[^]*\n\nfrom WebSocket\0$/);
    await eventually(() => texts.some((text) => text.endsWith('\n\nfrom TCP\0')));
    expect(texts.at(-1)).toMatch(/^MESSAGE\n[^]*\n\nfrom TCP\0$/);
    socket.terminate();
  });

  it('gets its RECEIPT for DISCONNECT, then the end', async () => {
    await start();
    const peer = await login();
    peer.write('DISCONNECT\nreceipt:bye\n\n\0');
    expect((await peer.rest()).toString()).toBe('RECEIPT\nreceipt-id:bye\n\n\0');
  });

  it('answers what came before the end of a client that says all at once', async () => {
    await start();
    const peer = await connect();
    peer.socket.end(`${CONNECT}SEND\ndestination:/topic/a\nreceipt:1\n\n\0DISCONNECT\nreceipt:2\n\n\0`);
    expect((await peer.rest()).toString()).toMatch(
      /^CONNECTED\n[^]*RECEIPT\nreceipt-id:1\n\n\0RECEIPT\nreceipt-id:2\n\n\0$/,
    );
  });

  it('counts any octet as a heart-beat, and beats itself', async () => {
    await start();
    const peer = await connect();
    peer.write('CONNECT\naccept-version:1.2\nhost:/\nheart-beat:1000,1000\n\n\0');
    expect(await peer.upTo('\0')).toContain('\nheart-beat:1000,1000\n');
    expect((await peer.octets(1)).toString()).toBe('\n');
  });

  it('says good-bye when the router drains, and listens no more', async () => {
    const server = await start();
    const peer = await login();
    await server.router.drain(1000);
    expect((await peer.rest()).toString()).toMatch(/^ERROR\nmessage:server shutting down\n/);
    await expect(connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('ends when the router is closed, and cannot be begun afterwards', async () => {
    const server = await start();
    const peer = await login();
    await server.router.close();
    await peer.ended;
    await expect(server.router.listen({ kind: 'stomp-tcp', port: 0 })).rejects.toThrow('closed');
  });
});

describe('a hostile client of STOMP over TCP', () => {
  it('that never connects is closed at the deadline', async () => {
    await start({ limits: { loginTimeoutMs: 100 } });
    const peer = await connect();
    expect(await peer.rest()).toHaveLength(0);
  });

  it('that sends more than 64 KiB before CONNECTED is closed', async () => {
    await start();
    const peer = await connect();
    peer.write(`CONNECT\nx:${'y'.repeat(70_000)}`);
    await peer.ended;
  });

  it('that speaks HTTP hears an ERROR and is closed, whatever its body says', async () => {
    await start();
    const peer = await connect();
    peer.write(`POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\n\r\n\0${CONNECT}`);
    const said = (await peer.rest()).toString();
    expect(said).toMatch(/^ERROR\n/);
    expect(said).not.toContain('CONNECTED');
  });

  it('that does not read is closed, and nothing is left of it', async () => {
    const server = await start({
      limits: { outboundAgeMs: 300, closeTimeoutMs: 100, outboundBytes: 8 * MIB },
    });
    const slow = await login();
    slow.write('SUBSCRIBE\nid:1\ndestination:/topic/a\nreceipt:s\n\n\0');
    await slow.upTo('receipt-id:s\n\n\0');
    slow.socket.pause();
    const client = server.router.connect();
    for (let i = 0; i < 200; i += 1) {
      await client.publish('a', ['x'.repeat(100_000)]);
    }
    await eventually(() => server.router.stats.connections === 0, 5000);
    expect(server.router.stats.connections).toBe(0);
    client.close();
  });

  it('that is one of too many of its address is turned away, and others come in when it has gone', async () => {
    const server = await start({ limits: { maxPendingConnectionsPerAddress: 3 } });
    const waiting = await Promise.all([connect(), connect(), connect()]);
    await eventually(() => server.router.stats.connections === 3);
    const late = await connect();
    expect(await late.rest()).toHaveLength(0);
    for (const peer of waiting) peer.destroy();
    await eventually(() => server.router.stats.connections === 0);
    await login();
  });

  it('H19: a flood of connections leaves nothing behind', async () => {
    const server = await start({ limits: { maxPendingConnectionsPerAddress: 20 } });
    const flood = await Promise.all(Array.from({ length: 300 }, () => connect()));
    for (const [at, peer] of flood.entries()) {
      if (at % 3 === 0) peer.socket.resetAndDestroy();
      else peer.destroy();
    }
    await eventually(() => server.router.stats.connections === 0, 5000);
    await login();
  });

  it('that resets in the middle of a frame is gone once', async () => {
    const server = await start();
    const peer = await login();
    peer.write('SEND\ndestination:/topic/a\ncontent-length:1000\n\nhalf');
    await new Promise(setImmediate);
    peer.socket.resetAndDestroy();
    await eventually(() => server.router.stats.connections === 0);
    expect(server.router.stats.connections).toBe(0);
  });
});

describe('the application’s own check', () => {
  it('is asked who comes from where, and how', async () => {
    const asked: unknown[] = [];
    await start({ admit: (request) => void asked.push(request) });
    await login();
    expect(asked).toEqual([
      { transport: 'stomp-tcp', path: '', query: '', headers: {}, remoteAddress: '127.0.0.1' },
    ]);
  });

  it('turns away, at once or later', async () => {
    await start({ admit: () => 403 });
    expect(await (await connect()).rest()).toHaveLength(0);
    await running?.stop();
    await start({ admit: () => Promise.resolve(403) });
    expect(await (await connect()).rest()).toHaveLength(0);
  });

  it('lets in later what was sent meanwhile', async () => {
    let admit: () => void = () => {};
    const answer = new Promise<undefined>((resolve) => (admit = () => resolve(undefined)));
    await start({ admit: () => answer });
    const peer = await connect();
    peer.write(CONNECT);
    await new Promise((later) => setTimeout(later, 20));
    admit();
    expect(await peer.upTo('\0')).toMatch(/^CONNECTED\n/);
  });

  it('H15: that never answers costs the socket at its deadline', async () => {
    await start({ admit: () => new Promise(() => {}), limits: { admitTimeoutMs: 100 } });
    expect(await (await connect()).rest()).toHaveLength(0);
  });
});

describe('where it listens', () => {
  it('is a Unix socket, which is gone afterwards', async () => {
    const server = await start();
    const folder = new CertificateFolder();
    const socket = `${folder.path}/stomp.sock`;
    const listener = await server.router.listen({ kind: 'stomp-tcp', socket });
    expect([listener.url, listener.port]).toEqual([`unix:${socket}`, 0]);
    const peer = await SocketPeer.connect({ path: socket });
    peers.push(peer);
    peer.write(CONNECT);
    expect(await peer.upTo('\0')).toMatch(/^CONNECTED\n/);
    await listener.close();
    expect(existsSync(socket)).toBe(false);
    folder.remove();
  });

  it('is a port of loopback unless it is told otherwise, and one that is taken is an error', async () => {
    const server = await start();
    const taken = createPlain();
    await new Promise<void>((listening) => taken.listen(0, '127.0.0.1', listening));
    const { port: number } = taken.address() as AddressInfo;
    const failed = server.router.listen({ kind: 'stomp-tcp', port: number });
    await expect(failed).rejects.toMatchObject({ code: 'EADDRINUSE' });
    taken.close();
    const listener = await server.router.listen({ kind: 'stomp-tcp', port: 0 });
    expect(listener.url).toBe(`tcp://127.0.0.1:${listener.port}`);
    expect(() => listener.setSecureContext({})).toThrow('has no TLS');
  });

  it('needs a router that speaks STOMP', async () => {
    const { wamp } = await import('../../src/router/index.js');
    const server = await start().catch(() => undefined);
    await server?.stop();
    running = await startTestServer({ subprotocols: [wamp()] });
    const failed = running.router.listen({ kind: 'stomp-tcp', port: 0 });
    await expect(failed).rejects.toThrow('stomp-tcp needs a subprotocol that answers v12.stomp.');
  });

  it('has TLS if it is given a certificate, and a new one later', async () => {
    const server = await start();
    const authority = new Authority();
    const [first, second] = [authority.issue({ names: ['one'] }), authority.issue({ names: ['two'] })];
    const listener = await server.router.listen({ kind: 'stomp-tcp', port: 0, tls: { ...first } });
    expect(listener.url).toMatch(/^tls:\/\/127\.0\.0\.1:\d+$/);
    const nameOfServer = async (): Promise<string> => {
      const socket = connectTls({ port: listener.port, host: '127.0.0.1', ca: authority.cert });
      const peer = new SocketPeer(socket);
      peers.push(peer);
      peer.write(CONNECT);
      expect(await peer.upTo('\0')).toMatch(/^CONNECTED\n/);
      return String(socket.getPeerCertificate().subject.CN);
    };
    expect(await nameOfServer()).toBe('one');
    listener.setSecureContext({ ...second });
    expect(await nameOfServer()).toBe('two');
  });

  it('H21: closes a TLS handshake that is not made, or is none', async () => {
    const server = await start({ limits: { loginTimeoutMs: 150 } });
    const certificate = new Authority().issue({ names: ['one'] });
    const listener = await server.router.listen({ kind: 'stomp-tcp', port: 0, tls: { ...certificate } });
    const silent = await SocketPeer.connect({ port: listener.port, host: '127.0.0.1' });
    const plain = await SocketPeer.connect({ port: listener.port, host: '127.0.0.1' });
    peers.push(silent, plain);
    plain.write(CONNECT);
    await Promise.all([silent.ended, plain.ended]);
    silent.destroy();
    plain.destroy();
    await eventually(() => server.router.stats.connections === 0);
    expect(server.router.stats.connections).toBe(0);
  });
});
