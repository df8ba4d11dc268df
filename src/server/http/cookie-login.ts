import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CookieSessions } from '../../auth/index.js';
import type { Authenticator, Instrumentation, Verdict } from '../../broker/index.js';
import { addressOf } from '../../transport/index.js';
import type { ServerConfig } from '../config/index.js';

type Middleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

/** The longest body of a login, in bytes. */
const BODY_BYTES = 8192;

/** What a page says about who it is for. */
interface Said {
  readonly authid: string | undefined;
  readonly ticket: string;
  readonly realm: string;
}

/** Answers of their own kind: a status, a line of text, and headers. */
type Answer = readonly [status: number, text: string, headers?: Readonly<Record<string, string>>];

const NO_JSON: Answer = [415, 'Content-Type: application/json, please.'];
const TOO_LONG: Answer = [413, `At most ${BODY_BYTES} bytes.`];
const MALFORMED: Answer = [
  400,
  'A JSON object with the texts authid, ticket and realm, please; authid may be left out with a token, and realm.',
];

/** What the routes need. */
interface CookieLogins {
  readonly authenticator: Authenticator;
  readonly cookies: CookieSessions | undefined;
}

/**
 * Lets web pages log in by a cookie: `POST /login` with a name and a ticket (or a token) sets it, `POST /logout` ends it and the
 * sessions that it has begun. Only pages of `origins` are listened to, and only with a JSON body, which no form of
 * another site can send. Failures count as those of other logins do. Undefined if the configuration has no cookies.
 */
export function serveCookieLogin(
  config: ServerConfig,
  logins: CookieLogins,
  instrumentation: Instrumentation,
): Middleware | undefined {
  const { cookies } = logins;
  const paths = config.authentication?.cookie;
  if (cookies === undefined || paths === undefined) return undefined;
  const desk = new LoginDesk(config, { authenticator: logins.authenticator, cookies }, instrumentation);
  return (request, response, next) => {
    const path = (request.url ?? '').split('?', 1)[0];
    if (path === paths.loginPath) desk.serve(request, response, 'login');
    else if (path === paths.logoutPath) desk.serve(request, response, 'logout');
    else next();
  };
}

class LoginDesk {
  readonly #origins: ReadonlySet<string>;

  constructor(
    private readonly config: ServerConfig,
    private readonly logins: { readonly authenticator: Authenticator; readonly cookies: CookieSessions },
    private readonly instrumentation: Instrumentation,
  ) {
    this.#origins = new Set(config.origins);
  }

  serve(request: IncomingMessage, response: ServerResponse, what: 'login' | 'logout'): void {
    const { origin } = request.headers;
    const answer = (given: Answer): void => write(request, response, given);
    // Every browser says where a POST comes from; who does not is no page of ours.
    if (origin === undefined || !this.#origins.has(origin)) {
      this.#refused(request, 'origin');
      answer([403, 'Only pages of the configured origins.']);
      return;
    }
    response.setHeader('Access-Control-Allow-Origin', origin);
    response.setHeader('Access-Control-Allow-Credentials', 'true');
    response.setHeader('Vary', 'Origin');
    if (request.method === 'OPTIONS') answer([204, '', PREFLIGHT]);
    else if (request.method !== 'POST') answer([405, 'Only POST.', { Allow: 'POST, OPTIONS' }]);
    else if (what === 'logout') answer([204, '', this.#logout(request)]);
    else if (!isJson(request.headers['content-type'])) answer(NO_JSON);
    else {
      const read = (body: Buffer | undefined): void => {
        this.#login(request, body).then(answer, (error: unknown) => {
          this.instrumentation.defect('http.login', error);
          answer([500, 'That did not work.']);
        });
      };
      readBody(request, read);
    }
  }

