import type { Authenticator } from '../../src/router/index.js';
import { anonymous, chain, cryptosign, scram, ticket, wampcra } from '../../src/router/index.js';
import type { Credentials } from './login-clients.js';

/** scrypt of "sesame", at a cost that a test can pay. */
const TICKET = '$scrypt$ln=10,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$K7PYNFseA0uC8OQHCv4FP6vWo6X4uSnHP49xTCLsCs8';
/** "L3L1YUE8Txlw" */
const WAMPCRA = '$wampcra$i=1000,l=32$salt123$qzcdsr9uu/L5hnss3kjNTRe490ETgA70ZBaB5rvnJ5Y=';

/** "pencil", derived as autobahn derives it: from the base64 text of what Argon2 comes to. */
const SCRAM =
  '$scram-argon2id13$t=2,m=64$c2FsdHNhbHRzYWx0c2FsdA$Y1R1p+EQYFN9qwWuICanNjHI2T1pO5MO+1RQrGoabgA$' +
  'L7EChAdzKw0gHyCbKYcBZTjt0hf8xKuXl0VMX2X8sn8';

/** The first two pairs of RFC 8032: seed, public key. */
const SEED = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
const KEY = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';
const OTHER_SEED = '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb';
const OTHER_KEY = '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c';

/** Everybody who can log in. */
export function loginAuthenticator(): Authenticator {
  return chain([
    ticket({ principals: [{ authid: 'tina', ticket: TICKET }] }),
    wampcra({
      principals: [
        { authid: 'peter', role: 'frontend', wampcra: WAMPCRA },
        { authid: 'oldie', wampcra: { secret: 'L3L1YUE8Txlw' } },
      ],
    }),
    cryptosign({ principals: [{ authid: 'carla', role: 'backend', keys: [KEY] }] }),
    scram({ principals: [{ authid: 'user', scram: SCRAM }] }),
    anonymous(),
  ]);
}

/** A login: whose, with what, with what it must not succeed, and the role that comes of it. */
export interface Login extends Credentials {
  readonly authid: string;
  readonly method: string;
  readonly wrong: string;
  readonly authrole: string;
}

/** The logins that all makes can do. */
export const LOGINS: readonly Login[] = [
  { method: 'ticket', authid: 'tina', secret: 'sesame', wrong: 'open', authrole: 'user' },
  // Salted, and not.
  { method: 'wampcra', authid: 'peter', secret: 'L3L1YUE8Txlw', wrong: 'guess', authrole: 'frontend' },
  { method: 'wampcra', authid: 'oldie', secret: 'L3L1YUE8Txlw', wrong: 'guess', authrole: 'user' },
  {
    method: 'cryptosign',
    authid: 'carla',
    // As NaCl keeps it: the seed, and the public key behind it.
    secret: SEED + KEY,
    wrong: OTHER_SEED + OTHER_KEY,
    authrole: 'backend',
    extra: { pubkey: KEY, channel_binding: null },
  },
];

/** What only Python can do. */
export const SCRAM_LOGIN: Login = {
  method: 'scram',
  authid: 'user',
  secret: 'pencil',
  wrong: 'rubber',
  authrole: 'user',
};
