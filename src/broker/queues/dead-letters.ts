import { Publication } from '../publication.js';
import type { Death, DeathReason, QueueMessage, QueueRecord } from '../ports/queue-store.js';
import { DELAYED_BAND } from '../ports/queue-store.js';
import type { Change } from './change.js';
import { refusalOfStore } from './change.js';
import { bandOf } from './positions.js';
import type { Home } from './queue-consumer.js';
import type { Burial, QueueContext } from './queue-context.js';
import type { Queue } from './queue.js';
import type { QueueTable } from './queue-table.js';

/** One dead letter may push another one out of its queue, and that a third: so many times at most. */
const LONGEST_CHAIN = 8;

/** What becomes of messages that their queue gives up: they go to another queue, to a topic, or nowhere. */
export class DeadLetters {
  #chain = 0;

  constructor(
    private readonly context: QueueContext,
    private readonly table: QueueTable,
  ) {}

  /** Plans the end of a message; it is out of the window already, or is taken out now. */
  bury(change: Change, { home, record, reason, deliveries, returns }: Burial): void {
    const { message } = record;
    home.take(record.position);
    change.remove(home, record, returns);
    const { deadLetter } = home.policy;
    if (deadLetter.kind === 'none' || home.deadLettersRefused || goesRound(home, message.death, reason)) {
      this.#dropped(home.key.queue, reason);
      return;
    }
    const death = this.#deathOf(message, home.key.queue, reason, deliveries);
    if (deadLetter.kind === 'topic') {
      const publication = this.#copy(message.publication, deadLetter.topic);
      change.afterwards(() => this.context.publishDead(publication, death));
      return;
    }
    // Whoever consumes a queue gets all of it: what was for some only has no place there.
    const isForAll = message.publication.audience === undefined;
    const target = isForAll && this.#chain < LONGEST_CHAIN ? this.table.open(deadLetter.name) : undefined;
    if (!target || 'code' in target || !this.#makeRoom(change, target, message.publication)) {
      this.#dropped(home.key.queue, reason);
      return;
    }
    const ttl = target.policy.messageTtlMs;
    // Over at once, it might go round many queues in one run.
    const expiresAt = ttl === undefined ? undefined : death.at + Math.max(ttl, 1);
    const publication = this.#copy(message.publication, deadLetter.name, expiresAt);
    const band = bandOf(record.position) % DELAYED_BAND;
    change.put(target, band, { publication, deliveries: 0, redelivered: false, death }, expiresAt);
  }

  /** Plans room for a message in a queue that drops its oldest. Tells whether there is room then. */
  #makeRoom(change: Change, target: Queue, publication: Publication): boolean {
    this.#chain += 1;
    const room = makeRoom(this.context, change, target, publication.size);
    this.#chain -= 1;
    return room;
  }

  #deathOf(message: QueueMessage, queue: string, reason: DeathReason, deliveries: number): Death {
    const { death } = message;
    const first =
      death === undefined ? undefined : (death.first ?? { reason: death.reason, queue: death.queue });
    return { reason, queue, deliveries, at: this.context.clock.wallTime(), first };
  }

  /** The same for another address: without its expiry, or it would die there at once. */
  #copy(from: Publication, topic: string, expiresAt?: number): Publication {
    const { id, payload, headers, audience, publisher, origin, publishedAt } = from;
    const content = { topic, payload, headers, audience, expiresAt };
    return new Publication(id, content, publisher, origin, publishedAt);
  }

  #dropped(queue: string, reason: DeathReason): void {
    const { realm, instrumentation } = this.context;
    instrumentation.count('queue_messages_dropped');
    instrumentation.event('queue_message_dropped', { realm, queue, reason });
  }
}

/**
 * Whether a message comes back to where it died before without anybody having rejected it: it would go round for ever, as fast
 * as the queues let it. As in RabbitMQ it is thrown away then.
 */
function goesRound({ key, binding, policy }: Home, death: Death | undefined, reason: DeathReason): boolean {
  const { deadLetter } = policy;
  const target = deadLetter.kind === 'queue' ? deadLetter.name : undefined;
  if (!isByItself(reason)) return false;
  if (target === key.queue) return true;
  if (death === undefined || !isByItself(death.reason)) return false;
  // A dead letter that was published, and has come to a durable subscription: the next one may be the same again.
  if (binding !== undefined || target === death.queue) return true;
  return death.first !== undefined && isByItself(death.first.reason) && target === death.first.queue;
}

function isByItself(reason: DeathReason): boolean {
  return reason === 'expired' || reason === 'maxlen';
}

/** Whether a message of that size fits; a queue that drops its oldest plans to do so. */
export function makeRoom(context: QueueContext, change: Change, queue: Queue, size: number): boolean {
  const { maxMessages, maxBytes, overflow } = queue.policy;
  if (size > maxBytes || maxMessages < 1) return false;
  let waiting: Generator<QueueRecord, undefined> | undefined;
  while (queue.messages + 1 > maxMessages || queue.bytes + size > maxBytes) {
    if (overflow !== 'drop-head') return false;
    waiting ??= queue.window.oldestOfLowest();
    const oldest = nextOf(context, waiting);
    if (oldest === undefined) return false;
    const { deliveries } = oldest.message;
    context.bury(change, { home: queue, record: oldest, reason: 'maxlen', deliveries, returns: true });
  }
  return true;
}

function nextOf(context: QueueContext, waiting: Generator<QueueRecord, undefined>): QueueRecord | undefined {
  try {
    return waiting.next().value;
  } catch (error) {
    refusalOfStore(context, error);
    return undefined;
  }
}
