import autobahn from 'autobahn';
import { Wampy } from 'wampy';
import { WebSocket } from 'ws';

/** How a client logs in. */
export interface Credentials {
  readonly authid: string;
  readonly method: string;
  readonly extra?: Readonly<Record<string, unknown>>;
  /** Answers the CHALLENGE. */
  readonly answer: (extra: Readonly<Record<string, unknown>>) => string | Promise<string>;
}

/** What a login came to: the identity of WELCOME, or the reason of ABORT. */
export type LoginEnd = Readonly<Record<string, unknown>> | string;

type Constructor = NonNullable<NonNullable<ConstructorParameters<typeof Wampy>[1]>['ws']>;

/** Logs in with the real AutobahnJS, and leaves. */
export async function loginWithAutobahn(url: string, credentials: Credentials): Promise<LoginEnd> {
  autobahn.log.warn = () => {};
  const connection = new autobahn.Connection({
    url,
    realm: 'realm1',
    serializers: [new autobahn.serializer.JSONSerializer()],
    max_retries: 0,
    authid: credentials.authid,
    authmethods: [credentials.method],
    ...(credentials.extra && { authextra: credentials.extra }),
    // It takes a string at once, or a promise of when.js only.
    onchallenge: (_session, _method, extra) => String(credentials.answer(extra)),
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

/** Logs in with the real wampy, and leaves. */
export async function loginWithWampy(url: string, credentials: Credentials): Promise<LoginEnd> {
  const wampy = new Wampy(url, {
    realm: 'realm1',
    ws: WebSocket as unknown as Constructor,
    autoReconnect: false,
    authid: credentials.authid,
    authmethods: [credentials.method],
    authextra: { ...credentials.extra },
    onChallenge: async (_method, extra) => credentials.answer(extra),
  });
  try {
    const welcome = await wampy.connect();
    await wampy.disconnect();
    return { ...welcome };
  } catch (error) {
    return reasonOf(error);
  }
}

/** The reason of ABORT in an error of wampy's. */
function reasonOf(error: unknown): string {
  const { errorUri } = error as { readonly errorUri?: string };
  return errorUri ?? String(error);
}
