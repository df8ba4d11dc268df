import type { Pattern } from './address.js';
import { queueAddress } from './address.js';
import type { Question } from './admission.js';
import type { BatchItem } from './batch.js';
import type { ConsumeCommand } from './queues/consumer.js';

/** An item of a batch that can be examined before its time. */
export type Examined = Exclude<BatchItem, { readonly kind: 'settle' }>;

/** What an item of a batch, or the command in it, wants to do. */
export function questionOf(item: Examined): Question {
  const address = item.kind === 'publish' ? item.command.topic : queueAddress(item.command.queue);
  return { action: 'publish', pattern: exact(address), disclose: item.command.disclose === true };
}

/** What a consumer wants to do; whoever names where dead letters go, sends them there. */
export function consumeQuestions(command: ConsumeCommand, binding: Pattern | undefined): readonly Question[] {
  const questions: Question[] =
    binding === undefined
      ? [{ action: 'consume', pattern: exact(queueAddress(command.queue)), disclose: false }]
      : [{ action: 'subscribe', pattern: binding, disclose: false }];
  const target = command.arguments?.deadLetter;
  if (target !== undefined && target.kind !== 'none') {
    const address = target.kind === 'queue' ? queueAddress(target.name) : target.topic;
    questions.push({ action: 'publish', pattern: exact(address), disclose: false });
  }
  return questions;
}

/** Whether a client may give a queue that name: those that begin with `#` are the broker's own. */
export function isQueueName(name: string): boolean {
  return name !== '' && !name.startsWith('#');
}

function exact(text: string): Pattern {
  return { match: 'exact', text };
}
