/** Somebody whom the application knows. */
export interface DynamicPrincipal {
  readonly role: string;
  /** Who it is. Default: the name that was claimed; with `cryptosign` it is needed if none was. */
  readonly authid?: string;
  /** For `wampcra`: a hash as `hashWampcra` makes it, or the secret itself. */
  readonly wampcra?: string | { readonly secret: string };
  /** For `wamp-scram`: a hash as `hashScram` makes it. */
  readonly scram?: string;
  /** For `cryptosign`: the public keys, 64 hexadecimal digits each. */
  readonly keys?: readonly string[];
  /** When the proof ends, in ms since the Unix epoch. Default: it does not. */
  readonly expiresAt?: number;
  /**
   * What the client is asked next, when it has proved this: it gets CHALLENGE `ticket` with these details, and its answer is
   * asked about as the next `round`, whose answer decides. Default: it is in.
   */
  readonly next?: Readonly<Record<string, string | number | null>>;
}

/** What the application answers: who it is, or only the role; null or undefined for nobody. */
export type DynamicAnswer = DynamicPrincipal | string | null | undefined;

const NAME = /^[^\p{Cc}\p{Cs}]{1,256}$/u;

/**
 * Reads an answer, which may come from a procedure: nothing in it is believed to have its type.
 *
 * @throws Error for an answer that makes no sense.
 */
export function principalOf(answer: unknown): DynamicPrincipal | undefined {
  if (answer === null || answer === undefined || answer === false) return undefined;
  if (typeof answer === 'string') return { role: nameOf(answer, 'role') };
  if (typeof answer !== 'object' || Array.isArray(answer)) throw malformed('its type');
  const { role, authid, wampcra, scram, keys, expiresAt, next } = answer as Readonly<Record<string, unknown>>;
  return {
    role: nameOf(role, 'role'),
    ...(isGiven(authid) && { authid: nameOf(authid, 'authid') }),
    ...(isGiven(wampcra) && { wampcra: secretOf(wampcra) }),
    ...(isGiven(scram) && { scram: textOf(scram, 'scram') }),
    ...(isGiven(keys) && { keys: keysOf(keys) }),
    ...(isGiven(expiresAt) && { expiresAt: timeOf(expiresAt) }),
    ...(isGiven(next) && { next: detailsOf(next) }),
  };
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function nameOf(value: unknown, what: string): string {
  if (typeof value === 'string' && NAME.test(value)) return value;
  throw malformed(what);
}

function textOf(value: unknown, what: string): string {
  if (typeof value === 'string') return value;
  throw malformed(what);
}

function secretOf(value: unknown): string | { readonly secret: string } {
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && value !== null && 'secret' in value)
    return { secret: textOf(value.secret, 'wampcra') };
  throw malformed('wampcra');
}

function keysOf(value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw malformed('keys');
  return value.map((key) => textOf(key, 'keys'));
}

function timeOf(value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw malformed('expiresAt');
}

function detailsOf(value: unknown): Readonly<Record<string, string | number | null>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed('next');
  const details = Object.entries(value).map(([key, detail]: [string, unknown]) => {
    if (detail === null || typeof detail === 'string' || Number.isFinite(detail))
      return [key, detail] as const;
    throw malformed('next');
  });
  return Object.fromEntries(details) as Record<string, string | number | null>;
}

/** Says what is wrong, and nothing of what stands there: it may be a secret. */
function malformed(what: string): Error {
  return new Error(`The answer of a dynamic authenticator makes no sense: ${what}.`);
}
