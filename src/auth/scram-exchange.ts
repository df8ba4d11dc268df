import { createHash, createHmac } from 'node:crypto';
import { sameBytes } from './constant-time.js';

/** What a server keeps of a password [RFC 5802 §3]: it proves the password's owner, and cannot be used as the password. */
export interface ScramKeys {
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

/** What both sides sign: the attributes of the first three messages. */
export interface ScramAttributes {
  /** The name, prepared. */
  readonly name: string;
  readonly clientNonce: string;
  /** The client's nonce and the server's. */
  readonly nonce: string;
  /** The salt in base64. */
  readonly salt: string;
  readonly iterations: number;
  /** Base64 of the GS2 header and the channel binding data. */
  readonly channelBinding: string;
}

/** The keys that belong to a salted password [RFC 5802 §3]. */
export function scramKeysOf(saltedPassword: Uint8Array): ScramKeys {
  return {
    storedKey: sha256(hmac(saltedPassword, 'Client Key')),
    serverKey: hmac(saltedPassword, 'Server Key'),
  };
}

/** The AuthMessage, in the syntax of RFC 5802 [WAMP AP Salted Challenge Response Authentication]. */
export function authMessageOf(attributes: ScramAttributes): string {
  const { name, clientNonce, nonce, salt, iterations, channelBinding } = attributes;
  return [
    `n=${name.replaceAll('=', '=3D').replaceAll(',', '=2C')}`,
    `r=${clientNonce}`,
    `r=${nonce}`,
    `s=${salt}`,
    `i=${iterations}`,
    `c=${channelBinding}`,
    `r=${nonce}`,
  ].join(',');
}

/** What the client's side says about the channel: base64 of the GS2 header and the data. */
export function channelBindingOf(type: string | undefined, data: Uint8Array | undefined): string {
  const header = Buffer.from(type === undefined ? 'n,,' : `p=${type},,`);
  return Buffer.concat([header, data ?? Buffer.alloc(0)]).toString('base64');
}

/** Whether the ClientProof was made by somebody who knows the password; compares in constant time. */
export function provesPassword({ storedKey }: ScramKeys, authMessage: string, proof: Uint8Array): boolean {
  const signature = hmac(storedKey, authMessage);
  if (proof.length !== signature.length) return false;
  const clientKey = signature.map((octet, at) => octet ^ (proof[at] ?? 0));
  return sameBytes(sha256(clientKey), storedKey);
}

/** The ServerSignature in base64: the router's own proof that it knows the client's keys. */
export function serverSignatureOf({ serverKey }: ScramKeys, authMessage: string): string {
  return hmac(serverKey, authMessage).toString('base64');
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
