import type { Refusal } from '../errors.js';
import type { Death, QueueMessage } from '../ports/queue-store.js';
import { DELAYED_BAND } from '../ports/queue-store.js';
import { Publication } from '../publication.js';
import type { Change } from './change.js';
import type { EnqueueCommand } from './consumer.js';
import { makeRoom } from './dead-letters.js';
import { bandOfPriority } from './positions.js';
import type { QueueContext } from './queue-context.js';
import type { Receiver } from './queue-consumer.js';
import type { Verdict } from './producers.js';
import type { QueueTable } from './queue-table.js';

/** How messages come into queues: sent to one, or published to a topic that durable subscriptions are bound to. */
export class Enqueuing {
  constructor(
    private readonly context: QueueContext,
    private readonly table: QueueTable,
  ) {}

  /** Plans to put a message into a queue, or says why it cannot be. */
  plan(by: Receiver, command: EnqueueCommand, change: Change): Publication | Refusal {
    const queue = this.table.open(command.queue);
    if ('code' in queue) return queue;
    const now = this.context.clock.wallTime();
    const delayed = command.deliverAt !== undefined && command.deliverAt > now;
    const expiresAt = earliest(
      command.expiresAt,
      queue.policy.messageTtlMs,
      delayed ? command.deliverAt! : now,
    );
    const { payload, headers, spelling, passthru } = command;
    const publication = new Publication(
      this.context.ids.id(),
      { topic: command.queue, payload, headers, spelling, expiresAt, passthru },
      command.disclose === true ? by.identity : undefined,
      by.origin,
      now,
    );
    if (!makeRoom(this.context, change, queue, publication.size)) return queueFull(command.queue);
    if (command.producer !== undefined) this.table.producers.plan(by, command.producer, queue, change);
    const band = bandOfPriority(command.priority);
    if (delayed) {
      const dueAt = Math.min(command.deliverAt!, expiresAt ?? Number.POSITIVE_INFINITY);
      change.put(queue, DELAYED_BAND + band, fresh(publication), dueAt);
    } else change.put(queue, band, fresh(publication), expiresAt);
    return publication;
  }

  /** What is known of a numbered message; one without a number is new. */
  verdictOf(by: Receiver, { producer }: EnqueueCommand): Verdict {
    return producer === undefined ? 'new' : this.table.producers.verdictOf(by, producer);
  }

  /** Plans to put an event, or a dead letter, into the queues of the durable subscriptions that match. */
  bind(from: Receiver | undefined, event: Publication, change: Change, death?: Death): void {
    this.table.subscriptions.match(event, from, (queue) => {
      const publication = until(event, queue.policy.messageTtlMs);
      if (makeRoom(this.context, change, queue, publication.size)) {
        const { expiresAt } = publication;
        change.put(queue, bandOfPriority(undefined), { ...fresh(publication), death }, expiresAt);
        return;
      }
      // It fits in no way: the publisher is not to blame, and the others are not to suffer.
      const { realm, instrumentation } = this.context;
      instrumentation.count('queue_messages_dropped');
      instrumentation.event('queue_message_dropped', { realm, queue: queue.key.queue, reason: 'maxlen' });
    });
  }

  /** What would keep a message out of a queue for ever. */
  faultOf(command: EnqueueCommand): Refusal | undefined {
    const known = this.table.find(command.queue)?.policy;
    const policy =
      known ?? this.table.policies.policyOf(command.queue, { arguments: {}, binding: undefined });
    return command.payload.size > policy.maxBytes ? queueFull(command.queue) : undefined;
  }
}

function fresh(publication: Publication): QueueMessage {
  return { publication, deliveries: 0, redelivered: false, death: undefined };
}

/** The same event, given up after so long at the latest. */
function until(event: Publication, ttlMs: number | undefined): Publication {
  return ttlMs === undefined ? event : event.until(earliest(event.expiresAt, ttlMs, event.publishedAt));
}

function earliest(
  expiresAt: number | undefined,
  ttlMs: number | undefined,
  from: number,
): number | undefined {
  if (ttlMs === undefined) return expiresAt;
  return Math.min(expiresAt ?? Number.POSITIVE_INFINITY, from + ttlMs);
}

function queueFull(queue: string): Refusal {
  return { code: 'queue_full', reason: `The queue ${queue} is full.` };
}
