import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createServer, get } from 'node:https';
import { connect as connectPlain } from 'node:net';
import type { Socket } from 'node:net';
import { connect } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { WebSocket } from 'ws';
import { ConfigurationError, loadConfig } from '../../src/server/config/index.js';
import { startServer } from '../../src/server/index.js';
import type { RunningServer } from '../../src/server/index.js';
import type { Remote } from '../../src/subprotocols/index.js';
import { Authority, CertificateFolder, encryptedKey } from '../support/certificates.js';
import type { Certificate } from '../support/certificates.js';
import { built } from './built.js';
import { handshakeBytes } from './raw-web-socket.js';
import { Harness } from './transport-harness.js';

const authority = new Authority();
const certificate = authority.issue({ names: ['localhost'] });
let files: CertificateFolder;
let log = '';
const closers: (() => unknown)[] = [];

beforeEach(() => {
  files = new CertificateFolder();
  log = '';
});

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  files.remove();
  jest.restoreAllMocks();
});

/** Writes certificate and key, returns a configuration that serves them. */
function written({ cert, key }: Certificate, more = ''): string {
  const lines = [`cert: ${files.write('cert.pem', cert)}`, `key: ${files.write('key.pem', key)}`];
  return files.write('mangrove.yaml', `port: 0\ntls:\n  ${lines.join('\n  ')}\n${more}`);
}

function caLine(): string {
  return `  ca: ${files.write('ca.pem', authority.cert)}\n`;
}

async function start(file: string): Promise<RunningServer> {
  jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    log += String(chunk);
    return true;
  });
  const server = await startServer(loadConfig({ file }));
  closers.push(() => server.stop());
  return server;
}

function problemOf(file: string): string {
  try {
    loadConfig({ file });
  } catch (error) {
    if (error instanceof ConfigurationError)
      return error.problems.join('\n').replaceAll(files.path, '<folder>');
    throw error;
  }
  return 'none';
}

/** Asks over https; resolves to status, body and the certificate that was shown. */
function ask(url: string): Promise<{ status: number | undefined; body: string; fingerprint: string }> {
  return new Promise((resolve, reject) => {
    const request = get(url, { ca: authority.cert, agent: false }, (response) => {
      const { fingerprint256 } = (response.socket as TLSSocket).getPeerCertificate();
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode, body, fingerprint: fingerprint256 }));
    });
    request.on('error', reject);
  });
}

/** Waits for the end, be it by an error. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => void socket.once('close', () => resolve()));
}

async function handshake(server: RunningServer, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const port = Number(new URL(server.httpUrl).port);
  const socket = connect({ port, host: '127.0.0.1', ca: authority.cert, ...options });
  closers.push(() => socket.destroy());
  await once(socket, 'secureConnect');
  socket.on('error', () => {});
  return socket;
}

describe('a server with tls', () => {
  it('serves https and wss on its port, and says so', async () => {
    const server = await start(written(certificate));
    expect(server.httpUrl).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect(server.wsUrl).toMatch(/^wss:\/\/127\.0\.0\.1:\d+\/ws$/);
    expect(server.playgroundUrl ?? `${server.httpUrl}/`).toBe(`${server.httpUrl}/`);
    const health = await ask(`${server.httpUrl}/health`);
    expect([health.status, JSON.parse(health.body)]).toMatchObject([200, { status: 'ok' }]);
    const socket = new WebSocket(server.wsUrl, ['v12.stomp'], { ca: authority.cert });
    closers.push(() => socket.terminate());
    await once(socket, 'open');
    socket.send('CONNECT\naccept-version:1.2\nhost:/\n\n\0');
    const [data] = (await once(socket, 'message')) as [Buffer];
    expect(data.toString()).toMatch(/^CONNECTED\nversion:1\.2\n/);
  });

  it('answers nothing to a client that speaks http', async () => {
    const server = await start(written(certificate));
    const socket = connectPlain(Number(new URL(server.httpUrl).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.on('error', () => {});
    socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await closed(socket);
    expect(answer).not.toContain('200');
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('H21: speaks %s', async (version) => {
    const server = await start(written(certificate));
    const socket = await handshake(server, { minVersion: version, maxVersion: version });
    expect(socket.getProtocol()).toBe(version);
  });

  it('H21: does not speak TLS 1.1', async () => {
    const server = await start(written(certificate));
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    await expect(handshake(server, old)).rejects.toMatchObject({
      code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    });
  });

  it('opens an encrypted key with the passphrase', async () => {
    const key = encryptedKey(certificate, 'open sesame');
    const server = await start(written({ ...certificate, key }, '  passphrase: open sesame\n'));
    expect((await ask(`${server.httpUrl}/health`)).status).toBe(200);
  });

  it('H1: knows its own origin by https', async () => {
    const server = await start(written(certificate));
    const { host } = new URL(server.httpUrl);
    const statusFor = async (origin: string): Promise<number> => {
      const socket = new WebSocket(server.wsUrl, ['v12.stomp'], { ca: authority.cert, origin });
      closers.push(() => socket.terminate());
      return new Promise((resolve) => {
        socket.on('error', () => {});
        socket.on('open', () => resolve(101));
        socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
      });
    };
    expect([await statusFor(`https://${host}`), await statusFor(`http://${host}`)]).toEqual([101, 403]);
  });
});

describe('client certificates', () => {
  const alice = authority.issue({ names: ['alice'] });
  const stranger = new Authority('another authority').issue({ names: ['alice'] });

  /** Whether a client comes as far as an answer to its request. */
  async function isServed(server: RunningServer, options: ConnectionOptions): Promise<boolean> {
    const socket = await handshake(server, options);
    let answer = '';
    socket.on('error', () => {});
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    await closed(socket);
    return answer.startsWith('HTTP/1.1 200');
  }

  it('H21: are needed with `require`, and have to be of the authority', async () => {
    const server = await start(written(certificate, `${caLine()}  clientAuth: require\n`));
    expect(await isServed(server, alice)).toBe(true);
    expect(await isServed(server, {})).toBe(false);
    expect(await isServed(server, stranger)).toBe(false);
  });

  it('are not needed with `request`', async () => {
    const server = await start(written(certificate, `${caLine()}  clientAuth: request\n`));
    expect(await isServed(server, alice)).toBe(true);
    expect(await isServed(server, {})).toBe(true);
    expect(await isServed(server, stranger)).toBe(true);
  });
});

