import { authorizerTimeProblem, realmProblem } from './authorization-schema.js';
import { cookieProblem } from './cookie-schema.js';
import { isLoopback } from './loopback.js';
import { ConfigurationError, describeIssues } from './problems.js';
import type { Locate } from './problems.js';
import { configSchema } from './schema.js';
import type { ParsedConfig } from './schema.js';
import type { TlsConfig } from './tls-schema.js';
import { readConfigFile } from './yaml-file.js';
import { TlsFileError, readTls } from '../tls/index.js';

/** The configuration that the server runs with: whole, checked, nothing left to be decided. */
export interface ServerConfig extends ParsedConfig {
  /** Whether clients may come in without a login. */
  readonly anonymous: boolean;
  /** Whether the server listens on loopback only. */
  readonly loopback: boolean;
  /** Whether the page to try things with is served at `/`. */
  readonly playground: boolean;
}

/** Where configuration comes from besides the defaults. */
export interface ConfigSources {
  /** The file named on the command line; wins over `MANGROVE_CONFIG`. */
  readonly file?: string | undefined;
  /** `--json-logs`. */
  readonly jsonLogs?: boolean | undefined;
  /** Environment: `HOST`, `PORT`, `MANGROVE_CONFIG`, `MANGROVE_COOKIE_SECRET`; empty counts as not set. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const UNSAFE =
  'would let everybody on the network in without a login. Two ways out: set `anonymous: true` if that is what you want, ' +
  'or configure `authentication` (see docs/configuration.md)';

/**
 * Puts the configuration together: command line and environment, before the file, before the defaults.
 *
 * @throws ConfigurationError that names every wrong key, its value and what is allowed; also for a server that would be
 * open to the network without somebody having said so, and for files of `tls` that cannot be used.
 */
export function loadConfig({ file, jsonLogs, env = {} }: ConfigSources): ServerConfig {
  const path = file ?? (env['MANGROVE_CONFIG'] || undefined);
  const read = path === undefined ? undefined : readConfigFile(path);
  const { input, locate } = overridden(read?.content ?? {}, read?.locate ?? (() => ''), env);
  const result = configSchema.safeParse(input);
  if (!result.success) {
    throw new ConfigurationError(describeIssues(result.error.issues, input, locate));
  }
  const parsed = result.data;
  if (parsed.tls !== undefined) checkTls(parsed.tls, locate);
  const wrongRight =
    realmProblem(parsed.authorization, parsed.realms) ??
    authorizerTimeProblem(parsed.authorization, parsed.limits.authorizerTimeoutMs);
  if (wrongRight !== undefined) {
    throw new ConfigurationError([`${locate(wrongRight.path)}${wrongRight.text}`]);
  }
  const [cookieKey, cookieTrouble] = cookieProblem(parsed) ?? [];
  if (cookieKey !== undefined) {
    const where = locate(['authentication', 'cookie', cookieKey]);
    throw new ConfigurationError([`${where}authentication.cookie: ${cookieTrouble}`]);
  }
  if (parsed.authentication?.dynamic !== undefined && parsed.authorization === undefined) {
    const where = locate(['authentication', 'dynamic', 'procedure']);
    throw new ConfigurationError([
      `${where}authentication.dynamic: needs \`authorization\`: without it everybody who is in may register the procedure`,
    ]);
  }
  const secured = parsed.listeners.findIndex(({ tls }) => tls);
  if (parsed.tls === undefined && secured >= 0) {
    const where = locate(['listeners', secured, 'tls']);
    throw new ConfigurationError([
      `${where}listeners[${secured}].tls: true needs the section \`tls\` with a certificate`,
    ]);
  }
  const loopback = isLoopback(parsed.host);
  const open = openListener(parsed);
  const isLocal = loopback && open === undefined;
  const anonymous = parsed.anonymous ?? (isLocal && parsed.authentication === undefined);
  if (open !== undefined && loopback && !anonymous && parsed.authentication === undefined) {
    const { at, host } = open;
    throw new ConfigurationError([
      `${locate(['listeners', at, 'host'])}listeners[${at}].host: listening at ${host} ${UNSAFE}`,
    ]);
  }
  if (!loopback && !anonymous && parsed.authentication === undefined) {
    throw new ConfigurationError([`${locate(['host'])}host: listening at ${parsed.host} ${UNSAFE}`]);
  }
  if (!anonymous && parsed.authentication === undefined) {
    throw new ConfigurationError([
      `${locate(['anonymous'])}anonymous: false lets nobody in, because \`authentication\` is not configured`,
    ]);
  }
  const logs = { ...parsed.logs, json: jsonLogs === true || parsed.logs.json };
  const playground = parsed.playground ?? loopback;
  return { ...parsed, logs, anonymous, loopback, playground };
}

/** Whether others than this machine can reach the server, or one of its listeners. */
export function isReachable(config: ParsedConfig): boolean {
  return !isLoopback(config.host) || openListener(config) !== undefined;
}

/**
 * Refuses what is for development only, where others can reach the server: everybody comes in, or the page to try things.
 *
 * @throws ConfigurationError that names the keys.
 */
export function checkProduction(config: ServerConfig): void {
  if (!isReachable(config)) return;
  const problems: string[] = [];
  if (config.anonymous) {
    problems.push(
      'anonymous: true lets everybody on the network in without a login; configure `authentication`',
    );
  }
  if (config.playground) problems.push('playground: true shows the page to try things to everybody');
  if (problems.length > 0) throw new ConfigurationError(problems);
}

/** The first of `listeners` that others than this machine can reach. */
function openListener({ host: own, listeners }: ParsedConfig): { at: number; host: string } | undefined {
  for (const [at, { host = own, socket }] of listeners.entries()) {
    if (socket === undefined && !isLoopback(host)) return { at, host };
  }
  return undefined;
}

/** @throws ConfigurationError if a file of `tls` cannot be used, or they do not belong together. */
function checkTls(tls: TlsConfig, locate: Locate): void {
  try {
    readTls(tls);
  } catch (error) {
    if (!(error instanceof TlsFileError)) throw error;
    const { key, message } = error;
    const file = key === 'passphrase' ? '' : ` ${JSON.stringify(tls[key])}`;
    throw new ConfigurationError([`${locate(['tls', key])}tls.${key}:${file} ${message}`]);
  }
}

/** Lays the environment over the content of the file. */
function overridden(
  content: unknown,
  locateInFile: Locate,
  env: Readonly<Record<string, string | undefined>>,
): { readonly input: unknown; readonly locate: Locate } {
  // What is no section at all is the schema's to complain about.
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    return { input: content, locate: locateInFile };
  }
  /** key → the variable that sets it */
  const variables = new Map<PropertyKey, string>();
  const input: Record<string, unknown> = Object.fromEntries(Object.entries(content));
  if (env['HOST']) {
    input['host'] = env['HOST'];
    variables.set('host', 'HOST');
  }
  if (env['PORT']) {
    input['port'] = /^\d{1,6}$/.test(env['PORT']) ? Number(env['PORT']) : env['PORT'];
    variables.set('port', 'PORT');
  }
  if (env['MANGROVE_COOKIE_SECRET'] && withCookieSecret(input, env['MANGROVE_COOKIE_SECRET'])) {
    variables.set('authentication.cookie.secret', 'MANGROVE_COOKIE_SECRET');
  }
  const locate: Locate = (path) => {
    const variable =
      path[0] === undefined ? undefined : (variables.get(path[0]) ?? variables.get(path.join('.')));
    return variable === undefined ? locateInFile(path) : `environment variable ${variable}: `;
  };
  return { input, locate };
}

/** Puts the secret where the file has a section for cookies; whether it has. */
function withCookieSecret(input: Record<string, unknown>, secret: string): boolean {
  const { authentication } = input;
  if (!isSection(authentication) || !isSection(authentication['cookie'])) return false;
  const { secretFile: _replaced, ...cookie } = authentication['cookie'];
  input['authentication'] = { ...authentication, cookie: { ...cookie, secret } };
  return true;
}

function isSection(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
