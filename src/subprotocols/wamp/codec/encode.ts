import { assertNever } from '../../../lib/index.js';
import type { Serializer } from '../../../serializers/index.js';
import type { Arguments, RouterMessage } from './messages.js';
import { CODES } from './messages.js';

const NONE: Uint8Array[] = [];

/** An id as an integer: 2^53, which no double tells from its neighbour, would be written as a float. */
function idOf(id: number): number | bigint {
  return id > Number.MAX_SAFE_INTEGER ? BigInt(id) : id;
}

/** Encodes a message of the router; arguments are spliced in as they are. */
export function encodeMessage(message: RouterMessage, serializer: Serializer): Uint8Array {
  const code = CODES[message.name];
  switch (message.name) {
    case 'welcome':
      return serializer.encodeArray([code, message.session, message.details], NONE);
    case 'abort':
    case 'goodbye':
      return serializer.encodeArray([code, message.details, message.reason], NONE);
    case 'challenge':
      return serializer.encodeArray([code, message.method, message.extra], NONE);
    case 'error': {
      const { to, request, details, error, cargo } = message;
      return serializer.encodeArray([code, CODES[to], idOf(request), details, error], tailOf(cargo));
    }
    case 'published':
      return serializer.encodeArray([code, idOf(message.request), message.publication], NONE);
    case 'subscribed':
      return serializer.encodeArray([code, idOf(message.request), message.subscription], NONE);
    case 'registered':
      return serializer.encodeArray([code, idOf(message.request), message.registration], NONE);
    case 'unsubscribed':
    case 'unregistered': {
      const { revoked } = message;
      const request = idOf(message.request);
      return serializer.encodeArray(revoked === undefined ? [code, request] : [code, request, revoked], NONE);
    }
    case 'event': {
      const { subscription, publication, details, cargo } = message;
      return serializer.encodeArray([code, subscription, publication, details], tailOf(cargo));
    }
    case 'result':
      return serializer.encodeArray([code, idOf(message.request), message.details], tailOf(message.cargo));
    case 'invocation': {
      const { request, registration, details, cargo } = message;
      return serializer.encodeArray([code, idOf(request), registration, details], tailOf(cargo));
    }
    case 'interrupt':
      return serializer.encodeArray([code, idOf(message.request), message.options], NONE);
    default:
      return assertNever(message);
  }
}

/** Absent arguments are left out; keyword arguments never stand alone [WAMP BP Empty Arguments and Keyword Arguments]. */
function tailOf({ args, kwargs }: Arguments): Uint8Array[] {
  if (args === undefined) return NONE;
  return kwargs === undefined ? [args] : [args, kwargs];
}
