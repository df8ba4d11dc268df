import type { Pattern } from '../address.js';
import { queueAddress } from '../address.js';
import type { Question } from './admission.js';
import type { BatchItem } from '../batch.js';
import type { ConsumeCommand } from '../queues/consumer.js';
import type { DeadLetterTarget } from '../queues/queue-policy.js';

/** An item of a batch that can be examined before its time. */
export type Examined = Exclude<BatchItem, { readonly kind: 'settle' }>;

/** What an item of a batch, or the command in it, wants to do. */
export function questionOf(item: Examined): Question {
  const address = item.kind === 'publish' ? item.command.topic : queueAddress(item.command.queue);
  return { action: 'publish', pattern: exact(address), disclose: item.command.disclose === true };
}

/** What a consumer wants to do; whoever names where dead letters go, sends them there. */
export function consumeQuestions(command: ConsumeCommand, binding: Pattern | undefined): readonly Question[] {
  const questions = [consumerQuestion({ queue: command.queue, binding })];
  const target = deadLetterQuestion(command.arguments?.deadLetter);
  if (target !== undefined) questions.push(target);
  return questions;
}

/** What sending dead letters there needs a right for. */
export function deadLetterQuestion(target: DeadLetterTarget | undefined): Question | undefined {
  if (target === undefined || target.kind === 'none') return undefined;
  const address = target.kind === 'queue' ? queueAddress(target.name) : target.topic;
  return { action: 'publish', pattern: exact(address), disclose: false };
}

/** What a consumer that is in force needs a right for. */
export function consumerQuestion({
  queue,
  binding,
}: {
  queue: string;
  binding: Pattern | undefined;
}): Question {
  return binding === undefined
    ? { action: 'consume', pattern: exact(queueAddress(queue)), disclose: false }
    : { action: 'subscribe', pattern: binding, disclose: false };
}

/** Whether a client may give a queue that name: those that begin with `#` are the broker's own. */
export function isQueueName(name: string): boolean {
  return name !== '' && !name.startsWith('#');
}

function exact(text: string): Pattern {
  return { match: 'exact', text };
}
