/** Where messages go that a queue gives up. */
export type DeadLetterTarget =
  | { readonly kind: 'queue'; readonly name: string }
  | { readonly kind: 'topic'; readonly topic: string }
  /** They are thrown away, counted. */
  | { readonly kind: 'none' };

/** How a queue treats its messages and consumers. */
export interface QueuePolicy {
  /** Survives a restart, if the broker has a durable store. Default true. */
  readonly durable: boolean;
  /** Messages that it may hold, delivered and not yet acknowledged ones too. Default: `queueMessages` of the limits. */
  readonly maxMessages: number;
  /** Bytes of payloads and headers that it may hold. Default: `queueBytes` of the limits. */
  readonly maxBytes: number;
  /** What happens to a message that does not fit: it is refused (default), or the oldest makes room (`maxlen`). */
  readonly overflow: 'reject-publish' | 'drop-head';
  /** The longest that a message may wait, in ms; undefined for ever (default). */
  readonly messageTtlMs: number | undefined;
  /** The queue is deleted after so long without consumers, in ms; undefined never (default). */
  readonly expiresMs: number | undefined;
  /** The queue is deleted, messages and all, when its last consumer has left. Default false. */
  readonly autoDelete: boolean;
  /** One consumer at a time gets messages: the one of the highest priority that came first. Default false. */
  readonly singleActive: boolean;
  /** How often a message is delivered before it is given up. Default 20. */
  readonly maxDeliveries: number;
  /** Default: the queue `<name>.dead`; for a queue whose name ends in `.dead`: none, and no `maxDeliveries`. */
  readonly deadLetter: DeadLetterTarget;
}

/** What a client may ask for in the headers of its SUBSCRIBE; must agree with the queue if it exists. */
export type QueueArguments = Partial<QueuePolicy>;

/** What the configuration says about the queues that a pattern matches; the first rule that matches counts. */
export interface QueueRule extends Partial<QueuePolicy> {
  /**
   * Words joined by dots; `*` stands for one word, `#` for any number. A queue whose name ends in `.dead` is meant only if this
   * ends in `.dead` too.
   */
  readonly match: string;
  /** Whether clients may say more about such a queue (the headers of `docs/stomp.md`). Default true. */
  readonly clientArguments?: boolean;
}
