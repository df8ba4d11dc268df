import { z } from 'zod';
import { RIGHTS, faultOfRule } from '../../auth/index.js';
import type { AccessRule } from '../../auth/index.js';
import { text } from './checked-text.js';
import { whole } from './limits-schema.js';

const NAME = /^[^\p{Cc}]{1,256}$/u;

const name = text((value) => NAME.test(value), 'a name of 1 to 256 characters without control characters');

const uri = text(
  (value) =>
    value.length <= 255 &&
    /^[^\s.#*{}\p{Cc}]+(?:\.[^\s.#*{}\p{Cc}]+)*$/u.test(value) &&
    !/^(?:wamp$|wamp\.|queue\.)/.test(value),
  'the URI of a procedure: words joined by dots, the first neither wamp nor queue',
);

/** The ways to log in that a session may have, as `authmethod` tells them. */
const METHODS = [
  'anonymous',
  'ticket',
  'wampcra',
  'wamp-scram',
  'scram',
  'cryptosign',
  'jwt',
  'cookie',
  'tls',
] as const satisfies readonly string[];

const rights = z.array(z.enum(RIGHTS)).min(1).max(100).optional();

const rule = z
  .strictObject({
    match: text(
      () => true,
      'addresses in quotes: words joined by dots; `*` stands for one word, `#` for any number of words, and ' +
        '{authid}, {authrole}, {realm} for whoever asks',
    ).describe('The addresses that it is about; the queue `jobs` is `queue.jobs` (`docs/authorization.md`)'),
    kind: z
      .enum(['exact', 'prefix', 'wildcard'])
      .optional()
      .describe('Reads `match` in WAMP’s notation instead: an empty word of a wildcard stands for one word'),
    allow: rights.describe('What it allows'),
    deny: rights.describe('What it denies, whatever other rules allow'),
    trustlevel: z
      .int()
      .min(0)
      .max(1_000_000)
      .optional()
      .describe('How much callers and publishers are trusted that it allows; the lowest of several counts'),
  })
  .superRefine(checkRule);

const rules = z.array(rule).max(10_000);

const role = z.strictObject({
  role: name.describe('The role that the login gave; `anonymous` without one'),
  realms: z.array(name).min(1).max(1000).optional().describe('The realms in which this holds. Default: all'),
  methods: z
    .array(z.enum(METHODS))
    .min(1)
    .max(100)
    .optional()
    .describe('The ways to log in (`ticket`, `jwt`, `tls`, …) for which this holds. Default: all'),
  rules: rules.describe('What the role may do'),
});

const vouched = text(
  (value) => NAME.test(value) && value !== 'anonymous',
  'a role that somebody gets by a login: else everybody might decide',
);

/** The ways to log in: whoever has not is nobody. */
const loginMethod = z.enum(METHODS).exclude(['anonymous']);

const registrar = z
  .union([
    vouched,
    z.strictObject({
      role: vouched,
      methods: z.array(loginMethod).min(1).max(100).optional(),
    }),
  ])
  .meta({
    allowed:
      'a role that somebody gets by a login (else everybody might decide), or a section with `role` and `methods`, ' +
      `the ways to log in for which it holds: ${loginMethod.options.join(', ')}`,
  });

const authorizer = z
  .strictObject({
    procedure: uri.describe('It is called in the client’s realm where no rule says yes or no'),
    registrars: z
      .array(registrar)
      .min(1)
      .max(100)
      .describe('The roles that may register it, and so decide about everybody’s rights'),
    timeoutMs: whole(
      4000,
      [10, 600_000],
      'How long it may take, `limits.authorizerTimeoutMs` at most; then the answer is no',
      'ms',
    ),
    concurrency: whole(100, [1, 100_000], 'How many questions it is asked at once'),
    queue: whole(1000, [0, 1_000_000], 'How many may wait for that; more are refused'),
    cacheMs: whole(10_000, [0, 86_400_000], 'How long an answer is good, unless it says otherwise', 'ms'),
    cacheEntries: whole(10_000, [0, 10_000_000], 'How many answers are kept'),
    trustlevels: z.boolean().default(false).describe('Whether its answers have a `trustlevel`'),
  })
  .optional()
  .describe('A procedure that decides');

/** `authorization` */
export const authorizationSchema = z
  .strictObject({
    patterns: z
      .enum(['contained', 'filtered', 'refused'])
      .default('contained')
      .describe(
        'A subscription to a pattern that no one rule allows as a whole is refused (`contained`), or its events are `filtered` ' +
          'one by one; `refused`: nobody may subscribe to patterns',
      ),
    everyone: rules
      .default([])
      .describe('Rules for every role besides its own, those without an entry and anonymous clients too'),
    roles: z.array(role).max(1000).default([]).describe('What roles may do; entries of one role add up'),
    authorizer,
  })
  .refine(
    ({ everyone, roles, authorizer: asked }) => everyone.length + roles.length > 0 || asked !== undefined,
    { message: 'at least one of roles, everyone, authorizer: without them nobody may do anything' },
  )
  .optional()
  .describe('Who may do what (`docs/authorization.md`); without it everybody may do almost everything');

/** Who may do what. */
export type AuthorizationConfig = NonNullable<z.output<typeof authorizationSchema>>;

/** A realm that a role is limited to and that does not exist: where it stands, and what is allowed; undefined if all do. */
export function realmProblem(
  authorization: AuthorizationConfig | undefined,
  known: readonly string[],
): { readonly path: readonly PropertyKey[]; readonly text: string } | undefined {
  for (const [at, { realms = [] }] of (authorization?.roles ?? []).entries()) {
    const missing = realms.findIndex((realm) => !known.includes(realm));
    if (missing < 0) continue;
    const path = ['authorization', 'roles', at, 'realms', missing];
    const shown = JSON.stringify(realms[missing]);
    const text = `authorization.roles[${at}].realms[${missing}]: ${shown} is no realm; allowed are those of \`realms\`: ${known.join(', ')}`;
    return { path, text };
  }
  return undefined;
}

/** What is wrong with the time that the procedure has: where it stands, and what is allowed; undefined if it is well. */
export function authorizerTimeProblem(
  authorization: AuthorizationConfig | undefined,
  mostMs: number,
): { readonly path: readonly PropertyKey[]; readonly text: string } | undefined {
  const timeoutMs = authorization?.authorizer?.timeoutMs ?? 0;
  if (timeoutMs <= mostMs) return undefined;
  const path = ['authorization', 'authorizer', 'timeoutMs'];
  const text = `authorization.authorizer.timeoutMs: ${timeoutMs} is longer than limits.authorizerTimeoutMs, ${mostMs}, after which the answer is a no; allowed is that at most`;
  return { path, text };
}

/** A rule after defaults. */
type RuleConfig = z.output<typeof rule>;

/** The rule as the authorizer takes it: without what was left out. */
export function accessRuleOf({ match, kind, allow, deny, trustlevel }: RuleConfig): AccessRule {
  return {
    match,
    ...(kind !== undefined && { kind }),
    ...(allow !== undefined && { allow }),
    ...(deny !== undefined && { deny }),
    ...(trustlevel !== undefined && { trustlevel }),
  };
}

function checkRule(given: RuleConfig, context: z.core.$RefinementCtx): void {
  const fault = faultOfRule(accessRuleOf(given));
  if (fault === undefined) return;
  const path = given[fault.key] === undefined ? [] : [fault.key];
  context.addIssue({ code: 'custom', path, message: fault.allowed });
}
