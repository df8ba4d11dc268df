import type { Authenticator, ClientCertificate, LoginAttempt, Principal, Verdict } from '../broker/index.js';
import { PASSED, accepted } from './verdicts.js';

/** Somebody who may log in with a TLS client certificate. */
export interface CertificatePrincipal {
  readonly authid: string;
  /** The role that it gets. Default `user`. */
  readonly role?: string;
  /** SHA-256 fingerprints of its certificates: 64 hexadecimal digits, with or without colons. */
  readonly certificates: readonly string[];
}

/** What {@link certificate} takes. */
export interface CertificateOptions {
  readonly principals: readonly CertificatePrincipal[];
  /**
   * The role of those whose certificate is not listed: they are known by their common name. Default: they are nobody. Only
   * for authorities that check the names that they write into certificates.
   */
  readonly roleOfOthers?: string;
}

const FINGERPRINT = /^[0-9a-f]{64}$/;
const NAME = /^[^\p{Cc}\p{Cs}]{1,256}$/u;

/**
 * Lets in who has shown a TLS client certificate that the server has verified (method `tls`): by its fingerprint, or by its
 * common name if that is allowed. The end of the certificate is
 * the principal's `expiresAt`. Who showed none, or one that is nobody's, may log in in
 * another way.
 *
 * @throws Error for a fingerprint that is none, or one given twice.
 */
export function certificate({ principals, roleOfOthers }: CertificateOptions): Authenticator {
  /** fingerprint → whose it is */
  const known = new Map<string, Principal>();
  for (const { authid, role = 'user', certificates } of principals) {
    for (const written of certificates) {
      const fingerprint = fingerprintOf(written);
      if (fingerprint === undefined) throw new Error(`"${written}" is no SHA-256 fingerprint.`);
      if (known.has(fingerprint)) throw new Error(`The fingerprint "${written}" is given twice.`);
      known.set(fingerprint, principalOf(authid, role));
    }
  }
  const names = new Set(principals.map(({ authid }) => authid));
  const byName = ({ commonName = '' }: ClientCertificate): Principal | undefined => {
    // A listed name is proved by a listed certificate only.
    const mayBe = roleOfOthers !== undefined && NAME.test(commonName) && !names.has(commonName);
    return mayBe ? principalOf(commonName, roleOfOthers) : undefined;
  };
  const identify = ({ http }: LoginAttempt): Verdict | undefined => {
    const shown = http?.tls?.certificate;
    const principal = shown && (known.get(shown.fingerprint) ?? byName(shown));
    return principal && accepted({ ...principal, expiresAt: shown.validTo });
  };
  return {
    methods: ['tls'],
    recognises: () => false,
    identify,
    begin: (attempt) => identify(attempt) ?? PASSED,
  };
}

/** A fingerprint as it is compared; undefined if the text is none. */
export function fingerprintOf(text: string): string | undefined {
  const digits = text.replaceAll(':', '').toLowerCase();
  return FINGERPRINT.test(digits) ? digits : undefined;
}

function principalOf(authid: string, authrole: string): Principal {
  return { authid, authrole, authmethod: 'tls', authprovider: 'static' };
}