describe('what a session learns of TLS', () => {
  const alice = authority.issue({ names: ['alice'] });

  async function learned(
    client: ConnectionOptions,
    more: { readonly requestCert?: boolean } = {},
  ): Promise<{ readonly tls: NonNullable<Remote['tls']>; readonly socket: TLSSocket }> {
    const { cert, key } = certificate;
    const options = { cert, key, ca: authority.cert, requestCert: true, rejectUnauthorized: false, ...more };
    const harness = await Harness.start({ server: createServer(options) as never });
    closers.push(() => harness.stop());
    const socket = connect({ port: harness.port, host: '127.0.0.1', ca: authority.cert, ...client });
    closers.push(() => socket.destroy());
    await once(socket, 'secureConnect');
    socket.write(handshakeBytes(harness.port, { protocol: 'v1.probe' }));
    await once(socket, 'data');
    const { tls } = harness.session.link.remote;
    if (tls === undefined) throw new Error('There are no facts.');
    return { tls, socket };
  }

  it('is the version and the cipher', async () => {
    const { tls, socket } = await learned({ minVersion: 'TLSv1.3' });
    expect([tls.version, tls.cipher]).toEqual(['TLSv1.3', socket.getCipher().standardName]);
  });

  it('H21: is the certificate of the client if it was verified', async () => {
    const { tls, socket } = await learned(alice);
    const own = (socket.getCertificate() as { readonly fingerprint256: string }).fingerprint256;
    expect(tls.certificate?.commonName).toBe('alice');
    expect(tls.certificate?.fingerprint).toBe(own.replaceAll(':', '').toLowerCase());
    expect(tls.certificate?.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(Math.abs((tls.certificate?.validTo ?? 0) - Date.now() - 3_600_000)).toBeLessThan(60_000);
  });

  it('H21: is no certificate of an unknown authority, none that has ended, and none that was not shown', async () => {
    const stranger = new Authority('another authority').issue({ names: ['alice'] });
    const ended = authority.issue({ names: ['alice'], validTo: new Date(Date.now() - 60_000) });
    for (const client of [stranger, ended, {}]) {
      expect((await learned(client)).tls.certificate).toBeUndefined();
    }
  });

  it('H21: is no common name if the certificate has two', async () => {
    const { tls } = await learned(authority.issue({ names: ['alice', 'admin'] }));
    expect(tls.certificate).toMatchObject({ commonName: undefined });
  });

  it('is the channel binding tls-exporter with TLS 1.3, the same on both sides', async () => {
    const { tls, socket } = await learned({ minVersion: 'TLSv1.3' });
    expect([...tls.channelBindings.keys()]).toEqual(['tls-exporter']);
    const own = socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0));
    expect(Buffer.from(tls.channelBindings.get('tls-exporter') ?? [])).toEqual(own);
  });

  it('is the channel binding tls-unique with TLS 1.2, the same on both sides', async () => {
    const { tls, socket } = await learned({ maxVersion: 'TLSv1.2' });
    expect([...tls.channelBindings.keys()]).toEqual(['tls-unique']);
    expect(Buffer.from(tls.channelBindings.get('tls-unique') ?? [])).toEqual(socket.getFinished());
  });

  it('is nothing without TLS', async () => {
    const harness = await Harness.start();
    closers.push(() => harness.stop());
    await harness.open();
    expect(harness.session.link.remote.tls).toBeUndefined();
  });
});

