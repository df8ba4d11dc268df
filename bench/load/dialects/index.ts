import type { Dialect } from './dialect.js';
import { plain } from './plain.js';
import { rabbitStomp } from './rabbit-stomp.js';
import { stomp } from './stomp.js';
import { wampJson } from './wamp-json.js';
import { wampMsgpack } from './wamp-msgpack.js';

export type { Dialect, QueueDialect, Role } from './dialect.js';

/** The dialects by name. */
export const dialects = {
  plain,
  stomp,
  'rabbit-stomp': rabbitStomp,
  'wamp-json': wampJson,
  'wamp-msgpack': wampMsgpack,
} satisfies Record<string, Dialect>;

/** Name of a dialect. */
export type DialectName = keyof typeof dialects;
