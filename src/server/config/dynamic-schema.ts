import { z } from 'zod';
import { text, unique } from './checked-text.js';

const uri = text(
  (value) =>
    /^(?:[0-9a-z_]+\.)*[0-9a-z_]+$/.test(value) && value.length <= 256 && !/^wamp(?:\.|$)/.test(value),
  'the URI of a procedure: words of 0-9, a-z and _, joined by dots, the first not wamp',
);

const section = z.strictObject({
  procedure: uri.describe(
    'The procedure that is asked; a client of the same realm has to have registered it',
  ),
  methods: z
    .array(z.enum(['ticket', 'wampcra', 'wamp-scram', 'cryptosign']))
    .min(1)
    .refine(
      unique((item) => item),
      { message: 'each method once' },
    )
    .default(['ticket'])
    .describe('For logins by these methods; no principal of the configuration may have one of them'),
  timeoutMs: z.int().min(100).max(10_000).default(5000).meta({ unit: 'ms' }).describe('How long it may take'),
});

/** `authentication.dynamic` */
export const dynamicSchema = section
  .optional()
  .describe('A procedure that decides about logins; needs `authorization`, which says who may register it');

/** How a procedure decides about logins. */
export type DynamicConfig = z.output<typeof section>;

/** The methods of a principal of the configuration, by the names that they have there. */
const PRINCIPAL_KEYS = {
  ticket: 'ticket',
  wampcra: 'wampcra',
  'wamp-scram': 'scram',
  cryptosign: 'cryptosign',
} as const satisfies Record<DynamicConfig['methods'][number], string>;

/** What of the section principals is looked at. */
type Principals = readonly Readonly<
  Partial<Record<(typeof PRINCIPAL_KEYS)[keyof typeof PRINCIPAL_KEYS], unknown>>
>[];

/** Whether no method is both the procedure's and a principal's: which of them is asked would tell who is in the configuration. */
export function areApart(dynamic: DynamicConfig | undefined, principals: Principals = []): boolean {
  if (dynamic === undefined) return true;
  return dynamic.methods.every((method) =>
    principals.every((principal) => principal[PRINCIPAL_KEYS[method]] === undefined),
  );
}
