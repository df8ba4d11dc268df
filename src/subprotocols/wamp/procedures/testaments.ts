import type { Broker, RouterAnswer, RouterCall, TestamentScope } from '../../../broker/index.js';
import { Payload, TESTAMENT_SCOPES, unpacks } from '../../../broker/index.js';
import { serializers } from '../../../serializers/index.js';
import { addressFault } from '../addresses.js';
import type { Offered } from '../announcements.js';
import type { Publish } from '../codec/index.js';
import { CODES, decodeMessage } from '../codec/index.js';
import { DEFAULT_WAMP_LIMITS } from '../options.js';
import { eventOf, optionsFault } from '../publishing.js';
import { NOTHING, encoded, invalid, isMap, refusedOr } from './router-answers.js';

/** Lets the sessions of a realm leave events behind, of whatever protocol they are [WAMP AP Session Testament]. */
export function provideTestaments(broker: Broker, offered: Offered): void {
  broker.provide('wamp.session.add_testament', (call) => addTestament(call, offered));
  broker.provide('wamp.session.flush_testaments', flushTestaments);
}

/** `[topic, args, kwargs]`, `{publish_options, scope}`. The last two arguments may be left out. */
function addTestament(
  { caller, args, kwargs }: RouterCall,
  offered: Offered,
): RouterAnswer | Promise<RouterAnswer> {
  const scope = scopeOf(kwargs);
  if (scope === undefined) return BAD_SCOPE;
  const message = publishOf(args, kwargs['publish_options'] ?? {});
  if (typeof message === 'string') return invalid(message);
  const fault = optionsFault(message, offered) ?? addressFault(message.topic, 'loose');
  if (fault !== undefined) return { kind: 'failed', error: fault.error, args: [fault.reason] };
  const { args: positional, kwargs: keyword, contentType, passthru } = message.cargo;
  if (passthru !== undefined) {
    if (!offered.payload_passthru_mode) return NO_PASSTHRU;
    // As with PUBLISH; the one who calls cannot be told by ABORT.
    if (!unpacks(caller.features.passthruEvents, passthru)) return UNANNOUNCED;
  }
  // It may be kept for long, and shall keep nothing alive but itself.
  const payload = Payload.ofSlices('cbor', positional, keyword, contentType).apart();
  // `acknowledge` asks for nothing: there is nobody to be told.
  const testament = {
    scope,
    event: eventOf(message, offered, payload),
    ttlMs: message.delivery.ttlMs,
  };
  const added = caller.testaments.add(testament);
  return added instanceof Promise ? added.then((why) => refusedOr(why, NOTHING)) : refusedOr(added, NOTHING);
}

/** `[]`, `{scope}` */
function flushTestaments({ caller, kwargs }: RouterCall): RouterAnswer {
  const scope = scopeOf(kwargs);
  if (scope === undefined) return BAD_SCOPE;
  caller.testaments.flush(scope);
  return NOTHING;
}

/** `destroyed` if nothing is said; undefined if it is none. */
function scopeOf({ scope = 'destroyed' }: Readonly<Record<string, unknown>>): TestamentScope | undefined {
  return TESTAMENT_SCOPES.find((known) => known === (scope ?? 'destroyed'));
}

const NO_PASSTHRU = invalid('Payload passthru is not offered.');
const UNANNOUNCED = invalid('Payload passthru was not announced.');
const BAD_SCOPE = invalid('scope must be detached or destroyed.');

/**
 * The PUBLISH that would publish it now: written, and read again as one of a client, so that every option means the same, and is
 * checked in the same way. A text says what is wrong.
 */
function publishOf(args: readonly unknown[], options: unknown): Publish | string {
  const [topic, positional, keyword] = args;
  if (typeof topic !== 'string') return 'The topic must be a string.';
  if (positional !== undefined && positional !== null && !Array.isArray(positional)) {
    return 'The arguments of the event must be a list.';
  }
  if (keyword !== undefined && keyword !== null && !isMap(keyword)) {
    return 'The keyword arguments of the event must be a map.';
  }
  if (!isMap(options)) return 'publish_options must be a map.';
  const { cbor } = serializers;
  const elements = [CODES.publish, 1, options, topic, positional ?? [], keyword ?? {}];
  const bytes = encoded(() => cbor.encode(elements));
  if (bytes === undefined) return 'The testament cannot be written.';
  const message = decodeMessage(bytes, {
    serializer: cbor,
    limits: DEFAULT_WAMP_LIMITS.afterLogin,
    lenient: true,
  });
  if (message.name === 'violation') return message.message;
  if (message.name !== 'publish') return 'The testament cannot be written.';
  if (message.delivery.queue !== undefined) return 'A testament is an event, not a message for a queue.';
  return message;
}
