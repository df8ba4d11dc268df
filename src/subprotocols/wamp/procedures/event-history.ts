import type {
  Broker,
  Pattern,
  Publication,
  RecallQuery,
  RouterAnswer,
  RouterCall,
} from '../../../broker/index.js';
import { serializers } from '../../../serializers/index.js';
import { patternOf } from '../addresses.js';
import type { Offered } from '../announcements.js';
import { OptionReader } from '../codec/index.js';
import type { Details } from '../codec/index.js';
import { NO_DETAILS, UNSPEAKABLE, annotated, argumentsFor, identified, packed } from '../details.js';
import { faultOf } from './meta-arguments.js';
import { parseTimestamp, timestampOf } from './rfc3339.js';
import { encoded, invalid, roomOf } from './router-answers.js';

/** Answers what was published [WAMP AP Event History], in a realm that keeps it; where nothing is kept, nothing is announced. */
export function provideEventHistory(broker: Broker, offered: Offered): void {
  if (broker.remembers) {
    broker.provide('wamp.subscription.get_events', (call) => getEvents(broker, call, offered));
  }
}

/** What stands between two events of a list. */
const COMMA = 1;
const MAX_ID = 2 ** 53;

/** `[subscription]` and eleven keywords. In place of an id our clients may name a topic, with `match` for a pattern. */
async function getEvents(broker: Broker, call: RouterCall, offered: Offered): Promise<RouterAnswer> {
  const { caller, args, kwargs } = call;
  // A keyword that is null says nothing.
  const reader = new OptionReader((key) => kwargs[key] ?? undefined);
  const bounds = boundsOf(reader, broker.limits.addressBytes);
  if (reader.fault !== undefined) return invalid(reader.fault);
  const asked = subscriptionOf(broker, args[0], kwargs['match']);
  if ('kind' in asked) return asked;
  const fault = faultOf(caller, asked.pattern);
  if (fault !== undefined) return fault;
  if (!broker.mayRemember(asked.pattern)) {
    const isKnown = !isHidden(caller, asked) || (await caller.permits('subscribe', asked.pattern)).allow;
    return isKnown ? UNAVAILABLE : NO_SUCH_SUBSCRIPTION;
  }
  const events = new Events(asked, offered, roomOf(broker, caller));
  const recalled = await broker.recall(
    caller,
    { pattern: asked.pattern, ...bounds },
    {
      take: (publication) => events.take(publication),
      get isOver(): boolean {
        return call.isOver;
      },
    },
  );
  if (recalled.kind === 'refused') {
    return RIGHTS.has(recalled.code) && isHidden(caller, asked) ? NO_SUCH_SUBSCRIPTION : recalled;
  }
  const { next } = recalled;
  return {
    kind: 'result',
    args: [events.entries],
    ...(next !== undefined && { kwargs: { more: true, next } }),
  };
}

/** What is asked for; `id` if the subscription has one. */
interface Asked {
  readonly id: number | undefined;
  readonly pattern: Pattern;
  /** Whether it was named by that id. */
  readonly byId: boolean;
}

/** What a client is refused with that has no right. */
const RIGHTS: ReadonlySet<string> = new Set(['not_authorized', 'authorization_failed']);

/**
 * Whether a subscription does not exist for those who may not subscribe to its topics: ids are small numbers, and trying them all
 * must not tell which are in use. Whoever holds it knows it.
 */
function isHidden({ subscriptions }: RouterCall['caller'], { id, byId }: Asked): boolean {
  return byId && ![...subscriptions.values()].some(({ interest }) => interest.id === id);
}

function subscriptionOf(broker: Broker, subscription: unknown, match: unknown): Asked | RouterAnswer {
  if (typeof subscription === 'string') {
    if (match !== undefined && typeof match !== 'string') return invalid('match must be a string.');
    const pattern = patternOf(match, subscription, 'loose');
    if ('error' in pattern) return { kind: 'failed', error: pattern.error, args: [pattern.reason] };
    return { id: broker.view.interestOf(pattern)?.id, pattern, byId: false };
  }
  const isNumber = typeof subscription === 'number' || typeof subscription === 'bigint';
  const id = isNumber ? Number(subscription) : Number.NaN;
  if (!Number.isInteger(id) || id < 1 || id > MAX_ID) return invalid('The subscription must be an id.');
  const interest = broker.view.interest(id);
  return interest === undefined ? NO_SUCH_SUBSCRIPTION : { id, pattern: interest.pattern, byId: true };
}

