import type { Pattern } from './address.js';
import { canonicalPattern } from './address.js';
import type { Admission, Applicant, Question } from './rights/admission.js';
import type { Batch } from './batch.js';
import type { Refusal } from './errors.js';
import type { Decision } from './ports/authorizer.js';
import { refusal } from './rights/permissions.js';
import type { Examined } from './rights/queue-questions.js';
import { consumeQuestions, isQueueName, questionOf } from './rights/queue-questions.js';
import type { ConsumeCommand, Consumer, EnqueueCommand, Settlement } from './queues/consumer.js';
import type { Receiver } from './queues/queue-consumer.js';
import type { Queues } from './queues/queues.js';
import type { Request } from './request.js';

/** Chooses among the topics of a pattern where the decision on it is none on each of them. */
interface Filters {
  filter(decision: Decision, pattern: Pattern): ((topic: string) => boolean) | undefined;
}

/** The commands of one attachment for queues, and for batches with queues in them, on their way through the admission. */
export class QueueDoor {
  constructor(
    /** Undefined if the broker keeps no queues. */
    private readonly queues: Queues | undefined,
    private readonly admission: Admission,
    private readonly by: Applicant & Receiver & { readonly rights: Filters },
  ) {}

  enqueue(request: Request, command: EnqueueCommand, acknowledge: boolean): Promise<void> | undefined {
    return this.admission.gated(request, () => {
      const { action, pattern, disclose } = questionOf({ kind: 'enqueue', command });
      const fault = this.#faultOfMessage(command) ?? this.admission.faultOf(pattern, true);
      if (fault !== undefined) return this.by.refuse(request, fault);
      return this.admission.decided(request, action, pattern, disclose, () => {
        this.queues?.enqueue(this.by, request, command, acknowledge);
        return undefined;
      });
    });
  }

  consume(request: Request, command: ConsumeCommand): Promise<void> | undefined {
    const binding = command.binding === undefined ? undefined : canonicalPattern(command.binding);
    const questions = consumeQuestions(command, binding);
    const fault = this.#faultOfConsumer(command) ?? this.#faultOfAll(questions);
    if (fault !== undefined) return this.by.refuse(request, fault);
    return this.admission.allDecided(request, questions, ([decision]) => {
      const sees = binding && decision && this.by.rights.filter(decision, binding);
      this.queues?.consume(this.by, request, { ...command, binding, sees });
      return undefined;
    });
  }

  release(request: Request, consumer: Consumer | undefined, forget: boolean): void {
    if (this.queues === undefined) this.by.refuse(request, NO_QUEUES);
    else this.queues.release(this.by, request, consumer, forget);
  }

  settle(request: Request, settlements: readonly Settlement[], acknowledge: boolean): void {
    if (this.queues === undefined) this.by.refuse(request, NO_QUEUES);
    else this.queues.settle(this.by, request, settlements, acknowledge);
  }

  examine(request: Request, item: Examined): Promise<void> | undefined {
    const question = questionOf(item);
    const fault = this.#faultOfItem(item, question);
    if (fault !== undefined) return this.by.refuse(request, fault);
    return this.admission.allDecided(request, [question], () => undefined);
  }

  /** Asks for all items of a batch, and goes on if all may be done. */
  commit(
    request: Request,
    batch: Batch,
    go: (admitted: Batch) => Promise<void> | undefined,
  ): Promise<void> | undefined {
    return this.admission.gated(request, () => {
      const questions: Question[] = [];
      for (const item of batch) {
        if (item.kind === 'settle') continue;
        const question = questionOf(item);
        const fault = this.#faultOfItem(item, question);
        if (fault !== undefined) return this.by.refuse(request, fault);
        questions.push(question);
      }
      return this.admission.allDecided(request, questions, (decisions) => go(stamped(batch, decisions)));
    });
  }

  #faultOfItem(item: Examined, { pattern }: Question): Refusal | undefined {
    const fault = item.kind === 'enqueue' ? this.#faultOfMessage(item.command) : undefined;
    return fault ?? this.admission.faultOf(pattern, true);
  }

  #faultOfMessage(command: EnqueueCommand): Refusal | undefined {
    if (this.queues === undefined) return NO_QUEUES;
    return isQueueName(command.queue) ? this.queues.examine(command) : NO_QUEUE_NAME;
  }

  #faultOfConsumer({ queue, binding }: ConsumeCommand): Refusal | undefined {
    if (this.queues === undefined) return NO_QUEUES;
    return binding === undefined && !isQueueName(queue) ? NO_QUEUE_NAME : undefined;
  }

  #faultOfAll(questions: readonly Question[]): Refusal | undefined {
    for (const { action, pattern } of questions) {
      const fault = this.admission.faultOf(pattern, action === 'publish');
      if (fault !== undefined) return fault;
    }
    return undefined;
  }
}

/** The batch with what the authorizer says of who publishes; the decisions are those of its items that were asked about. */
function stamped(batch: Batch, decisions: readonly Decision[]): Batch {
  if (decisions.every(({ trustlevel }) => trustlevel === undefined)) return batch;
  let asked = 0;
  return batch.map((item) => {
    if (item.kind === 'settle') return item;
    const trustlevel = decisions[asked++]?.trustlevel;
    return item.kind === 'enqueue' ? item : { ...item, command: { ...item.command, trustlevel } };
  });
}

const NO_QUEUES = refusal('unavailable', 'This broker keeps no queues.');
const NO_QUEUE_NAME = refusal('invalid_address', 'This is no name of a queue.');
