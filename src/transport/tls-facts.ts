import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Remote } from '../subprotocols/index.js';

type TlsFacts = NonNullable<Remote['tls']>;

/** What a channel's exported secret is labelled with, and how long it is [RFC 9266 §2]. */
const EXPORTER_LABEL = 'EXPORTER-Channel-Binding';
const EXPORTER_BYTES = 32;

/** What TLS knows about a connection whose handshake is over; undefined without TLS. */
export function tlsFactsOf(socket: Socket): TlsFacts | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const version = socket.getProtocol() ?? undefined;
  return {
    version,
    cipher: version === undefined ? undefined : socket.getCipher().standardName,
    certificate: certificateOf(socket),
    channelBindings: channelBindingsOf(socket, version),
  };
}

/** A certificate that was not verified says nothing about who is there. */
function certificateOf(socket: TLSSocket): TlsFacts['certificate'] {
  if (!socket.authorized) return undefined;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  // Declared as one string; several common names come as a list.
  const names: unknown = socket.getPeerCertificate().subject.CN;
  return {
    commonName: typeof names === 'string' ? names : undefined,
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    validTo: Date.parse(certificate.validTo),
  };
}

/**
 * `tls-exporter` from TLS 1.3 on: before, it binds only with an extension that Node does not tell of [RFC 9266 §1].
 * `tls-unique` before: it is not defined for TLS 1.3 [RFC 8446 §C.5].
 */
function channelBindingsOf(socket: TLSSocket, version: string | undefined): ReadonlyMap<string, Uint8Array> {
  const bindings = new Map<string, Uint8Array>();
  if (version === 'TLSv1.3') {
    const secret = socket.exportKeyingMaterial(EXPORTER_BYTES, EXPORTER_LABEL, Buffer.alloc(0));
    bindings.set('tls-exporter', secret);
  } else if (version !== undefined) {
    // The first Finished message of the handshake: the client's, or the server's if a session is resumed [RFC 5929 §3.1].
    const finished = socket.isSessionReused() ? socket.getFinished() : socket.getPeerFinished();
    if (finished !== undefined) bindings.set('tls-unique', finished);
  }
  return bindings;
}
