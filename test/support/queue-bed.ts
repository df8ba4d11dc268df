import type {
  Batch,
  BatchItem,
  Consumer,
  ConsumeCommand,
  Delivery,
  EnqueueCommand,
  Settlement,
  SettlementVerdict,
} from '../../src/broker/index.js';
import { Payload } from '../../src/broker/index.js';
import type { RecordingEndpoint } from '../../src/testing/index.js';

type Wishes<T> = Partial<Omit<T, 'queue' | 'payload'>>;

/** A command that puts a text into a queue. */
export function message(queue: string, body: string, more: Wishes<EnqueueCommand> = {}): EnqueueCommand {
  return { queue, payload: Payload.ofBody(Buffer.from(body), 'text/plain'), ...more };
}

/** Puts a text into a queue; the success is told. */
export function send(
  who: RecordingEndpoint,
  queue: string,
  body: string,
  more: Wishes<EnqueueCommand> = {},
): Promise<void> | undefined {
  return who.attachment.enqueue({}, message(queue, body, more), true);
}

/** Consumes a queue under its own name, settling explicitly. */
export function consume(
  who: RecordingEndpoint,
  queue: string,
  more: Wishes<ConsumeCommand> = {},
): Promise<void> | undefined {
  return who.attachment.consume({}, { key: queue, queue, settling: 'explicit', ...more });
}

/** Ends a consumer by its key. */
export function release(who: RecordingEndpoint, consumer: Consumer, forget = false): void {
  who.attachment.release({}, consumer, forget);
}

/** Settles deliveries, one verdict for all. */
export function settle(
  who: RecordingEndpoint,
  verdict: SettlementVerdict,
  deliveries: readonly Delivery[],
  acknowledge = false,
): void {
  who.attachment.settle(
    {},
    deliveries.map((delivery): Settlement => ({ delivery, verdict })),
    acknowledge,
  );
}

/** Commits a batch of items. */
export function commit(who: RecordingEndpoint, ...items: readonly BatchItem[]): Promise<void> | undefined {
  const batch: Batch = items;
  return who.attachment.commit({}, batch);
}

/** An item of a batch: a message for a queue. */
export function put(queue: string, body: string, more: Wishes<EnqueueCommand> = {}): BatchItem {
  return { kind: 'enqueue', command: message(queue, body, more) };
}

/** An item of a batch: a settlement. */
export function settlement(delivery: Delivery, verdict: SettlementVerdict = 'ack'): BatchItem {
  return { kind: 'settle', settlement: { delivery, verdict } };
}

/** What a consumer was given so far, as texts, with ` again` for what was redelivered; and forgets it. */
export function takeBodies(who: RecordingEndpoint): string[] {
  return who
    .take()
    .filter((told) => told.startsWith('consumed '))
    .map((told) => told.split(' ').slice(2).join(' '));
}