const NO_SUCH_SUBSCRIPTION: RouterAnswer = { kind: 'failed', error: 'wamp.error.no_such_subscription' };

const UNAVAILABLE: RouterAnswer = {
  kind: 'failed',
  error: 'wamp.error.history_unavailable',
  args: ['No history is kept of this subscription.'],
};

function boundsOf(reader: OptionReader, longestTopic: number): Omit<RecallQuery, 'pattern'> {
  const id = (key: string): number | undefined => reader.integer(key, 1, MAX_ID);
  return {
    reverse: reader.flag('reverse'),
    limit: reader.integer('limit', 1, Number.MAX_SAFE_INTEGER),
    fromTime: timeIn(reader, 'from_time'),
    afterTime: timeIn(reader, 'after_time'),
    beforeTime: timeIn(reader, 'before_time'),
    untilTime: timeIn(reader, 'until_time'),
    topic: reader.text('topic', longestTopic),
    fromPublication: id('from_publication'),
    afterPublication: id('after_publication'),
    beforePublication: id('before_publication'),
    untilPublication: id('until_publication'),
  };
}

/** No timestamp needs more, in bytes. */
const LONGEST_TIME = 128;

function timeIn(reader: OptionReader, key: string): number | undefined {
  const text = reader.text(key, LONGEST_TIME);
  if (text === undefined) return undefined;
  return parseTimestamp(text) ?? reader.refuse(`${key} must be a timestamp as of RFC 3339.`);
}

/** The events of one answer, in no more bytes than it may have. */
class Events {
  readonly entries: Details[] = [];

  constructor(
    private readonly asked: Asked,
    private readonly offered: Offered,
    private room: number,
  ) {}

  /** Takes one more; false if it does not fit. The first one is always taken, if need be without what it carries. */
  take(publication: Publication): boolean {
    const entry = this.#entryOf(publication);
    const size = sizeOf(entry) + COMMA;
    if (size > this.room && this.entries.length > 0) return false;
    this.room -= size;
    this.entries.push(this.room < 0 ? this.#bare(publication) : entry);
    return true;
  }

  #entryOf(publication: Publication): Details {
    const cargo = argumentsFor(publication.payload, 'cbor') ?? UNSPEAKABLE;
    const { trustlevel, publisher, headers, passthru } = publication;
    const { publication_trustlevels: ranks, publisher_identification: identifies } = this.offered;
    let about = packed(this.#about(publication), passthru);
    if (trustlevel !== undefined && ranks) about = { ...about, trustlevel };
    about = identified(about, 'publisher', identifies ? publisher : undefined);
    const details = annotated(about, cargo, headers);
    const { decode } = serializers.cbor;
    return {
      ...this.#head(publication),
      details,
      ...(cargo.args !== undefined && { args: decode(cargo.args) }),
      ...(cargo.kwargs !== undefined && { kwargs: decode(cargo.kwargs) }),
    };
  }

  /** What is told of an event that would fit into no answer. */
  #bare(publication: Publication): Details {
    const _payload_error = 'The event is too long for an answer.';
    return { ...this.#head(publication), details: { ...this.#about(publication), _payload_error } };
  }

  #head({ id, publishedAt }: Publication): Details {
    return { timestamp: timestampOf(publishedAt), subscription: this.asked.id ?? null, publication: id };
  }

  #about({ topic }: Publication): Details {
    return this.asked.pattern.match === 'exact' ? NO_DETAILS : { topic };
  }
}

/** Bytes in JSON: other serializers need about as many, or fewer. */
function sizeOf(entry: Details): number {
  return encoded(() => serializers.json.encode(entry).length) ?? Number.POSITIVE_INFINITY;
}
