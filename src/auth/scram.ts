import { randomBytes } from 'node:crypto';
import type { AuthExtra, Authenticator, Challenge, LoginAttempt, Verdict } from '../broker/index.js';
import { sameBytes, sameText } from './constant-time.js';
import { Directory } from './directory.js';
import type { Found } from './directory.js';
import { fromBase64 } from './phc.js';
import { saslprep } from './saslprep.js';
import { authMessageOf, channelBindingOf, provesPassword, serverSignatureOf } from './scram-exchange.js';
import type { ScramHash } from './scram-hash.js';
import { parseScramHash } from './scram-hash.js';
import { DENIED, PASSED, accepted, challenged } from './verdicts.js';

/** Somebody who may log in by SCRAM. */
export interface ScramPrincipal {
  readonly authid: string;
  /** The role that it gets. Default `user`. */
  readonly role?: string;
  /** The hash of its password, as `mangrove hash --scram` prints it. */
  readonly scram: string;
}

/** What {@link scram} takes. */
export interface ScramOptions {
  /** At least one. */
  readonly principals: readonly ScramPrincipal[];
  /** What WELCOME says about where this was checked. Default `static`. */
  readonly provider?: string;
}

interface Entry extends ScramHash {
  readonly authid: string;
  readonly role: string;
}

/** How the method is spoken: as the specification says, or as autobahn-python and Crossbar do, which were there before. */
type Dialect = 'wamp-scram' | 'scram';

/** A login that has been challenged. */
interface Exchange {
  readonly dialect: Dialect;
  readonly name: string;
  readonly found: Found<Entry>;
  readonly clientNonce: string;
  readonly nonce: string;
  readonly salt: string;
  readonly binding: Binding;
  readonly provider: string;
}

/** The channel that the proof is bound to; both undefined if it is bound to none. */
interface Binding {
  readonly type: string | undefined;
  readonly data: Uint8Array | undefined;
}

const NONCE_BYTES = 18;
/** A client's nonce, in bytes. */
const CLIENT_NONCE = [8, 128] as const;

/**
 * Names with passwords that neither go over the wire nor are kept [WAMP AP Salted Challenge Response Authentication]. The
 * router proves to the client, too, that it knows the password's keys. A name that nobody has gets a challenge like all
 * others, always with the same salt. The proof is bound to the TLS channel if the client wants that and TLS has the binding
 * (`tls-unique`, `tls-exporter`); else a client that wants it is refused.
 *
 * @throws Error for a hash that cannot be read, no principal, or a name given twice.
 */
export function scram({ principals, provider = 'static' }: ScramOptions): Authenticator {
  const directory = new Directory(
    principals.map(entryOf),
    ({ storedKey, serverKey }) => storedKey.toString('hex') + serverKey.toString('hex'),
    ({ kdf, iterations, memory }) => `${kdf},${iterations},${memory}`,
  );
  return {
    methods: ['wamp-scram', 'scram'],
    recognises: () => false,
    begin(attempt: LoginAttempt): Verdict {
      const { authid, secret, methods, extra = {} } = attempt;
      if (secret !== undefined) return DENIED;
      const dialect = methods.find(isDialect);
      const clientNonce = extra['nonce'];
      const binding = bindingOf(attempt);
      if (dialect === undefined || binding === undefined) return PASSED;
      if (authid === undefined || authid === '' || clientNonce === undefined) return PASSED;
      const name = saslprep(authid);
      if (name === undefined || !isNonce(clientNonce)) return DENIED;
      const found = directory.find(name);
      // Drawn for everybody: the time must not tell who has a salt.
      const fakeSalt = directory.fakeBytes(name, 'salt').subarray(0, found.shown.salt.length);
      const salt = found.known?.salt ?? fakeSalt;
      const nonce = clientNonce + randomBytes(NONCE_BYTES).toString('base64');
      const given = { name, found, clientNonce, nonce, salt: salt.toString('base64'), provider };
      const exchange = { ...given, dialect, binding };
      return challenged(dialect, questionOf(exchange), (response, sent) => check(exchange, response, sent));
    },
  };
}

function questionOf({ dialect, nonce, salt, found }: Exchange): Challenge['extra'] {
  const { kdf, iterations, memory } = found.shown;
  if (dialect === 'wamp-scram') return { nonce, salt, kdf, iterations, memory };
  return { nonce, salt, kdf: kdf === 'pbkdf2' ? kdf : 'argon2id-13', iterations, ...(memory && { memory }) };
}

function check(exchange: Exchange, response: string, sent: AuthExtra): Verdict {
  const { dialect, found, binding, provider } = exchange;
  const proof = fromBase64(response);
  if (proof === undefined || proof.toString('base64') !== response || !agrees(exchange, sent)) return DENIED;
  const { type, data } = binding;
  const message = authMessageOf({
    ...exchange,
    iterations: found.shown.iterations,
    // The older dialect has no header there.
    channelBinding: dialect === 'wamp-scram' ? channelBindingOf(type, data) : '',
  });
  const proves = provesPassword(found.shown, message, proof);
  if (!proves || found.known === undefined) return DENIED;
  const { authid, role } = found.known;
  const principal = { authid, authrole: role, authmethod: dialect, authprovider: provider };
  const signature = serverSignatureOf(found.known, message);
  return accepted(
    principal,
    dialect === 'wamp-scram' ? { verifier: `v=${signature}` } : { scram_server_signature: signature },
  );
}

/** Whether AUTHENTICATE repeats the nonce and the channel; the older dialect repeats nothing. */
function agrees({ dialect, nonce, binding }: Exchange, sent: AuthExtra): boolean {
  const { nonce: repeated, channel_binding: type = null, cbind_data: data = null } = sent;
  if (dialect === 'scram' && repeated === undefined) return true;
  if (typeof repeated !== 'string' || !sameText(repeated, nonce)) return false;
  if (type !== (binding.type ?? null)) return false;
  if (binding.data === undefined) return data === null;
  const bytes = typeof data === 'string' ? fromBase64(data) : undefined;
  return bytes !== undefined && sameBytes(bytes, binding.data);
}

/** The channel binding that the client wants; undefined if it cannot have it. */
function bindingOf({ extra = {}, http }: LoginAttempt): Binding | undefined {
  const type = extra['channel_binding'] ?? undefined;
  if (type === undefined) return { type, data: undefined };
  if (typeof type !== 'string') return undefined;
  const data = http?.tls?.channelBindings.get(type);
  return data === undefined ? undefined : { type, data };
}

function isDialect(method: string): method is Dialect {
  return method === 'wamp-scram' || method === 'scram';
}

function isNonce(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > 4 * CLIENT_NONCE[1]) return false;
  const bytes = fromBase64(value);
  return bytes !== undefined && bytes.length >= CLIENT_NONCE[0] && bytes.length <= CLIENT_NONCE[1];
}

function entryOf({ authid, role = 'user', scram: written }: ScramPrincipal): Entry {
  const hash = parseScramHash(written);
  if (hash === undefined) throw new Error(`The SCRAM hash of "${authid}" cannot be read.`);
  const prepared = saslprep(authid);
  if (prepared === undefined || prepared === '') throw new Error(`"${authid}" cannot be a name in SCRAM.`);
  return { authid: prepared, role, ...hash };
}
