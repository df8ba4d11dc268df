import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from './client.js';
import type { Latency } from './latencies.js';

/** Without any arrival for so long, in ms, what is missing is given up. */
const STALL_MS = 5000;
/** How long we wait after the last arrival for what nobody is due, in ms. */
const SURPLUS_MS = 20;

/** What came of one timed or verifying run. */
export interface Tally {
  /** Messages that were due over all receivers. */
  readonly due: number;
  /** Messages that arrived. */
  readonly arrived: number;
  /** Messages that a receiver was due and did not get. */
  readonly missing: number;
  /** Messages that a receiver got and was not due. */
  readonly surplus: number;
  /** From the first message sent to the last one received, in ms. */
  readonly elapsedMs: number;
  /** What went wrong otherwise: a connection lost, a wrong message. */
  readonly problem: string | undefined;
  /** How long messages took, if that was measured. */
  readonly latency?: Latency | undefined;
}

/** How a receiver takes what it gets in one run. */
export interface Receiving {
  /** Decode and check everything (verifying run) or only count (timed run). */
  readonly verify: boolean;
  /** The two characters that each message begins with. */
  readonly signature: string;
  /** Checks the n-th message (from 0) of this run. @throws Error if it is not the one due. */
  readonly check: (message: string, n: number) => void;
}

/**
 * The bookkeeping of one run: what each receiver is due, what it got, when it is over. Sending goes on while `open`; then the
 * run ends as soon as everything has arrived.
 */
export class Flight {
  /** Whether the time for sending is not over yet. */
  open = true;
  /** Messages that have arrived, over all receivers. */
  arrived = 0;
  #due = 0;
  #problem: string | undefined;
  /** What every receiver is due. */
  #dueAll = 0;
  /** receiver → what it is due besides */
  readonly #dueEach: number[];
  /** receiver → what it got */
  readonly #got: number[];
  readonly #start = performance.now();
  #end = 0;
  #over: () => void = () => {};
  readonly #ended = new Promise<void>((resolve) => (this.#over = resolve));
  readonly #watch: NodeJS.Timeout;
  readonly #stop: NodeJS.Timeout;

  /** @param ms how long sending goes on. */
  constructor(receivers: number, ms: number) {
    this.#dueEach = new Array<number>(receivers).fill(0);
    this.#got = new Array<number>(receivers).fill(0);
    this.#stop = setTimeout(() => {
      this.open = false;
      this.#settle();
    }, ms);
    let seen = 0;
    this.#watch = setInterval(() => {
      if (this.arrived === seen) this.fail(new Error(`nothing arrived for ${STALL_MS} ms`));
      seen = this.arrived;
    }, STALL_MS);
  }

  /** Every receiver is due one more. */
  owedToAll(): void {
    this.#dueAll += 1;
    this.#due += this.#got.length;
  }

  /** One receiver is due one more. */
  owedTo(receiver: number): void {
    this.#dueEach[receiver] = (this.#dueEach[receiver] ?? 0) + 1;
    this.#due += 1;
  }

  /** Has a client receive for this run (several may be one receiver), and calls `onArrival` after each read, with how many messages have come in it. */
  receive(receiver: number, client: Client, how: Receiving, onArrival: (messages: number) => void): void {
    let seen = 0;
    let checked = 0;
    const onChunk = (): void => {
      if (client.failure !== undefined) return this.fail(client.failure);
      const total = how.verify ? checked : client.messages;
      const messages = total - seen;
      seen = total;
      this.#got[receiver] = (this.#got[receiver] ?? 0) + messages;
      this.arrived += messages;
      if (client.unexpected > 0) return this.fail(new Error('a message of another kind than the one due'));
      onArrival(messages);
      this.#settle();
    };
    if (how.verify) {
      client.listen((message) => {
        how.check(message.toString('latin1'), checked);
        checked += 1;
      }, onChunk);
    } else {
      client.count(how.signature, onChunk);
    }
  }

  /** Ends the run at once. */
  fail(problem: Error): void {
    this.#problem ??= problem.message;
    this.#finish();
  }

  /** Waits for the end of the run. */
  async landed(): Promise<Tally> {
    await this.#ended;
    if (this.#problem === undefined) await delay(SURPLUS_MS);
    let missing = 0;
    let surplus = 0;
    for (const [receiver, got] of this.#got.entries()) {
      const balance = this.#dueAll + (this.#dueEach[receiver] ?? 0) - got;
      if (balance > 0) missing += balance;
      else surplus -= balance;
    }
    const elapsedMs = this.#end - this.#start;
    return { due: this.#due, arrived: this.arrived, missing, surplus, elapsedMs, problem: this.#problem };
  }

  #settle(): void {
    if (!this.open && this.arrived >= this.#due) this.#finish();
  }

  #finish(): void {
    if (this.#end > 0) return;
    this.open = false;
    this.#end = performance.now();
    clearInterval(this.#watch);
    clearTimeout(this.#stop);
    this.#over();
  }
}