  #logout(request: IncomingMessage): Readonly<Record<string, string>> {
    this.instrumentation.event('http.logged-out', { remote: addressOf(request.socket) });
    return { 'Set-Cookie': this.logins.cookies.revoke(request.headers.cookie) };
  }

  async #login(request: IncomingMessage, body: Buffer | undefined): Promise<Answer> {
    if (body === undefined) return TOO_LONG;
    const said = readLogin(body, this.config.realms);
    if (said === undefined) return MALFORMED;
    const { authid, ticket, realm } = said;
    const verdict = await inTime(
      this.config.limits.loginTimeoutMs,
      this.logins.authenticator.begin({
        realm,
        methods: [],
        authid,
        secret: ticket,
        remoteAddress: addressOf(request.socket),
        http: { headers: request.headers },
      }),
    );
    if (verdict === undefined) {
      this.#refused(request, 'timeout');
      return TOO_LATE;
    }
    if (verdict.kind !== 'accepted' || verdict.principal.authmethod === 'anonymous') {
      return this.#denied(request, verdict);
    }
    // Whoever leaves before it is told who it is gets no cookie.
    if (request.socket.destroyed) return [204, ''];
    const { principal } = verdict;
    const { cookies } = this.logins;
    cookies.revoke(request.headers.cookie);
    const { authrole, authprovider, expiresAt } = principal;
    const cookie = cookies.issue({ authid: principal.authid, authrole, authprovider, expiresAt, realm });
    this.instrumentation.event('http.logged-in', {
      realm,
      authid: principal.authid,
      authrole,
      remote: addressOf(request.socket),
    });
    return [204, '', { 'Set-Cookie': cookie }];
  }

  #denied(request: IncomingMessage, verdict: Verdict): Answer {
    const mustWait = verdict.kind === 'refused' && verdict.code === 'authentication_failed';
    this.#refused(request, mustWait ? 'wait' : 'denied');
    return mustWait
      ? [429, 'Too many logins; try again later.', { 'Retry-After': '1' }]
      : [401, 'The login was refused.'];
  }

  #refused(request: IncomingMessage, reason: string): void {
    this.instrumentation.event('http.login-refused', { reason, remote: addressOf(request.socket) });
  }
}

/** What comes in time, or nothing. */
async function inTime<T>(ms: number, asked: T | Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((end) => (timer = setTimeout(end, ms, undefined)));
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}

const TOO_LATE: Answer = [
  503,
  'Nobody could say in time who you are; try again later.',
  { 'Retry-After': '1' },
];
const PREFLIGHT = {
  'Access-Control-Allow-Methods': 'POST',
  'Access-Control-Allow-Headers': 'Content-Type',
  'Access-Control-Max-Age': '600',
} as const;

function isJson(contentType: string | undefined): boolean {
  return /^application\/json(?:;|$)/i.test(contentType ?? '');
}

/** Reads a body to its end; undefined if it is too long. A client that leaves is not answered. */
function readBody(request: IncomingMessage, done: (body: Buffer | undefined) => void): void {
  const parts: Buffer[] = [];
  let size = 0;
  const take = (part: Buffer): void => {
    size += part.length;
    if (size <= BODY_BYTES) {
      parts.push(part);
      return;
    }
    request.off('data', take).off('end', end).pause();
    done(undefined);
  };
  const end = (): void => done(Buffer.concat(parts));
  request.on('data', take).on('end', end);
  request.on('error', () => {});
}

/** Undefined if it is no login: not JSON, no object, no texts, or a realm that is none. */
function readLogin(body: Buffer, realms: readonly string[]): Said | undefined {
  let said: unknown;
  try {
    said = JSON.parse(body.toString());
  } catch {
    return undefined;
  }
  if (typeof said !== 'object' || said === null || Array.isArray(said)) return undefined;
  const { authid, ticket, realm = realms[0] } = said as Readonly<Record<string, unknown>>;
  if (authid !== undefined && !isText(authid, 256)) return undefined;
  if (!isText(ticket, 4096) || typeof realm !== 'string' || !realms.includes(realm)) return undefined;
  return { authid, ticket, realm };
}

function isText(value: unknown, longest: number): value is string {
  return typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= longest;
}

function write(
  request: IncomingMessage,
  response: ServerResponse,
  [status, text, headers = {}]: Answer,
): void {
  const body = text === '' ? undefined : `${text}\n`;
  const type = body === undefined ? {} : { 'Content-Type': 'text/plain; charset=utf-8' };
  // A body that was not read would be taken for the next request.
  const rest = request.complete ? {} : { Connection: 'close' };
  const safety = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' };
  response.writeHead(status, { ...safety, ...type, ...rest, ...headers }).end(body);
}
