import type { Authenticator, Verdict } from '../broker/index.js';

const ACCEPTED: Verdict = {
  kind: 'accepted',
  principal: {
    authid: 'anonymous',
    authrole: 'anonymous',
    authmethod: 'anonymous',
    authprovider: 'static',
  },
};

/** Lets everybody in as `anonymous`, whatever they say about themselves; nothing that they claim is believed. */
export function anonymous(): Authenticator {
  return { methods: ['anonymous'], begin: () => ACCEPTED };
}
