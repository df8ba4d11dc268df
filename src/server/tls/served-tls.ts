import type { SecureContextOptions, TlsOptions } from 'node:tls';
import type { TlsConfig } from '../config/tls-schema.js';
import { TlsFileError, readTls } from './tls-files.js';
import type { TlsMaterial } from './tls-files.js';

/** What takes a new certificate while it runs: `https.Server`, a listener with TLS. */
export interface SecureServer {
  setSecureContext(context: SecureContextOptions): void;
}

/** How a reload went. */
export type Reload =
  | { readonly kind: 'reloaded'; readonly validTo: number }
  | { readonly kind: 'kept'; readonly reason: string };

/** The certificate of a running server, and everything that serves it. */
export class ServedTls {
  readonly #servers = new Set<SecureServer>();
  #material: TlsMaterial;

  /** @throws TlsFileError if a file cannot be used. */
  constructor(private readonly config: TlsConfig) {
    this.#material = readTls(config);
  }

  /** The end of the validity of the certificate that is served, in ms since the Unix epoch. */
  get validTo(): number {
    return this.#material.validTo;
  }

  /** For `createServer`, as the files are now. */
  get options(): TlsOptions {
    const { clientAuth } = this.config;
    return {
      ...this.#material.context,
      requestCert: clientAuth !== 'none',
      rejectUnauthorized: clientAuth === 'require',
    };
  }

  /** From now on this one is served the certificate too. */
  add(server: SecureServer): void {
    this.#servers.add(server);
  }

  /**
   * Reads the files again; connections that begin from now on get the new certificate. If anything is wrong with the new
   * files, everything stays as it was, and the answer says why.
   */
  reload(): Reload {
    let material: TlsMaterial;
    try {
      material = readTls(this.config);
    } catch (error) {
      if (!(error instanceof TlsFileError)) throw error;
      return { kind: 'kept', reason: `tls.${error.key}: ${this.#pathOf(error)}${error.message}` };
    }
    this.#material = material;
    for (const server of this.#servers) server.setSecureContext(material.context);
    return { kind: 'reloaded', validTo: material.validTo };
  }

  #pathOf({ key }: TlsFileError): string {
    return key === 'passphrase' ? '' : `${this.config[key]} `;
  }
}
