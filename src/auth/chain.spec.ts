import { describe, expect, it } from '@jest/globals';
import type { Authenticator, LoginAttempt } from '../broker/index.js';
import { anonymous, chain } from './index.js';

function attempt(given: Partial<LoginAttempt>): LoginAttempt {
  return {
    realm: 'realm1',
    methods: [],
    authid: undefined,
    secret: undefined,
    remoteAddress: '127.0.0.1',
    ...given,
  };
}

/** Refuses in its own words, so that a test sees who was asked. */
const strict: Authenticator = {
  methods: ['ticket'],
  begin: () => ({ kind: 'refused', code: 'authentication_failed' }),
};

const asked = { kind: 'refused', code: 'authentication_failed' };
const welcome = { kind: 'accepted', principal: { authid: 'anonymous', authrole: 'anonymous' } };

describe('chain', () => {
  const both = chain([strict, anonymous()]);

  it('offers the methods of all, in their order', () => {
    expect(both.methods).toEqual(['ticket', 'anonymous']);
  });

  it('lets a client in that names no method and no secret, if anonymous is offered', () => {
    expect(both.begin(attempt({}))).toMatchObject(welcome);
    expect(chain([strict]).begin(attempt({}))).toEqual({ kind: 'refused', code: 'authentication_required' });
  });

  it('never makes a wrong secret anonymous', () => {
    expect(both.begin(attempt({ authid: 'alice', secret: 'wrong' }))).toEqual(asked);
    expect(both.begin(attempt({ authid: 'alice', secret: 'wrong', methods: ['anonymous'] }))).toEqual(asked);
    expect(both.begin(attempt({ secret: 'wrong' }))).toEqual(asked);
  });

  it('ignores a secret when nobody checks one', () => {
    expect(chain([anonymous()]).begin(attempt({ authid: 'guest', secret: 'guest' }))).toMatchObject(welcome);
  });

  it('takes empty login and passcode headers for none', () => {
    expect(both.begin(attempt({ authid: '', secret: '' }))).toMatchObject(welcome);
  });

  it("takes the first method in the client's order that is offered", () => {
    expect(both.begin(attempt({ authid: 'a', methods: ['wampcra', 'ticket', 'anonymous'] }))).toEqual(asked);
    expect(both.begin(attempt({ authid: 'a', methods: ['anonymous', 'ticket'] }))).toMatchObject(welcome);
  });

  it('passes over a method that needs a name when the client gave none', () => {
    expect(both.begin(attempt({ methods: ['ticket', 'anonymous'] }))).toMatchObject(welcome);
    expect(both.begin(attempt({ methods: ['ticket'] }))).toEqual({
      kind: 'refused',
      code: 'no_matching_method',
    });
  });

  it('refuses methods that nobody offers', () => {
    expect(both.begin(attempt({ authid: 'a', methods: ['cryptosign'] }))).toEqual({
      kind: 'refused',
      code: 'no_matching_method',
    });
  });
});
