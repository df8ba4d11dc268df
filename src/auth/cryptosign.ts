import { createHash, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Authenticator, Challenge, LoginAttempt, Principal, Verdict } from '../broker/index.js';
import { sameBytes } from './constant-time.js';
import { isSignedBy, parseCryptosignKey } from './ed25519-key.js';
import { DENIED, PASSED, accepted, challenged } from './verdicts.js';

/** Somebody who may log in with keys. */
export interface CryptosignPrincipal {
  readonly authid: string;
  /** The role that it gets. Default `user`. */
  readonly role?: string;
  /** Its Ed25519 public keys, 64 hexadecimal digits each. */
  readonly keys: readonly string[];
}

/** What {@link cryptosign} takes. */
export interface CryptosignOptions {
  readonly principals: readonly CryptosignPrincipal[];
  /** What WELCOME says about where this was checked. Default `static`. */
  readonly provider?: string;
}

interface Known {
  readonly key: KeyObject;
  readonly principal: Principal;
}

const CHALLENGE_BYTES = 32;
/** The signature, and behind it what was signed, in hexadecimal digits. */
const RESPONSE = /^[0-9a-fA-F]{192}$/;
const SIGNATURE_BYTES = 64;
const PUBLIC_KEY = /^[0-9a-fA-F]{64}$/;
const BINDINGS: ReadonlySet<string> = new Set(['tls-exporter', 'tls-unique']);

/**
 * Names with Ed25519 keys [WAMP AP Cryptosign-based Authentication]: the client signs what the router has drawn. The key
 * says who it is; a client that claims a name besides must be that one. Bound to the TLS channel if the client wants that
 * and TLS has the binding (`tls-exporter`, `tls-unique`); else CHALLENGE names no binding, and the client decides. A key that
 * nobody has gets a challenge like all others.
 *
 * @throws Error for a key that cannot be used, or one that two principals have.
 */
export function cryptosign({ principals, provider = 'static' }: CryptosignOptions): Authenticator {
  const known = knownOf(principals, provider);
  const nobody: Known = {
    key: unusableKey(),
    principal: { authid: '', authrole: '', authmethod: '', authprovider: '' },
  };
  return {
    methods: ['cryptosign'],
    recognises: () => false,
    begin(attempt: LoginAttempt): Verdict {
      const { authid, secret, extra = {} } = attempt;
      if (secret !== undefined) return DENIED;
      const publicKey = extra['pubkey'];
      if (publicKey === undefined || publicKey === null) return PASSED;
      if (typeof publicKey !== 'string' || !PUBLIC_KEY.test(publicKey)) return DENIED;
      const found = known.get(publicKey.toLowerCase());
      const claims = authid !== undefined && authid !== '';
      const candidate = claims && found?.principal.authid !== authid ? undefined : found;
      const drawn = randomBytes(CHALLENGE_BYTES);
      const channel = channelOf(attempt);
      const question: Challenge['extra'] = {
        challenge: drawn.toString('hex'),
        channel_binding: channel === undefined ? null : channel.type,
      };
      const signed = channel === undefined ? drawn : drawn.map((octet, at) => octet ^ (channel.id[at] ?? 0));
      return challenged('cryptosign', question, (response) => {
        const isSigned = isSignature(response, signed, candidate ?? nobody);
        return isSigned && candidate !== undefined ? accepted(candidate.principal) : DENIED;
      });
    },
  };
}

/** Whether a response is the signature over exactly these bytes, followed by them. */
function isSignature(response: string, signed: Uint8Array, { key }: Known): boolean {
  if (!RESPONSE.test(response)) return false;
  const bytes = Buffer.from(response, 'hex');
  const signature = bytes.subarray(0, SIGNATURE_BYTES);
  return isSignedBy(key, signed, signature) && sameBytes(bytes.subarray(SIGNATURE_BYTES), signed);
}

/** The channel that the client wants the signature to be bound to; undefined if it wants none, or TLS has no such binding. */
function channelOf({
  extra = {},
  http,
}: LoginAttempt): { readonly type: string; readonly id: Uint8Array } | undefined {
  const type = extra['channel_binding'];
  if (typeof type !== 'string' || !BINDINGS.has(type)) return undefined;
  const data = http?.tls?.channelBindings.get(type);
  if (data === undefined) return undefined;
  // 32 bytes are signed; autobahn hashes the 12 of a Finished message to have them.
  const id = data.length === CHALLENGE_BYTES ? data : createHash('sha256').update(data).digest();
  return { type, id };
}

/** public key → whose it is */
function knownOf(principals: readonly CryptosignPrincipal[], provider: string): ReadonlyMap<string, Known> {
  const known = new Map<string, Known>();
  for (const { authid, role = 'user', keys } of principals) {
    const principal = { authid, authrole: role, authmethod: 'cryptosign', authprovider: provider };
    for (const text of keys) {
      const key = parseCryptosignKey(text);
      if (key === undefined) throw new Error(`The key "${text}" of "${authid}" cannot be used.`);
      if (known.has(text.toLowerCase())) throw new Error(`The key "${text}" is given twice.`);
      known.set(text.toLowerCase(), { key, principal });
    }
  }
  return known;
}

/** A key that takes as long to check as others; its private half is nobody's. */
function unusableKey(): KeyObject {
  for (;;) {
    const key = parseCryptosignKey(randomBytes(CHALLENGE_BYTES).toString('hex'));
    if (key !== undefined) return key;
  }
}
