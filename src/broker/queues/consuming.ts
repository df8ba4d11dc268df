import type { Refusal } from '../errors.js';
import type { Request } from '../request.js';
import { Browsing } from './browsing.js';
import { Change } from './change.js';
import type { AdmittedConsume, ConsumeCommand, Consumer } from './consumer.js';
import { durableQueueName } from './durable-names.js';
import type { Binding, Definition, Owner } from './policies.js';
import { disagreement, mismatch } from './policies.js';
import type { Origin } from '../publication.js';
import { Queue } from './queue.js';
import type { QueueArguments } from './queue-policy.js';
import type { QueueContext } from './queue-context.js';
import type { Receiver } from './queue-consumer.js';
import { QueueConsumer } from './queue-consumer.js';
import type { QueueTable } from './queue-table.js';
import type { Settlements } from './settlements.js';
import { Together } from './settlements.js';

/** How consumers come and go. All within runs. */
export class Consuming {
  /** Consumers of all attachments, browsing ones too. */
  count = 0;

  constructor(
    private readonly context: QueueContext,
    private readonly table: QueueTable,
    private readonly settlements: Settlements,
  ) {}

  /** Adds a consumer to a queue, which is made if it is not there. */
  consume(by: Receiver, request: Request, command: AdmittedConsume): void {
    const change = new Change();
    const queue = this.#faultOf(by, command) ?? this.#queueFor(by, command, change);
    if ('code' in queue) {
      by.answer(request, { kind: 'refused', ...queue });
      return;
    }
    const { credit, maxCredit } = this.context.limits;
    const granted = Math.min(Math.max(Math.trunc(command.credit ?? credit), 1), maxCredit);
    const consumer = new QueueConsumer(command, by, queue, granted);
    by.consumers.set(command.key, consumer);
    this.count += 1;
    if (command.browse === true) this.#browse(consumer, queue, request);
    else this.#begin(consumer, queue, request, change);
  }

  /** Ends a consumer; what it has not settled goes back. `forget`: a durable subscription ends for good. */
  release(by: Receiver, request: Request, consumer: QueueConsumer, forget: boolean): void {
    const { home } = consumer;
    const together = new Together((fault) => {
      by.answer(request, fault === undefined ? { kind: 'released' } : { kind: 'refused', ...fault });
    });
    this.#end([consumer], 'release', together);
    if (forget && home instanceof Queue && home.binding !== undefined && !home.gone) {
      const change = new Change();
      this.table.delete(home, change);
      change.commit(this.context, together.part());
    }
    together.end();
    by.burden.relieve();
    home.dispatch();
  }

  /** Takes a consumer from somebody who may not have it any more; what it has not settled goes back, and that is not counted. */
  revoke(consumer: QueueConsumer, why: Refusal): void {
    const { receiver, home, awaiting } = consumer;
    const together = new Together(() => {});
    this.#end([consumer], 'release', together);
    together.end();
    receiver.burden.relieve();
    if (home instanceof Queue && home.binding !== undefined) home.suspended = true;
    if (awaiting) consumer.lost = why;
    else receiver.revoked(consumer, why);
    home.dispatch();
  }

  /** Ends all consumers of somebody who has left; what they have not settled goes back: counted, unless all have to leave. */
  leave(by: Receiver): void {
    const consumers = [...by.consumers.values()];
    const together = new Together(() => {});
    this.#end(consumers, this.context.stopped ? 'release' : 'requeue', together);
    together.end();
    for (const { home } of consumers) home.dispatch();
  }

