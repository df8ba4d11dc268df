import { z } from 'zod';
import { DEFAULT_HEART_BEAT } from '../../subprotocols/index.js';
import type { HeartBeatOptions } from '../../subprotocols/index.js';
import { authenticationSchema } from './authentication-schema.js';
import { authorizationSchema } from './authorization-schema.js';
import { text, unique } from './checked-text.js';
import { listenersSchema } from './listeners-schema.js';
import { limitsSchema } from './limits-schema.js';
import { stompLimitsSchema, wampLimitsSchema } from './protocol-limits-schema.js';
import { historySchema, queuesSchema, storeSchema } from './store-schema.js';
import { tlsSchema } from './tls-schema.js';
import { wampFeaturesSchema } from './wamp-features-schema.js';

const hostName = text(
  (value) => value.length <= 253 && /^[A-Za-z0-9._:-]+$/.test(value),
  'an IP address or a host name, without port and brackets',
);

const answeredHost = text(
  (value) => value.length <= 255 && (/^[a-z0-9._-]+$/.test(value) || /^\[[0-9a-f:.]+\]$/.test(value)),
  'a host name in lower case or an IP address, without port; IPv6 in brackets',
);

const endpointPath = text(
  (value) =>
    /^(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$/.test(value) && value !== '/health' && value.length <= 256,
  'a path such as /ws: no empty or dotted segment, no slash at the end, not /health',
);

const realm = text(
  (value) => /^[^\s#\p{Cc}]{1,256}$/u.test(value),
  'a name of 1 to 256 characters without white space, control characters and #',
);

const origin = text(
  (value) => URL.canParse(value) && /^https?:/.test(value) && new URL(value).origin === value,
  'an origin exactly as a browser sends it, such as https://app.example.com: http or https, lower case, no path, ' +
    'no default port, no wildcard',
);

const profile = z
  .enum(['compatible', 'strict'])
  .default('compatible')
  .describe('`strict` keeps to the letter of the specification, `compatible` lets real clients work');

const beatMs = z.int().min(100).max(3_600_000).meta({ unit: 'ms' });

const beats = DEFAULT_HEART_BEAT;
const heartBeat = z
  .strictObject({
    minMs: beatMs.default(beats.minMs).describe('The shortest interval that is agreed to'),
    maxMs: beatMs.default(beats.maxMs).describe('The longest interval that is offered'),
    tolerance: z
      .int()
      .min(1)
      .max(10)
      .default(beats.tolerance)
      .describe('A client is given up after so many silent intervals'),
    graceMs: z
      .int()
      .min(0)
      .max(60_000)
      .default(beats.graceMs)
      .meta({ unit: 'ms' })
      .describe('And so much time on top'),
  } satisfies Record<keyof HeartBeatOptions, z.ZodType<number>>)
  .refine(({ minMs, maxMs }) => minMs <= maxMs, { path: ['minMs'], message: 'at most maxMs' })
  .prefault({})
  .describe('How heart-beats are agreed on');

const stomp = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Whether STOMP is spoken'),
    profile,
    separator: z
      .enum(['.', '/'])
      .default('.')
      .describe('What separates the words of a destination after `/topic/`'),
    softErrors: z
      .enum(['offer', 'always', 'never'])
      .default('offer')
      .describe(
        'Whether a frame that is refused costs itself and not the session: `offer` to clients that ask for it (`docs/stomp.md`)',
      ),
    heartBeat,
    limits: stompLimitsSchema,
  })
  .prefault({})
  .describe('STOMP 1.0, 1.1 and 1.2');

const wamp = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Whether WAMP is spoken'),
    profile,
    agentQuirks: z
      .boolean()
      .optional()
      .describe('Whether leniencies that depend on the client’s agent hold. Default: as the profile'),
    features: wampFeaturesSchema,
    limits: wampLimitsSchema,
  })
  .prefault({})
  .describe('WAMP v2');

const subprotocols = z
  .strictObject({ stomp, wamp })
  .refine(({ stomp, wamp }) => stomp.enabled || wamp.enabled, {
    message: 'at least one subprotocol that is enabled',
  })
  .prefault({})
  .describe('The wire protocols');

const logs = z
  .strictObject({
    json: z.boolean().default(false).describe('One JSON object a line instead of text (also `--json-logs`)'),
    level: z
      .enum(['error', 'warn', 'info', 'debug'])
      .default('info')
      .describe('The least important level that is written'),
  })
  .prefault({})
  .describe('The log, on standard output; it holds neither secrets nor payload');

/** The whole configuration of the server: every key with its default, range and description. */
export const configSchema = z.strictObject({
  host: hostName
    .default('127.0.0.1')
    .describe(
      'The address to listen at. Anything but loopback needs `anonymous: true` or `authentication`. Environment: `HOST`',
    ),
  port: z
    .int()
    .min(0)
    .max(65_535)
    .default(8080)
    .describe('The port to listen at; 0 takes a free one. Environment: `PORT`'),
  path: endpointPath.default('/ws').describe('The path of the WebSocket endpoint'),
  realms: z
    .array(realm)
    .min(1)
    .max(1000)
    .refine(
      unique((item) => item),
      { message: 'each realm once' },
    )
    .default(['realm1'])
    .describe('The realms; the first is for clients that name none'),
  origins: z
    .array(origin)
    .max(1000)
    .default([])
    .describe("Web pages that may connect, besides the server's own origin; others get 403"),
  hosts: z
    .array(answeredHost)
    .max(1000)
    .default([])
    .describe(
      'Values of the `Host` header that are answered, without port; others get 421. Empty: all, but a server on ' +
        'loopback always answers loopback names only, and those listed here',
    ),
  tls: tlsSchema,
  listeners: listenersSchema,
  subprotocols,
  unnegotiated: z
    .enum(['recognise', 'reject'])
    .default('recognise')
    .describe(
      'A client that offers no subprotocol is recognised by its first message, or rejected with 400 before the 101',
    ),
  anonymous: z
    .boolean()
    .optional()
    .describe(
      'Whether clients may come in without a login. By default only on a loopback address, and only without ' +
        '`authentication`',
    ),
  authentication: authenticationSchema,
  authorization: authorizationSchema,
  store: storeSchema,
  queues: queuesSchema,
  history: historySchema,
  playground: z
    .boolean()
    .optional()
    .describe(
      'Whether `/` shows a page to try both protocols with. By default only on a loopback address; it needs no ' +
        'rights of its own: who may connect is decided by the keys above',
    ),
  limits: limitsSchema,
  logs,
  drainMs: z
    .int()
    .min(0)
    .max(600_000)
    .default(10_000)
    .meta({ unit: 'ms' })
    .describe('How long a stop (SIGTERM, SIGINT) may take to finish what is in flight and say good-bye'),
});

/** The configuration after defaults. */
export type ParsedConfig = z.output<typeof configSchema>;
