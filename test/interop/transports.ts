import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TestServer } from '../support/test-server.js';
import { startTestServer } from '../support/test-server.js';
import { Authority, CertificateFolder } from '../support/certificates.js';
import { OPTIONS } from './features/expectations.js';

/** The ways that lead to a server. */
export type Way =
  | 'WebSocket'
  | 'WebSocket with TLS'
  | 'RawSocket over TCP'
  | 'RawSocket over TLS'
  | 'RawSocket over a Unix socket'
  | 'long-poll';

/** A server that is reached by one of the ways. */
export interface Reached {
  readonly server: TestServer;
  readonly url: string;
  /** The file of the authority that its certificate comes from, if it has one. */
  readonly ca: string | undefined;
  /** Checks that nothing is left, as every end-to-end test does, and stops. */
  stop(): Promise<void>;
}

/** Starts a server that is set to {@link OPTIONS}. */
export async function reach(way: Way): Promise<Reached> {
  const server = await startTestServer(OPTIONS);
  const files = new CertificateFolder();
  const authority = new Authority();
  const tls = authority.issue({ names: ['localhost'] });
  const ca = files.write('ca.pem', authority.cert);
  const secure = createServer(tls);
  return { server, url: await urlOf(), ca: way.endsWith('TLS') ? ca : undefined, stop };

  async function urlOf(): Promise<string> {
    const { router, url } = server;
    switch (way) {
      case 'WebSocket':
        return url;
      case 'WebSocket with TLS':
        router.attach(secure);
        await new Promise<void>((listening) => secure.listen(0, '127.0.0.1', listening));
        return `wss://localhost:${(secure.address() as AddressInfo).port}${router.path}`;
      case 'RawSocket over TCP':
        return (await router.listen({ kind: 'rawsocket', port: 0 })).url;
      case 'RawSocket over TLS':
        return (await router.listen({ kind: 'rawsocket', port: 0, tls })).url;
      case 'RawSocket over a Unix socket':
        return (await router.listen({ kind: 'rawsocket', socket: `${files.path}/wamp.sock` })).url;
      default:
        return (await router.listen({ kind: 'longpoll', port: 0 })).url;
    }
  }

  async function stop(): Promise<void> {
    try {
      await server.stop();
    } finally {
      secure.closeAllConnections();
      secure.close();
      files.remove();
    }
  }
}
