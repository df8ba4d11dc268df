import type { Audience, EnqueueCommand, Payload, PublishCommand } from '../../broker/index.js';
import { audienceFault } from '../../broker/index.js';
import { headersOf } from './context.js';

/** How an event is published. */
export interface PublishOptions {
  /** User headers for the receivers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Tell receivers who published. Default false. */
  readonly disclose?: boolean;
  /** Keep it for those who subscribe later; without arguments, forget what is kept. Default false. */
  readonly retain?: boolean;
  /** Delivered to nobody after so long, in ms. Default never. */
  readonly ttlMs?: number;
  /** Only those who are in every list that is given, of 1000 entries at most; an empty one means nobody. Default everybody. */
  readonly eligible?: ReceiverLists;
  /** None of those who are in any list. Default nobody. */
  readonly exclude?: ReceiverLists;
  /**
   * A key, what the event is about: of the subscribers of a pattern that name a `place`, those at one place get all events with
   * this key [WAMP AP Sharded Subscription]. It is WAMP's `rkey` as a text. Default: all of them get it.
   */
  readonly shard?: string;
}

/** Receivers by session, authid and authrole. */
export interface ReceiverLists {
  readonly sessions?: readonly number[];
  readonly authids?: readonly string[];
  readonly authroles?: readonly string[];
}

/** How a message is put into a queue. */
export interface EnqueueOptions {
  /** User headers for the consumer. */
  readonly headers?: Readonly<Record<string, string>>;
  /** 0 … 9, the higher the sooner. Default 4. */
  readonly priority?: number;
  /** Given up after so long, in ms. Default never. */
  readonly ttlMs?: number;
  /** Not delivered before so long has passed, in ms. Default 0. */
  readonly delayMs?: number;
  /** Whether it is confirmed only when it is safe, in a durable queue. Default true. */
  readonly persistent?: boolean;
  /** Tell the consumer who sent it, whatever it speaks. Default false. */
  readonly disclose?: boolean;
  /**
   * A number of the sender's own, so that the message may be sent again and is stored once: the `id` (1 to 255 bytes) is good
   * for all clients of the same principal, over restarts; the `sequence` (from 0) is higher for each message. Default none.
   */
  readonly producer?: { readonly id: string; readonly sequence: number };
}

/**
 * What the broker is asked for; `now` in ms since the Unix epoch.
 *
 * @throws RangeError for a time that cannot be, and a list of receivers that is too long.
 */
export function publishCommandOf(
  event: { readonly topic: string; readonly payload: Payload },
  { headers, disclose = false, retain = false, ttlMs, eligible, exclude, shard }: PublishOptions,
  now: number,
): PublishCommand {
  checkTtl(ttlMs);
  return {
    ...event,
    headers: headersOf(headers),
    disclose,
    retain,
    expiresAt: timeAfter(now, ttlMs),
    audience: audienceOf(eligible, exclude),
    shard,
  };
}

/**
 * What the broker is asked for; `now` in ms since the Unix epoch.
 *
 * @throws RangeError for a number that is none of those that the options take.
 */
export function enqueueCommandOf(
  message: { readonly queue: string; readonly payload: Payload },
  { headers, priority, ttlMs, delayMs, persistent = true, disclose = false, producer }: EnqueueOptions,
  now: number,
): EnqueueCommand {
  if (priority !== undefined && !(Number.isInteger(priority) && priority >= 0 && priority <= 9)) {
    throw new RangeError('The priority of a message is a whole number from 0 to 9.');
  }
  checkTtl(ttlMs);
  if (delayMs !== undefined && !(delayMs >= 0)) throw new RangeError('delayMs must not be negative.');
  checkProducer(producer);
  return {
    ...message,
    headers: headersOf(headers),
    persistent,
    disclose,
    ...(priority !== undefined && { priority }),
    expiresAt: timeAfter(now, ttlMs),
    deliverAt: timeAfter(now, delayMs),
    producer: producer && { id: producer.id, sequence: producer.sequence },
  };
}

/** The longest name of a producer, in UTF-8 bytes. */
const LONGEST_ID = 255;

function checkProducer(producer: EnqueueOptions['producer']): void {
  if (producer === undefined) return;
  const { id, sequence } = producer;
  if (typeof id !== 'string' || id === '' || Buffer.byteLength(id) > LONGEST_ID) {
    throw new RangeError(`The id of a producer has 1 to ${LONGEST_ID} bytes.`);
  }
  if (!Number.isSafeInteger(sequence) || sequence < 0) {
    throw new RangeError('The sequence of a producer is a whole number from 0.');
  }
}

function checkTtl(ttlMs: number | undefined): void {
  if (ttlMs !== undefined && !(ttlMs > 0)) throw new RangeError('ttlMs must be above 0.');
}

function audienceOf(
  eligible: ReceiverLists | undefined,
  exclude: ReceiverLists | undefined,
): Audience | undefined {
  if (eligible === undefined && exclude === undefined) return undefined;
  const audience = { eligible: receiversOf(eligible), exclude: receiversOf(exclude) };
  const fault = audienceFault(audience);
  if (fault !== undefined) throw new RangeError(fault);
  return audience;
}

function receiversOf(lists: ReceiverLists | undefined): Audience['eligible'] {
  if (lists === undefined) return undefined;
  const { sessions, authids, authroles } = lists;
  return {
    sessions: sessions && new Set(sessions),
    authids: authids && new Set(authids),
    authroles: authroles && new Set(authroles),
  };
}

/** A time so many ms from now; Infinity is never, which nobody has to be told. */
function timeAfter(now: number, ms: number | undefined): number | undefined {
  return ms === undefined || ms === Number.POSITIVE_INFINITY ? undefined : Math.ceil(now + ms);
}