describe('files of tls', () => {
  const other = authority.issue({ names: ['localhost'] });

  it('that are right are no problem', () => {
    expect(problemOf(written(certificate))).toBe('none');
  });

  it('that are wrong are configuration errors that say what', () => {
    const { cert, key } = certificate;
    const damaged = cert.replace(/\n.{64}\n/, '\n');
    const cases: readonly (readonly [Certificate, string])[] = [
      [{ cert: 'x', key }, 'tls.cert: "<folder>/cert.pem" holds no certificate in PEM'],
      [{ cert, key: cert }, 'tls.key: "<folder>/key.pem" holds no private key in PEM'],
      [{ cert, key: other.key }, 'tls.key: "<folder>/key.pem" is not the private key of the certificate'],
      [{ cert: damaged, key }, 'tls.cert: "<folder>/cert.pem" holds a damaged certificate: '],
      [
        { cert, key: encryptedKey(certificate, 'x') },
        'tls.passphrase: is missing: the private key is encrypted',
      ],
    ];
    for (const [served, expected] of cases) expect(problemOf(written(served))).toContain(expected);
  });

  it('that are encrypted with another passphrase are refused, and it is not repeated', () => {
    const key = encryptedKey(certificate, 'open sesame');
    const problem = problemOf(written({ ...certificate, key }, '  passphrase: open barley\n'));
    expect(problem).toContain('tls.passphrase: is not that of the private key');
    expect(problem).not.toContain('barley');
  });

  it('that are missing are said with their line', () => {
    const file = files.write('mangrove.yaml', 'tls:\n  cert: /nowhere/cert.pem\n  key: /nowhere/key.pem\n');
    expect(problemOf(file)).toBe(
      '<folder>/mangrove.yaml:2:3: tls.cert: "/nowhere/cert.pem" cannot be read: there is no such file',
    );
  });

  it('have to name the authorities if clients are asked for certificates', () => {
    expect(problemOf(written(certificate, '  clientAuth: request\n'))).toContain('tls.ca');
  });
});

describe('a reload', () => {
  const next = authority.issue({ names: ['localhost'] });

  it('serves the new certificate to connections that begin, and leaves the others alone', async () => {
    const server = await start(written(certificate));
    const before = await ask(`${server.httpUrl}/health`);
    const socket = new WebSocket(server.wsUrl, ['v12.stomp'], { ca: authority.cert });
    closers.push(() => socket.terminate());
    await once(socket, 'open');
    written(next);
    server.reloadTls();
    const after = await ask(`${server.httpUrl}/health`);
    expect(after.fingerprint).not.toBe(before.fingerprint);
    expect(log).toContain('certificate reloaded');
    socket.send('CONNECT\naccept-version:1.2\nhost:/\n\n\0');
    expect(String((await once(socket, 'message'))[0])).toMatch(/^CONNECTED\n/);
  });

  it('still wants client certificates afterwards', async () => {
    const more = `${caLine()}  clientAuth: require\n`;
    const server = await start(written(certificate, more));
    written(next, more);
    server.reloadTls();
    const socket = await handshake(server);
    socket.on('error', () => {});
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await closed(socket);
    expect(answer).toBe('');
  });

  it('keeps the old certificate if the new one is broken, and says so', async () => {
    const server = await start(written(certificate));
    const before = await ask(`${server.httpUrl}/health`);
    files.write('cert.pem', next.cert);
    server.reloadTls();
    expect(log).toContain('the new certificate cannot be used; the old one is kept');
    expect(log).toContain('is not the private key of the certificate');
    expect((await ask(`${server.httpUrl}/health`)).fingerprint).toBe(before.fingerprint);
  });

  it('warns of a certificate that ends soon', async () => {
    const ending = authority.issue({ names: ['localhost'], validTo: new Date(Date.now() + 3_600_000) });
    await start(written(ending));
    expect(log).toContain('the certificate has ended or ends soon');
  });
});

describe('the server process', () => {
  const children: ChildProcessWithoutNullStreams[] = [];

  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });

  it('prints https and wss, and reads the certificate again on SIGHUP', async () => {
    const file = written(certificate);
    const { PATH = '' } = process.env;
    const child = spawn(process.execPath, [built('main.js'), 'serve', '--config', file], { env: { PATH } });
    children.push(child);
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    const says = async (pattern: RegExp): Promise<string> => {
      for (;;) {
        const found = pattern.exec(out);
        if (found !== null) return found[1] ?? found[0];
        if (child.exitCode !== null) throw new Error(`exited: ${out}`);
        await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
      }
    };
    const url = await says(/http +(https:\/\/127\.0\.0\.1:\d+\/health)\n[^]*logins/);
    expect(out).toMatch(/websocket +wss:\/\/127\.0\.0\.1:\d+\/ws\n/);
    const before = await ask(url);
    written(authority.issue({ names: ['localhost'] }));
    child.kill('SIGHUP');
    await says(/certificate reloaded/);
    expect((await ask(url)).fingerprint).not.toBe(before.fingerprint);
    child.kill('SIGTERM');
    expect((await once(child, 'exit'))[0]).toBe(0);
  });
});
