import type { SecureContextOptions, TlsOptions } from 'node:tls';

/** A port to listen at. */
export interface ListenPort {
  /** An address or a name of this machine. Default `127.0.0.1`. */
  readonly host?: string | undefined;
  /** 0 takes a free port. */
  readonly port: number;
  /** Certificate, key and what else `tls.createServer` takes. Default: without TLS. */
  readonly tls?: TlsOptions | undefined;
}

/** Where a listener listens. */
export type ListenPlace =
  | ListenPort
  | {
      /** Path of a Unix socket. The file must not be there; it is removed when the listener is closed. */
      readonly socket: string;
    };

/** STOMP over a bare socket, or WAMP over RawSocket [WAMP AP RawSocket Transport]. */
export type SocketOptions = ListenPlace & { readonly kind: 'stomp-tcp' | 'rawsocket' };

/** WAMP over HTTP long-poll [WAMP AP HTTP Longpoll Transport]. */
export interface LongPollOptions extends ListenPort {
  readonly kind: 'longpoll';
  /** The path below which `open` and the transports are. Default `/lp`. */
  readonly path?: string | undefined;
  /**
   * What answers a message that was taken, and a transport that was closed: 204, which AutobahnJS needs (`compatible`, the
   * default), or 202 as the specification says (`strict`).
   */
  readonly profile?: 'compatible' | 'strict' | undefined;
}

/** What can be listened for besides WebSocket. */
export type ListenOptions = SocketOptions | LongPollOptions;

/** A port or a Unix socket that is listened at. */
export interface Listener {
  readonly kind: ListenOptions['kind'];
  /**
   * Where clients connect, as a URL: `tcp://127.0.0.1:61613`, `tls://[::1]:61614`, `unix:/run/mangrove.sock`,
   * `http://127.0.0.1:8081/lp`.
   */
  readonly url: string;
  /** The port; 0 for a Unix socket. */
  readonly port: number;
  /**
   * Connections that begin from now on get this certificate.
   *
   * @throws Error if it cannot be used, or the listener has no TLS; everything stays as it was.
   */
  setSecureContext(context: SecureContextOptions): void;
  /** Listens no more. Connections that are open stay open; but those by long-poll, which need the port, are closed (1001). */
  close(): Promise<void>;
}

/** A listener as the transport has it. */
export interface OwnListener extends Listener {
  /** The transport takes nobody any more; who is there still has to be heard and told. */
  drain(): void;
}