  #faultOf(by: Receiver, command: ConsumeCommand): Refusal | undefined {
    if (by.consumers.has(command.key) || by.subscriptions.has(command.key)) return KEY_IN_USE;
    const { subscriptions } = this.context.limits;
    if (by.consumers.size + by.subscriptions.size < subscriptions) return undefined;
    return { code: 'limit_exceeded', reason: `A session may have ${subscriptions} subscriptions.` };
  }

  /** The queue that is meant, made if it has to be, or why it is not for this consumer. */
  #queueFor(by: Receiver, command: AdmittedConsume, change: Change): Queue | Refusal {
    const { arguments: asked = {} } = command;
    const { authid } = by.identity;
    const binding = bindingOf(by, command);
    // Nobody who logs in as `anonymous` is one of those without a login.
    const owner = by.origin.principal.authmethod === 'anonymous' ? '' : authid;
    const name = binding === undefined ? command.queue : durableQueueName(owner, command.queue);
    const definition = { arguments: asked, binding, deadLetterOwner: deadLetterOwnerOf(by, asked) };
    const fault = this.table.policies.faultOf(name, definition);
    if (fault !== undefined) return fault;
    const queue = this.table.find(name);
    if (queue !== undefined) {
      const unfit = queueFault(queue, command, definition);
      if (unfit === undefined && binding !== undefined) takeUp(queue, binding);
      return unfit ?? queue;
    }
    if (command.browse === true) return this.table.imagine(name);
    const { durableSubscriptions } = this.context.limits;
    if (binding !== undefined && this.table.subscriptions.heldBy(authid) >= durableSubscriptions) {
      const reason = `There may be ${durableSubscriptions} durable subscriptions of one name.`;
      return { code: 'limit_exceeded', reason };
    }
    const declared = binding !== undefined || Object.values(asked).some((value) => value !== undefined);
    return this.table.make(name, definition, declared ? change : undefined);
  }

  #begin(consumer: QueueConsumer, queue: Queue, request: Request, change: Change): void {
    const { receiver } = consumer;
    consumer.awaiting = true;
    queue.add(consumer);
    change.commit(this.context, (fault) => {
      if (fault !== undefined) {
        if (consumer.active) this.#drop(consumer, queue);
        receiver.answer(request, { kind: 'refused', ...fault });
        return;
      }
      consumer.awaiting = false;
      if (consumer.lost !== undefined) receiver.answer(request, { kind: 'refused', ...consumer.lost });
      if (!consumer.active) return;
      receiver.answer(request, { kind: 'consuming', consumer });
      // Whoever has no use for it any more has let go of it by then.
      this.context.run(() => {
        queue.wake(consumer);
        queue.dispatch();
      });
    });
  }

  /** The queue could not be made. */
  #drop(consumer: QueueConsumer, queue: Queue): void {
    const together = new Together(() => {});
    this.#end([consumer], 'release', together);
    together.end();
    if (queue.consumers.length === 0) this.table.withdraw(queue);
  }

  #browse(consumer: QueueConsumer, queue: Queue, request: Request): void {
    const { receiver } = consumer;
    const browsing = new Browsing(this.context, queue, consumer, (why) => {
      this.#over(consumer);
      if (why === undefined) receiver.exhausted(consumer);
      else receiver.revoked(consumer, why);
    });
    consumer.browse = browsing.proceed;
    receiver.answer(request, { kind: 'consuming', consumer });
    browsing.proceed();
  }

  /** Ends consumers, and then what nobody is left for. */
  #end(consumers: readonly QueueConsumer[], verdict: 'release' | 'requeue', together: Together): void {
    const change = new Change();
    for (const consumer of consumers) {
      this.#over(consumer);
      for (const delivery of consumer.unsettled) this.settlements.settle(delivery, verdict, change, together);
      if (consumer.home instanceof Queue) consumer.home.remove(consumer);
    }
    change.commit(this.context, together.part());
    for (const { home, browse } of consumers)
      if (home instanceof Queue && browse === undefined) this.table.left(home);
  }

  #over(consumer: QueueConsumer): void {
    consumer.active = false;
    consumer.receiver.burden.forget(consumer);
    consumer.pause?.cancel();
    consumer.pause = undefined;
    if (consumer.receiver.consumers.delete(consumer.key)) this.count -= 1;
  }
}

/** What binds a durable subscription to topics, and to whom it belongs now. */
function bindingOf({ origin }: Receiver, { binding: pattern, sees }: AdmittedConsume): Binding | undefined {
  if (pattern === undefined) return undefined;
  return { pattern, ...ownerOf(origin), filtered: sees === undefined ? undefined : true };
}

function ownerOf({ principal: { authid, authrole, authmethod, authprovider } }: Origin): Owner {
  return { authid, authrole, authmethod, authprovider };
}

/** Who says where dead letters go, if that is said. */
function deadLetterOwnerOf({ origin }: Receiver, { deadLetter }: QueueArguments): Owner | undefined {
  return deadLetter === undefined || deadLetter.kind === 'none' ? undefined : ownerOf(origin);
}

/** Its owner is back, and was asked about. */
function takeUp(queue: Queue, binding: Binding): void {
  queue.binding = binding;
  queue.suspended = false;
}

/** Why a queue that exists is not for this consumer, if it is not. */
function queueFault(
  queue: Queue,
  command: ConsumeCommand,
  { arguments: asked, binding }: Definition,
): Refusal | undefined {
  const disagrees = disagreement(queue.policy, asked);
  if (disagrees !== undefined) return disagrees;
  if (binding !== undefined && queue.binding !== undefined) {
    const { match, text } = queue.binding.pattern;
    if (match !== binding.pattern.match || text !== binding.pattern.text) return OTHER_TOPIC;
    if (queue.consumers.length > 0) return SUBSCRIPTION_IN_USE;
  }
  if (command.browse === true) return undefined;
  const [first] = queue.consumers;
  if (first === undefined || (command.exclusive !== true && !first.exclusive)) return undefined;
  return QUEUE_IN_USE;
}

/** Whether a consumer belongs to an attachment and is in force. */
export function isOwn(consumer: Consumer | undefined, by: Receiver): consumer is QueueConsumer {
  return consumer instanceof QueueConsumer && consumer.receiver === by && consumer.active;
}

const KEY_IN_USE: Refusal = { code: 'queue_in_use', reason: 'The consumer exists already.' };
const QUEUE_IN_USE: Refusal = {
  code: 'queue_in_use',
  reason: 'The queue has another consumer, and one of them is exclusive.',
};
const SUBSCRIPTION_IN_USE: Refusal = { code: 'queue_in_use', reason: 'The durable subscription is in use.' };
const OTHER_TOPIC: Refusal = mismatch('The durable subscription exists for other topics.');
