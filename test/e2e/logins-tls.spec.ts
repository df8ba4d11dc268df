import { X509Certificate, createHash, createPrivateKey, sign } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { SecureVersion, TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { loadConfig } from '../../src/server/config/index.js';
import { startServer } from '../../src/server/index.js';
import type { RunningServer } from '../../src/server/index.js';
import { Authority, CertificateFolder } from '../support/certificates.js';
import type { Certificate } from '../support/certificates.js';

const authority = new Authority();
const device = authority.issue({ names: ['device7'] });
const stranger = authority.issue({ names: ['stranger'] });
/** The first keys of RFC 8032. */
const SEED = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
const KEY = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';

const files = new CertificateFolder();
const sockets: WebSocket[] = [];
let server: RunningServer;

beforeAll(async () => {
  const { cert, key } = authority.issue({ names: ['localhost'] });
  const yaml = `port: 0
tls:
  cert: ${files.write('cert.pem', cert)}
  key: ${files.write('key.pem', key)}
  ca: ${files.write('ca.pem', authority.cert)}
  clientAuth: request
authentication:
  principals:
    - { authid: device7, role: sensor, certificates: ['${new X509Certificate(device.cert).fingerprint256}'] }
    - { authid: carla, cryptosign: [${KEY}] }
logs: { level: error }
`;
  server = await startServer(loadConfig({ file: files.write('mangrove.yaml', yaml) }));
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.terminate();
});
afterAll(async () => {
  await server.stop();
  files.remove();
});

interface Asked {
  readonly socket: WebSocket;
  /** The client's side of the TLS connection. */
  readonly tls: TLSSocket;
  ask(message: string): Promise<string>;
}

async function connect(token: string, client?: Certificate, version?: SecureVersion): Promise<Asked> {
  const options = { ca: authority.cert, ...client, ...(version && { maxVersion: version }) };
  const socket = new WebSocket(server.wsUrl, [token], options);
  sockets.push(socket);
  const [[response]] = await Promise.all([once(socket, 'upgrade'), once(socket, 'open')]);
  const tls = (response as IncomingMessage).socket as TLSSocket;
  const ask = async (message: string): Promise<string> => {
    const answered = once(socket, 'message');
    socket.send(message);
    return String((await answered)[0]);
  };
  return { socket, tls, ask };
}

describe('a client with a certificate', () => {
  it('is who the certificate says, over both protocols', async () => {
    const wamp = await connect('wamp.2.json', device);
    expect(await wamp.ask('[1,"realm1",{"roles":{"caller":{}}}]')).toMatch(
      /^\[2,\d+,\{"realm":"realm1","authid":"device7","authrole":"sensor","authmethod":"tls","authprovider":"static",/,
    );
    const stomp = await connect('v12.stomp', device);
    expect(await stomp.ask('CONNECT\naccept-version:1.2\nhost:realm1\n\n\0')).toContain(
      '\nuser-name:device7\n',
    );
  });

  it('is nobody with a certificate that is not listed, or without one', async () => {
    for (const client of [stranger, undefined]) {
      const { ask } = await connect('wamp.2.json', client);
      expect(await ask('[1,"realm1",{"roles":{"caller":{}}}]')).toBe(
        '[3,{"message":"The login was refused."},"wamp.error.authentication_required"]',
      );
    }
  });
});

describe('a client that binds its signature to the channel', () => {
  const channels: [string, SecureVersion, (tls: TLSSocket) => Buffer][] = [
    [
      'tls-exporter',
      'TLSv1.3',
      (tls) => tls.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)),
    ],
    [
      'tls-unique',
      'TLSv1.2',
      (tls) =>
        createHash('sha256')
          .update(tls.getFinished() ?? '')
          .digest(),
    ],
  ];

  it.each(channels)('logs in by %s with %s', async (type, version, channelOf) => {
    const { ask, tls } = await connect('wamp.2.json', undefined, version);
    expect(await login(ask, type, channelOf(tls))).toMatch(/^\[2,\d+,\{"realm":"realm1","authid":"carla",/);
  });

  it.each(channels)(
    'A3: is refused with a signature for another channel (%s, %s)',
    async (type, version, channelOf) => {
      const { ask } = await connect('wamp.2.json', undefined, version);
      const { tls } = await connect('wamp.2.json', undefined, version);
      expect(await login(ask, type, channelOf(tls))).toBe(
        '[3,{"message":"The login was refused."},"wamp.error.authentication_denied"]',
      );
    },
  );

  async function login(ask: Asked['ask'], type: string, channel: Buffer): Promise<string> {
    const hello = await ask(
      `[1,"realm1",{"roles":{"caller":{}},"authmethods":["cryptosign"],"authextra":{"pubkey":"${KEY}","channel_binding":"${type}"}}]`,
    );
    const [, , extra] = JSON.parse(hello) as [number, string, { challenge: string; channel_binding: string }];
    expect(extra.channel_binding).toBe(type);
    const signed = Buffer.from(extra.challenge, 'hex').map((octet, at) => octet ^ (channel[at] ?? 0));
    const der = Buffer.from(`302e020100300506032b657004220420${SEED}`, 'hex');
    const signature = sign(null, signed, createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
    return ask(`[5,"${Buffer.concat([signature, signed]).toString('hex')}",{}]`);
  }
});
