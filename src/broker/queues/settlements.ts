import type { DeathReason } from '../ports/queue-store.js';
import { Change } from './change.js';
import type { Told } from './change.js';
import type { SettlementVerdict } from './consumer.js';
import type { QueueContext } from './queue-context.js';
import type { QueueConsumer, QueueDelivery } from './queue-consumer.js';
import { returned } from './queue-consumer.js';

/** The first pause of a consumer that cannot take messages now, in ms; each further one is twice as long, up to the longest. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
/** So many messages in a row may be given back at once before that counts as not being able to. */
const RETURNS_BEFORE_PAUSE = 10;

/** Tells one outcome of several changes, when the last of them has been told. */
export class Together {
  #open = 1;
  #fault: Parameters<Told>[0];

  constructor(private readonly told: Told) {}

  /** One more to wait for. */
  part(): Told {
    this.#open += 1;
    return (fault) => {
      this.#fault ??= fault;
      this.end();
    };
  }

  /** There will be no more parts. */
  end(): void {
    this.#open -= 1;
    if (this.#open === 0) this.told(this.#fault);
  }
}

/** A settlement that waits for its batch. */
export interface PlannedSettlement {
  done(): void;
  undone(): void;
}

/** What becomes of messages that were given to consumers. */
export class Settlements {
  constructor(private readonly context: QueueContext) {}

  /** Settles one delivery; what is stored of it is planned in `change`, or, if the message is given up, begun at once. */
  settle(delivery: QueueDelivery, verdict: SettlementVerdict, change: Change, together: Together): void {
    const { consumer, record } = delivery;
    const { home } = consumer;
    this.#close(delivery);
    const deliveries = countOf(delivery, verdict);
    const reason = deathOf(delivery, verdict, deliveries);
    if (reason !== undefined) {
      const death = new Change();
      const message = returned(record.message, deliveries);
      this.context.bury(death, { home, record: { ...record, message }, reason, deliveries, returns: true });
      const told = together.part();
      death.commit(this.context, (fault) => {
        // Without room for the dead letter the message waits again, and whoever has rejected it waits a little.
        if (fault !== undefined) this.#pause(consumer);
        told(fault);
        this.context.run(() => death.dispatch());
      });
    } else if (verdict === 'ack') {
      change.remove(home, record, false);
    } else {
      home.putBack({ ...record, message: returned(record.message, deliveries) });
      change.giveBack(home, record.position, deliveries);
    }
    this.#judge(consumer, verdict);
    home.wake(consumer);
  }

  /** Plans a settlement as part of a batch: nobody sees anything of it before the batch is made. */
  plan(delivery: QueueDelivery, verdict: SettlementVerdict, change: Change): PlannedSettlement {
    const { consumer, record } = delivery;
    const { home } = consumer;
    this.#close(delivery);
    const deliveries = countOf(delivery, verdict);
    const reason = deathOf(delivery, verdict, deliveries);
    const message = returned(record.message, deliveries);
    if (reason !== undefined) {
      this.context.bury(change, { home, record: { ...record, message }, reason, deliveries, returns: false });
    } else if (verdict === 'ack') change.remove(home, record, false);
    else change.giveBack(home, record.position, deliveries);
    return {
      done: () => {
        if (reason === undefined && verdict !== 'ack') home.putBack({ ...record, message });
        this.#judge(consumer, verdict);
        home.wake(consumer);
      },
      undone: () => this.#reopen(delivery),
    };
  }

  #close(delivery: QueueDelivery): void {
    delivery.settled = true;
    delivery.consumer.unsettled.delete(delivery);
    delivery.consumer.receiver.burden.remove(delivery.publication.size);
    this.context.deliveries -= 1;
  }

  /** The batch was refused: the message is with its consumer as before, or goes back if that has left. */
  #reopen(delivery: QueueDelivery): void {
    const { consumer } = delivery;
    delivery.settled = false;
    consumer.unsettled.add(delivery);
    consumer.receiver.burden.add(delivery.publication.size);
    this.context.deliveries += 1;
    if (consumer.active) return;
    const change = new Change();
    const together = new Together(() => {});
    this.settle(delivery, 'requeue', change, together);
    change.commit(this.context, together.part());
    together.end();
    this.context.run(() => change.dispatch());
  }

  /** A consumer that gives messages back gets the next ones a little later. */
  #judge(consumer: QueueConsumer, verdict: SettlementVerdict): void {
    if (verdict === 'ack' || verdict === 'reject') {
      consumer.returnsInRow = 0;
      consumer.pauseMs = 0;
      return;
    }
    consumer.returnsInRow += 1;
    if (verdict === 'release' || consumer.returnsInRow > RETURNS_BEFORE_PAUSE) this.#pause(consumer);
  }

  #pause(consumer: QueueConsumer): void {
    if (!consumer.active || consumer.pause !== undefined) return;
    consumer.pauseMs = Math.min(Math.max(2 * consumer.pauseMs, FIRST_PAUSE_MS), LONGEST_PAUSE_MS);
    consumer.pause = this.context.timers.schedule(consumer.pauseMs, () =>
      this.context.run(() => {
        consumer.pause = undefined;
        consumer.proceed();
      }),
    );
  }
}

/** How often the message has been delivered and counted after that. */
function countOf({ record }: QueueDelivery, verdict: SettlementVerdict): number {
  return record.message.deliveries + (verdict === 'release' ? 0 : 1);
}

/** Why the message is given up, if it is. */
function deathOf(
  { consumer }: QueueDelivery,
  verdict: SettlementVerdict,
  deliveries: number,
): DeathReason | undefined {
  if (verdict === 'reject') return 'rejected';
  const tooOften = verdict === 'requeue' && deliveries >= consumer.home.policy.maxDeliveries;
  return tooOften ? 'delivery-limit' : undefined;
}
