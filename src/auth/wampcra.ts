import { createHmac, randomBytes } from 'node:crypto';
import type { Authenticator, Challenge, LoginAttempt, Verdict } from '../broker/index.js';
import { sameText } from './constant-time.js';
import { Directory } from './directory.js';
import { DENIED, PASSED, accepted, challenged } from './verdicts.js';
import { parseWampcraHash } from './wampcra-hash.js';
import type { WampcraHash } from './wampcra-hash.js';

/** Somebody who may log in by WAMP-CRA. */
export interface WampcraPrincipal {
  readonly authid: string;
  /** The role that it gets. Default `user`. */
  readonly role?: string;
  /** The hash of its secret, as `mangrove hash --wampcra` prints it; or, for clients that know no salt, the secret itself. */
  readonly wampcra: string | { readonly secret: string };
}

/** What {@link wampcra} takes. */
export interface WampcraOptions {
  /** At least one. */
  readonly principals: readonly WampcraPrincipal[];
  /** ms since the Unix epoch, for the challenge's time stamp. Default `Date.now`. */
  readonly wallTime?: () => number;
  /** What WELCOME says about where this was checked. Default `static`. */
  readonly provider?: string;
}

/** A credential as challenges are made of it. */
interface Credential {
  /** The key of the HMAC. */
  readonly key: string;
  /** What the client needs to derive it; undefined if the key is the secret itself. */
  readonly derivation: Omit<WampcraHash, 'key'> | undefined;
}

interface Entry extends Credential {
  readonly authid: string;
  readonly role: string;
}

const NONCE_BYTES = 24;
/** HMAC-SHA256 in base64. */
const SIGNATURE = /^[A-Za-z0-9+/]{43}=$/;

/**
 * Names with WAMP-CRA secrets [WAMP AP Challenge Response Authentication], salted or not: the secret never goes over the
 * wire. A name that nobody has gets a challenge like all others, always with the same salt.
 *
 * @throws Error for a hash that cannot be read, no principal, or a name given twice.
 */
export function wampcra({
  principals,
  provider = 'static',
  wallTime = Date.now,
}: WampcraOptions): Authenticator {
  const directory = new Directory(principals.map(entryOf), ({ key }) => key, kindOf);
  return {
    methods: ['wampcra'],
    recognises: () => false,
    begin({ authid, session = 0, secret }: LoginAttempt): Verdict {
      if (secret !== undefined) return DENIED;
      if (authid === undefined || authid === '') return PASSED;
      const { known, shown } = directory.find(authid);
      const { role, derivation } = shown;
      const principal = { authid, authrole: role, authmethod: 'wampcra', authprovider: provider };
      const nonce = randomBytes(NONCE_BYTES).toString('base64');
      const timestamp = new Date(wallTime()).toISOString();
      // The client signs these very characters.
      const challenge = JSON.stringify({ ...principal, nonce, timestamp, session });
      // Drawn for everybody: the time must not tell who has a salt and a key.
      const fakeKey = directory.fakeBytes(authid, 'key').toString('base64');
      const fakeSalt = directory.fakeBytes(authid, 'salt').subarray(0, 16).toString('base64url');
      const salt = known === undefined ? fakeSalt : derivation?.salt;
      const extra = { challenge, ...(derivation && { ...derivation, salt: salt ?? '' }) };
      const key = known?.key ?? fakeKey;
      return challenged('wampcra', extra satisfies Challenge['extra'], (response) => {
        const matches = sameText(response, signatureOf(key, challenge)) && SIGNATURE.test(response);
        return matches && known !== undefined ? accepted(principal) : DENIED;
      });
    },
  };
}

/** What a client answers: the HMAC of the challenge, in base64. */
function signatureOf(key: string, challenge: string): string {
  return createHmac('sha256', key).update(challenge).digest('base64');
}

function entryOf({ authid, role = 'user', wampcra: given }: WampcraPrincipal): Entry {
  if (typeof given !== 'string') return { authid, role, key: given.secret, derivation: undefined };
  const hash = parseWampcraHash(given);
  if (hash === undefined) throw new Error(`The WAMP-CRA hash of "${authid}" cannot be read.`);
  const { key, ...derivation } = hash;
  return { authid, role, key, derivation };
}

function kindOf({ derivation }: Entry): string {
  return derivation === undefined ? '' : `${derivation.iterations},${derivation.keylen}`;
}
