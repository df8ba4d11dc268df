import { createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate in PEM and its private key. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** What a test wants of a certificate. */
export interface CertificateWishes {
  /** The common names of the subject; one is usual. */
  readonly names: readonly string[];
  /** The end of its validity. Default: in an hour. */
  readonly validTo?: Date;
}

/** A certificate authority that lives as long as the test: nothing that could expire is kept in the repository. */
export class Authority implements Certificate {
  readonly cert: string;
  readonly key: string;
  readonly #key: KeyObject;

  constructor(private readonly name = 'test authority') {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#key = privateKey;
    this.key = pemOf(privateKey);
    this.cert = this.#sign({ names: [name] }, publicKey, [BASIC_CONSTRAINTS_CA]);
  }

  /** Issues a certificate for `localhost` and `127.0.0.1`, and for clients. */
  issue(wishes: CertificateWishes): Certificate {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return { cert: this.#sign(wishes, publicKey, [ALTERNATIVE_NAMES]), key: pemOf(privateKey) };
  }

  #sign({ names, validTo }: CertificateWishes, subjectKey: KeyObject, extensions: readonly Buffer[]): string {
    const hour = 3_600_000;
    const validity = sequence(
      time(new Date(Date.now() - 2 * hour)),
      time(validTo ?? new Date(Date.now() + hour)),
    );
    const body = sequence(
      der(0xa0, der(0x02, Buffer.of(2))),
      der(0x02, Buffer.concat([Buffer.of(0x40), randomBytes(8)])),
      ECDSA_WITH_SHA256,
      nameOf([this.name]),
      validity,
      nameOf(names),
      subjectKey.export({ type: 'spki', format: 'der' }),
      der(0xa3, sequence(...extensions)),
    );
    const signature = sign('sha256', body, this.#key);
    const whole = sequence(body, ECDSA_WITH_SHA256, der(0x03, Buffer.concat([Buffer.of(0), signature])));
    const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
    return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
  }
}

/** The key of a certificate, encrypted with a passphrase. */
export function encryptedKey({ key }: Certificate, passphrase: string): string {
  const options = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase } as const;
  return createPrivateKey(key).export(options).toString();
}

/** A folder for the files of a test. */
export class CertificateFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'mangrove-tls-'));

  /** Writes a file, returns its path. */
  write(name: string, content: string): string {
    const path = join(this.path, name);
    writeFileSync(path, content);
    return path;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 128) return Buffer.concat([Buffer.of(tag, length), content]);
  if (length < 256) return Buffer.concat([Buffer.of(tag, 0x81, length), content]);
  return Buffer.concat([Buffer.of(tag, 0x82, length >> 8, length & 255), content]);
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return der(0x30, ...parts);
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

/** UTCTime until 2049, GeneralizedTime from then on [RFC 5280 §4.1.2.5]. */
function time(date: Date): Buffer {
  const digits = `${date.toISOString().replaceAll(/[-:T]|\.\d+/g, '')}`;
  return date.getUTCFullYear() < 2050
    ? der(0x17, Buffer.from(digits.slice(2)))
    : der(0x18, Buffer.from(digits));
}

function nameOf(names: readonly string[]): Buffer {
  const commonName = oid('550403');
  return sequence(...names.map((name) => der(0x31, sequence(commonName, der(0x0c, Buffer.from(name))))));
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

const ECDSA_WITH_SHA256 = sequence(oid('2a8648ce3d040302'));
const BASIC_CONSTRAINTS_CA = sequence(
  oid('551d13'),
  der(0x01, Buffer.of(0xff)),
  der(0x04, sequence(der(0x01, Buffer.of(0xff)))),
);
const ALTERNATIVE_NAMES = sequence(
  oid('551d11'),
  der(0x04, sequence(der(0x82, Buffer.from('localhost')), der(0x87, Buffer.of(127, 0, 0, 1)))),
);
