import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Ledger, Taker } from './ledger.js';
import { messageOf, textOf } from './message.js';
import type { Delivery, Peer } from './peer.js';

/** Keeps a number of messages in flight, as fast as they are confirmed, until it is stopped. */
export class Producer {
  #sequence = 0;
  #inFlight = 0;
  #running = true;

  constructor(
    private readonly peer: Peer,
    private readonly ledger: Ledger,
    private readonly how: { readonly name: string; readonly queue: string; readonly window: number },
  ) {
    this.#fill();
  }

  stop(): void {
    this.#running = false;
  }

  #fill(): void {
    const { name, queue, window } = this.how;
    while (this.#running && this.#inFlight < window) {
      this.#sequence += 1;
      this.#inFlight += 1;
      const message = { producer: name, sequence: this.#sequence };
      this.ledger.sent(message);
      this.peer.enqueue(queue, textOf(message), () => {
        this.#inFlight -= 1;
        // After a kill, too: what was written before it counts.
        this.ledger.confirms(message);
        this.#fill();
      });
    }
  }
}

/** What a consumer writes down, line by line: what it was given, what it acknowledged, what of that was confirmed. */
export class ConsumerFile {
  readonly #file: number;
  #lines = '';
  #scheduled = false;

  constructor(folder: string, name: string) {
    this.#file = openSync(join(folder, `${name}.log`), 'w');
  }

  note(line: string): void {
    this.#lines += `${line}\n`;
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#write());
  }

  close(): void {
    this.#write();
    closeSync(this.#file);
  }

  #write(): void {
    this.#scheduled = false;
    if (this.#lines !== '') writeSync(this.#file, this.#lines);
    this.#lines = '';
  }
}

/** How a consumer goes about it. */
export interface ConsumerOptions {
  readonly taker: Taker;
  readonly queue: string;
  readonly credit: number;
  /** When it acknowledges what it was given: now (0), after so many ms, or never (undefined). */
  readonly delay: () => number | undefined;
  /** A text that no producer sent, and what then. */
  readonly onOther?: (text: string) => boolean;
}

/** Takes messages out of a queue and keeps the books on it. */
export class Consumer {
  /** Acknowledgements that may still be confirmed. */
  #open = 0;
  #settled: () => void = () => {};
  #left = false;

  private constructor(
    private readonly peer: Peer,
    private readonly ledger: Ledger,
    private readonly file: ConsumerFile,
    private readonly options: ConsumerOptions,
  ) {}

  static async start(
    peer: Peer,
    ledger: Ledger,
    file: ConsumerFile,
    options: ConsumerOptions,
  ): Promise<Consumer> {
    const consumer = new Consumer(peer, ledger, file, options);
    await peer.consume(options.queue, options.credit, (delivery) => consumer.#take(delivery));
    return consumer;
  }

  /** Resolves when no acknowledgement waits for its confirmation. */
  async settled(): Promise<void> {
    if (this.#open > 0) await new Promise<void>((resolve) => (this.#settled = resolve));
  }

  /** The server is about to be killed: nothing is acknowledged from now on. */
  leave(): void {
    this.#left = true;
  }

  #take(delivery: Delivery): void {
    const { ledger, options, file } = this;
    const message = messageOf(delivery.text);
    if (message === undefined) {
      if (options.onOther?.(delivery.text) !== true) ledger.deliversDamaged(options.taker, delivery.text);
      this.#acknowledge(delivery, undefined);
      return;
    }
    const { redelivered } = delivery;
    ledger.delivers(options.taker, { message, redelivered });
    file.note(`given ${message.producer}/${message.sequence}${redelivered ? ' redelivered' : ''}`);
    const delay = options.delay();
    if (delay === 0) this.#acknowledge(delivery, message);
    else if (delay !== undefined) setTimeout(() => this.#acknowledge(delivery, message), delay);
  }

  #acknowledge(delivery: Delivery, message: ReturnType<typeof messageOf>): void {
    if (this.#left) return;
    const name = message === undefined ? 'other' : `${message.producer}/${message.sequence}`;
    if (message !== undefined) this.ledger.acknowledges(message);
    this.file.note(`acknowledges ${name}`);
    if (this.peer.protocol === 'stomp') this.#open += 1;
    delivery.acknowledge(() => {
      if (message !== undefined) this.ledger.settles(message);
      this.file.note(`settled ${name}`);
      this.#open -= 1;
      if (this.#open === 0) this.#settled();
    });
  }
}
