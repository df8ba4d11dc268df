import { describe, expect, it } from '@jest/globals';
import { attempt } from '../../test/support/logins.js';
import { certificate } from './index.js';

const PRINT = 'ab'.repeat(32);
const WRITTEN = 'AB:'.repeat(31) + 'AB';
const device = { authid: 'device7', role: 'sensor', certificates: [WRITTEN] };

function shown(commonName: string | undefined, fingerprint = 'cd'.repeat(32)) {
  const tls = { certificate: { commonName, fingerprint, validTo: 5000 }, channelBindings: new Map() };
  return attempt({ http: { headers: {}, tls } });
}

describe('certificate', () => {
  it('knows who it is by the fingerprint, until the certificate is over', () => {
    const authenticator = certificate({ principals: [device] });
    const verdict = {
      kind: 'accepted',
      principal: {
        authid: 'device7',
        authrole: 'sensor',
        authmethod: 'tls',
        authprovider: 'static',
        expiresAt: 5000,
      },
    };
    expect(authenticator.identify?.(shown('whatever', PRINT))).toEqual(verdict);
    expect(authenticator.begin(shown('whatever', PRINT))).toEqual(verdict);
  });

  it('passes over who shows none, or one that is nobody’s, and checks no passcode', () => {
    const authenticator = certificate({ principals: [device] });
    for (const asked of [attempt(), attempt({ http: { headers: {} } }), shown('device7')]) {
      expect(authenticator.identify?.(asked)).toBeUndefined();
      expect(authenticator.begin(asked)).toEqual({ kind: 'refused', code: 'no_matching_method' });
    }
    expect(authenticator.recognises?.('x')).toBe(false);
  });

  it('goes by the common name where that is allowed, but never for a name that is listed', () => {
    const authenticator = certificate({ principals: [device], roleOfOthers: 'guest' });
    expect(authenticator.identify?.(shown('device8'))).toMatchObject({
      principal: { authid: 'device8', authrole: 'guest' },
    });
    for (const name of ['device7', undefined, '', 'a\nb']) {
      expect(authenticator.identify?.(shown(name))).toBeUndefined();
    }
  });

  it('does not start with a fingerprint that is none, or one given twice', () => {
    expect(() => certificate({ principals: [{ authid: 'a', certificates: ['ab'] }] })).toThrow(
      '"ab" is no SHA-256',
    );
    expect(() => certificate({ principals: [device, { authid: 'a', certificates: [PRINT] }] })).toThrow(
      'given twice',
    );
  });
});
