import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { consume, message, settle } from '../../../test/support/queue-bed.js';
import { RealmBed } from '../../../test/support/realm-bed.js';
import { SlowQueueStore } from '../../../test/support/slow-queue-store.js';
import { memoryStore } from '../../engines/memory/index.js';
import type { RecordingEndpoint } from '../../testing/index.js';
import type { Batch, Delivery, SettlementVerdict } from '../index.js';

/** One message as the model knows it. */
interface Known {
  readonly number: number;
  readonly priority: number;
  /** Everybody whom it was given to, in order. */
  readonly givenTo: Worker[];
  /** How often it must say that it was counted. */
  counted: number;
  state: 'waiting' | 'given' | 'done';
}

interface Worker {
  readonly endpoint: RecordingEndpoint;
  /** Messages of odd numbers only. */
  readonly odd: boolean;
  held: Delivery[];
}

const VERDICTS: readonly SettlementVerdict[] = ['ack', 'requeue', 'release', 'reject'];

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('send' as const), priority: fc.constantFrom(4, 4, 4, 0, 9) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('consume' as const),
      credit: fc.integer({ min: 1, max: 4 }),
      odd: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      worker: fc.nat(3),
      which: fc.nat(5),
      verdict: fc.constantFrom(...VERDICTS),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('batch' as const), worker: fc.nat(3), fails: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('leave' as const), worker: fc.nat(3), release: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('block' as const), worker: fc.nat(3), room: fc.nat(2) }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'pass' as const }) },
);

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** A queue with all that is done to it, checked against what must be so. */
class World {
  readonly #sender: RecordingEndpoint;
  readonly #known: Known[] = [];
  readonly #dead: number[] = [];
  #workers: Worker[] = [];

