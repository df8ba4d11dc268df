import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { SecureContextOptions } from 'node:tls';
import type { TlsConfig } from '../config/tls-schema.js';
import { systemErrorCode } from '../system-error.js';

/** A file of `tls` that cannot be used. Its message says why, without the path. */
export class TlsFileError extends Error {
  override readonly name = 'TlsFileError';

  /** @param key of the section `tls` whose value is wrong. */
  constructor(
    readonly key: 'cert' | 'key' | 'ca' | 'passphrase',
    message: string,
  ) {
    super(message);
  }
}

/** What is served over TLS, read and checked. */
export interface TlsMaterial {
  /** For `tls.createServer` and `setSecureContext`; TLS 1.2 at least. */
  readonly context: SecureContextOptions;
  /** The end of the certificate's validity, in ms since the Unix epoch. */
  readonly validTo: number;
}

/**
 * Reads the files of `tls` and checks that they belong together.
 *
 * @throws TlsFileError that names the key and says what is wrong with its file.
 */
export function readTls({ cert, key, ca, passphrase }: TlsConfig): TlsMaterial {
  const certPem = read('cert', cert);
  const keyPem = read('key', key);
  const caPem = ca === undefined ? undefined : read('ca', ca);
  const certificate = certificateIn('cert', certPem);
  if (caPem !== undefined) certificateIn('ca', caPem);
  const privateKey = privateKeyIn(keyPem, passphrase);
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new TlsFileError('key', 'is not the private key of the certificate');
  }
  const context: SecureContextOptions = {
    cert: certPem,
    key: keyPem,
    ...(passphrase === undefined ? {} : { passphrase }),
    // Without `ca` Node would verify client certificates against the authorities of the Web.
    ca: caPem ?? [],
    minVersion: 'TLSv1.2',
  };
  try {
    createSecureContext(context);
  } catch (error) {
    throw new TlsFileError('cert', `cannot be used: ${reasonOf(error)}`);
  }
  return { context, validTo: Date.parse(certificate.validTo) };
}

function read(key: 'cert' | 'key' | 'ca', path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new TlsFileError(key, `cannot be read: ${systemReason(error)}`);
  }
}

function systemReason(error: unknown): string {
  const code = systemErrorCode(error);
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'permission denied';
  if (code === 'EISDIR') return 'it is a directory';
  return code ?? String(error);
}

/** The first certificate of a file. */
function certificateIn(key: 'cert' | 'ca', pem: Buffer): X509Certificate {
  if (!pem.includes('-----BEGIN CERTIFICATE-----'))
    throw new TlsFileError(key, 'holds no certificate in PEM');
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new TlsFileError(key, `holds a damaged certificate: ${reasonOf(error)}`);
  }
}

function privateKeyIn(pem: Buffer, passphrase: string | undefined): ReturnType<typeof createPrivateKey> {
  const text = pem.toString('latin1');
  if (!/-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/.test(text)) {
    throw new TlsFileError('key', 'holds no private key in PEM');
  }
  if (passphrase === undefined && /-----BEGIN ENCRYPTED |^Proc-Type: 4,ENCRYPTED/m.test(text)) {
    throw new TlsFileError('passphrase', 'is missing: the private key is encrypted');
  }
  try {
    return createPrivateKey({ key: pem, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch (error) {
    const code = systemErrorCode(error);
    if (passphrase !== undefined && code === 'ERR_OSSL_BAD_DECRYPT') {
      throw new TlsFileError('passphrase', 'is not that of the private key');
    }
    throw new TlsFileError('key', `holds a damaged private key: ${reasonOf(error)}`);
  }
}

/** What OpenSSL says, without its numbers: `error:0480006C:PEM routines::no start line`. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split(':').at(-1)?.trim() || message;
}
