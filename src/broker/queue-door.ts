import { canonicalPattern } from './address.js';
import type { Admission, Applicant, Question } from './admission.js';
import type { Batch } from './batch.js';
import type { Refusal } from './errors.js';
import { refusal } from './permissions.js';
import type { Examined } from './queue-questions.js';
import { consumeQuestions, isQueueName, questionOf } from './queue-questions.js';
import type { ConsumeCommand, Consumer, EnqueueCommand, Settlement } from './queues/consumer.js';
import type { Receiver } from './queues/queue-consumer.js';
import type { Queues } from './queues/queues.js';
import type { Request } from './request.js';

/** The commands of one attachment for queues, and for batches with queues in them, on their way through the admission. */
export class QueueDoor {
  constructor(
    /** Undefined if the broker keeps no queues. */
    private readonly queues: Queues | undefined,
    private readonly admission: Admission,
    private readonly by: Applicant & Receiver,
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
    return this.admission.allDecided(request, questions, () => {
      this.queues?.consume(this.by, request, { ...command, binding });
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
  commit(request: Request, batch: Batch, go: () => Promise<void> | undefined): Promise<void> | undefined {
    return this.admission.gated(request, () => {
      const questions: Question[] = [];
      for (const item of batch) {
        if (item.kind === 'settle') continue;
        const question = questionOf(item);
        const fault = this.#faultOfItem(item, question);
        if (fault !== undefined) return this.by.refuse(request, fault);
        questions.push(question);
      }
      return this.admission.allDecided(request, questions, go);
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

const NO_QUEUES = refusal('unavailable', 'This broker keeps no queues.');
const NO_QUEUE_NAME = refusal('invalid_address', 'This is no name of a queue.');
