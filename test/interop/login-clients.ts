import autobahn from 'autobahn';
import { CborSerializer } from 'wampy/CborSerializer.js';
import { JsonSerializer } from 'wampy/JsonSerializer.js';
import { MsgpackSerializer } from 'wampy/MsgpackSerializer.js';
import { sign as wampyCryptosign } from 'wampy/cryptosign.js';
import { sign as wampyCra } from 'wampy/wampcra.js';
import { Wampy } from 'wampy';
import type { Make, Serializer } from './features/client.js';

const { JSONSerializer, MsgpackSerializer: Msgpack, CBORSerializer } = autobahn.serializer;
const AUTOBAHN = { json: JSONSerializer, msgpack: Msgpack, cbor: CBORSerializer };
const WAMPY = { json: JsonSerializer, msgpack: MsgpackSerializer, cbor: CborSerializer };

/** How a client logs in; by no method if none is named. */
export interface Credentials {
  readonly authid?: string;
  readonly method?: string;
  readonly extra?: Readonly<Record<string, unknown>>;
  /** The ticket, the password, or seed and public key in hexadecimal digits. */
  readonly secret?: string;
}

/** What a login came to: the identity of WELCOME, or the reason of ABORT. */
export type LoginEnd = Readonly<Record<string, unknown>> | string;

type Extra = Readonly<Record<string, unknown>>;
type Constructor = NonNullable<NonNullable<ConstructorParameters<typeof Wampy>[1]>['ws']>;

/** Logs in with one of the real clients, which need a `WebSocket` in the global object, and leaves. */
export function login(
  make: Make,
  url: string,
  serializer: Serializer,
  credentials: Credentials,
): Promise<LoginEnd> {
  return make === 'autobahn'
    ? loginWithAutobahn(url, serializer, credentials)
    : loginWithWampy(url, serializer, credentials);
}

function loginWithAutobahn(
  url: string,
  serializer: Serializer,
  { authid, method, extra, secret = '' }: Credentials,
): Promise<LoginEnd> {
  autobahn.log.warn = () => {};
  const connection = new autobahn.Connection({
    url,
    realm: 'realm1',
    serializers: [new AUTOBAHN[serializer]()],
    max_retries: 0,
    ...(authid !== undefined && { authid }),
    ...(method !== undefined && { authmethods: [method] }),
    ...(extra && { authextra: extra }),
    // It takes a string at once, or a promise of when.js only.
    onchallenge: (_session, asked, question) => answerOfAutobahn(asked, question, secret),
  });
  return new Promise((resolve) => {
    let welcome: LoginEnd | undefined;
    connection.onopen = (_session, details) => {
      welcome = details;
      connection.close();
    };
    connection.onclose = (how, { reason }) => {
      resolve(welcome ?? reason ?? how);
      return true;
    };
    connection.open();
  });
}

/** AutobahnJS's ways to answer. */
function answerOfAutobahn(method: string, extra: Extra, secret: string): string {
  const { challenge, salt, iterations, keylen } = extra;
  if (method === 'wampcra') {
    const key = salt === undefined ? secret : autobahn.auth_cra.derive_key(secret, salt, iterations, keylen);
    return autobahn.auth_cra.sign(key, challenge);
  }
  if (method === 'cryptosign') {
    const secretKey = new Uint8Array(Buffer.from(secret, 'hex'));
    return autobahn.auth_cryptosign.sign_challenge({ secretKey }, extra);
  }
  return secret;
}

async function loginWithWampy(
  url: string,
  serializer: Serializer,
  { authid, method, extra, secret = '' }: Credentials,
): Promise<LoginEnd> {
  const { WebSocket } = globalThis as unknown as { readonly WebSocket: Constructor };
  const wampy = new Wampy(url, {
    realm: 'realm1',
    ws: WebSocket,
    serializer: new WAMPY[serializer](),
    autoReconnect: false,
    // It wants all of these or none: who has no name can name no method.
    ...(authid !== undefined && {
      authid,
      authmethods: method === undefined ? [] : [method],
      authextra: { ...extra },
      onChallenge: async (asked, question) => answerOfWampy(asked, question, secret),
    }),
  });
  try {
    const welcome = await wampy.connect();
    await wampy.disconnect();
    return { ...welcome };
  } catch (error) {
    return reasonOf(error);
  }
}

/** wampy's. */
function answerOfWampy(method: string, extra: Extra, secret: string): string | Promise<string> {
  const question = { challenge: '', ...extra };
  if (method === 'wampcra') return wampyCra(secret)(method, question);
  // It takes the seed alone as well.
  if (method === 'cryptosign') return wampyCryptosign(secret.slice(0, 64))(method, question) as string;
  return secret;
}

/** The reason of ABORT in an error of wampy's. */
function reasonOf(error: unknown): string {
  const { errorUri } = error as { readonly errorUri?: string };
  return errorUri ?? String(error);
}