  constructor(
    readonly bed: RealmBed,
    private readonly store: SlowQueueStore | undefined,
  ) {
    this.#sender = bed.endpoint();
    const undertaker = bed.endpoint();
    consume(undertaker, 'jobs.dead', { settling: 'auto' });
    undertaker.react = (told) => {
      if (told.kind === 'consumed') this.#dead.push(numberOf(told.delivery));
    };
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const each of steps) {
      this.#do(each);
      if (each.do === 'pass') await this.#pass();
    }
    await this.#pass();
    this.#checkOrder();
    await this.#finish();
  }

  #do(each: Step): void {
    const worker = 'worker' in each ? this.#workers[each.worker] : undefined;
    if (each.do === 'send') this.#send(each.priority);
    else if (each.do === 'consume') this.#consume(each.credit, each.odd);
    else if (worker === undefined) return;
    else if (each.do === 'settle') this.#settle(worker, each.which, each.verdict);
    else if (each.do === 'batch') this.#batch(worker, each.fails);
    else if (each.do === 'leave') this.#leave(worker, each.release);
    else if (each.do === 'block') {
      worker.endpoint.room = each.room;
      if (each.room > 0) worker.endpoint.attachment.resume();
    }
  }

  async #pass(): Promise<void> {
    await this.store?.confirm();
    this.bed.services.clock.advance(300);
    await this.store?.confirm();
  }

  #send(priority: number): void {
    const number = this.#known.length;
    this.#known.push({ number, priority, givenTo: [], counted: 0, state: 'waiting' });
    void this.#sender.attachment.enqueue({}, message('jobs', `${number}`, { priority }));
  }

  #consume(credit: number, odd: boolean): void {
    if (this.#workers.length > 3) return;
    const worker: Worker = { endpoint: this.bed.endpoint(), odd, held: [] };
    worker.endpoint.react = (told) => {
      if (told.kind === 'consumed') this.#given(worker, told.delivery);
    };
    this.#workers.push(worker);
    const filter = { accepts: ({ payload }: Delivery['publication']) => textOf(payload) % 2 === 1 };
    consume(worker.endpoint, 'jobs', odd ? { credit, filter } : { credit });
  }

  /** Nothing is given that is with somebody, or done; and what was given before says so. */
  #given(worker: Worker, delivery: Delivery): void {
    const known = this.#known[numberOf(delivery)]!;
    expect([known.number, known.state]).toEqual([known.number, 'waiting']);
    expect([known.number, delivery.redelivered, delivery.attempt]).toEqual([
      known.number,
      known.givenTo.length > 0,
      known.counted + 1,
    ]);
    if (worker.odd) expect(known.number % 2).toBe(1);
    known.state = 'given';
    known.givenTo.push(worker);
    worker.held.push(delivery);
  }

  #settle(worker: Worker, which: number, verdict: SettlementVerdict): void {
    const delivery = worker.held[which];
    if (delivery === undefined) return;
    this.#takeBack(worker, delivery, verdict);
    settle(worker.endpoint, verdict, [delivery]);
  }

  /** Acknowledges the first, and sends one more; or fails at that. */
  #batch(worker: Worker, fails: boolean): void {
    const [delivery] = worker.held;
    if (delivery === undefined || (this.store?.waiting ?? 0) > 0) return;
    const batch: Batch = [
      { kind: 'settle', settlement: { delivery, verdict: 'ack' } },
      { kind: 'enqueue', command: message(fails ? 'full' : 'jobs', `${this.#known.length}`) },
    ];
    if (!fails) {
      this.#takeBack(worker, delivery, 'ack');
      this.#known.push({
        number: this.#known.length,
        priority: 4,
        givenTo: [],
        counted: 0,
        state: 'waiting',
      });
    }
    void worker.endpoint.attachment.commit({}, batch);
  }

  #leave(worker: Worker, release: boolean): void {
    this.#workers = this.#workers.filter((other) => other !== worker);
    for (const delivery of worker.held.slice())
      this.#takeBack(worker, delivery, release ? 'release' : 'requeue');
    if (release) worker.endpoint.attachment.release({}, worker.endpoint.attachment.consumers.get('jobs'));
    else worker.endpoint.attachment.detach();
  }

  #takeBack(worker: Worker, delivery: Delivery, verdict: SettlementVerdict): void {
    worker.held = worker.held.filter((other) => other !== delivery);
    const known = this.#known[numberOf(delivery)]!;
    if (verdict === 'requeue') known.counted += 1;
    known.state = verdict === 'ack' || verdict === 'reject' ? 'done' : 'waiting';
  }

  /** What waits while somebody could take it must come after nothing that he has not got. */
  #checkOrder(): void {
    const waiting = this.#known.filter(({ state }) => state === 'waiting');
    const browser = this.bed.endpoint();
    consume(browser, 'jobs', { browse: true });
    const shown = browser.deliveries.map(numberOf);
    const expected = waiting
      .toSorted((one, other) => other.priority - one.priority || one.number - other.number)
      .map(({ number }) => number);
    expect(shown).toEqual(expected);
  }

  /** Everybody leaves, and somebody takes what is left: all of it, in order, once. */
  async #finish(): Promise<void> {
    for (const worker of this.#workers.slice()) this.#leave(worker, false);
    await this.#pass();
    const last = this.bed.endpoint();
    const got: number[] = [];
    last.react = (told) => {
      if (told.kind === 'consumed') got.push(numberOf(told.delivery));
    };
    consume(last, 'jobs', { settling: 'auto' });
    await this.#pass();
    const left = this.#known.filter(({ state }) => state === 'waiting');
    expect(got).toEqual(
      left
        .toSorted((one, other) => other.priority - one.priority || one.number - other.number)
        .map(({ number }) => number),
    );
    expect(new Set(this.#dead).size).toBe(this.#dead.length);
    last.attachment.detach();
    await this.#pass();
    expect(this.bed.broker.stats).toMatchObject({ deliveries: 0 });
    this.bed.end();
    await this.store?.confirm();
    expect(this.bed.defects).toEqual([]);
  }
}

function textOf(payload: Delivery['publication']['payload']): number {
  return Number(Buffer.from(payload.body().bytes).toString());
}

function numberOf({ publication }: Delivery): number {
  return textOf(publication.payload);
}

const queues = [
  { match: 'jobs', maxDeliveries: 1000 },
  { match: 'full', maxMessages: 0 },
];

describe('a queue, by random schedules', () => {
  const steps = fc.array(step, { minLength: 5, maxLength: 60 });

  it('B10 B11: loses nothing, gives nothing twice without saying so, and keeps the order', async () => {
    const property = fc.asyncProperty(steps, async (each) => {
      await new World(new RealmBed({ queues }), undefined).run(each);
    });
    await fc.assert(property, { numRuns: 200 });
  });

  it('does so too with a store that takes its time', async () => {
    const property = fc.asyncProperty(steps, async (each) => {
      const store = new SlowQueueStore();
      const stores = { ...memoryStore(), queues: store };
      await new World(new RealmBed({ queues, stores }), store).run(each);
    });
    await fc.assert(property, { numRuns: 100 });
  });
});
