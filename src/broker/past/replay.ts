import { Ring } from '../../lib/index.js';
import type { Backlog } from '../backlog.js';
import type { Refusal } from '../errors.js';
import type { Holder } from '../gate.js';
import { Gate } from '../gate.js';
import type { HistoryReading } from './history-reading.js';
import { readHistory } from './history-reading.js';
import type { Outcome } from '../outcome.js';
import type { Past } from './past.js';
import type { RetainedPage } from '../ports/retained-store.js';
import type { Publication } from '../publication.js';
import type { Request } from '../request.js';
import type { SubscribeCommand } from '../subscribe-command.js';
import type { Subscription } from '../subscriptions.js';

/** The attachment as its replays see it. */
export interface ReplayReceiver {
  readonly detached: boolean;
  /** Whether its endpoint takes deliveries now. */
  readonly flowing: boolean;
  /** Bounds what is kept for the endpoint. */
  readonly backlog: Backlog;
  answer(request: Request, outcome: Outcome): void;
  offer(subscription: Subscription, publication: Publication): void;
  /** More would have to be kept back than may be. */
  overwhelmed(): void;
}

/** What the replays of one attachment need of its realm. */
export interface ReplayRealm {
  readonly past: Past;
  run(change: () => void): void;
  /** Takes a subscription away whose beginning cannot be read; `told` if it was answered already. */
  withdraw(subscription: Subscription, why: Refusal, told: boolean): void;
}

/**
 * The subscriptions of one attachment that begin with the past, in the order in which they were asked for; one at a time reads
 * the stores, so a slow client holds the replay of one subscription and no more. A subscription in the line is held: what
 * matches it is kept until its own replay has been handed over.
 */
export class Replays {
  readonly #line = new Ring<Replaying>();
  readonly #turn: Turn = { left: LOOKS };
  #advancing = false;

  constructor(
    private readonly realm: ReplayRealm,
    private readonly receiver: ReplayReceiver,
  ) {}

  /** Holds a new subscription and answers it, now or when its turn has come. Called within a run, like all that follows. */
  begin(subscription: Subscription, request: Request, command: SubscribeCommand): void {
    this.#line.push(new Replaying(this.realm, this.receiver, this.#turn, { subscription, request, command }));
    this.advance();
  }

  /** Goes on as far as stores and endpoint let it. */
  advance(): void {
    if (this.#advancing) return;
    this.#advancing = true;
    for (let first = this.#line.peek(); first !== undefined; first = this.#line.peek()) {
      if (!first.advance(() => this.advance())) break;
      if (this.#line.peek() === first) this.#line.shift();
    }
    this.#advancing = false;
  }

  /** A subscription is over; if it was not answered yet, it is now. */
  drop(subscription: Subscription): void {
    const dropped: Replaying[] = [];
    this.#line.retain((replaying) => {
      if (replaying.subscription !== subscription) return true;
      dropped.push(replaying);
      return false;
    });
    for (const replaying of dropped) replaying.stop();
    this.advance();
  }

  /** The attachment is over. */
  clear(): void {
    this.#line.clear();
  }
}

/** What may still be looked through until others have their turn. */
interface Turn {
  left: number;
}

/** What is looked through in one piece, for all subscriptions of an attachment: topics, and events that count for several. */
const LOOKS = 4096;
const LOOKS_OF_AN_EVENT = 8;
/** What a page counts for that has stopped. */
const LOOKS_OF_A_STOP = 1024;

const NO_PAGE: RetainedPage = { publications: [] };

interface Beginning {
  readonly subscription: Subscription;
  readonly request: Request;
  readonly command: SubscribeCommand;
}

/** One subscription from its command to its first live event. */
class Replaying implements Holder {
  readonly subscription: Subscription;
  /** What matched since it was asked for. */
  readonly #live = new Ring<Publication>();
  /** The ids of those: what came live is delivered live. */
  readonly #liveIds = new Set<number>();
  #stage: 'new' | 'reading' | 'retained' | 'history' | 'over' = 'new';
  #told = false;
  #history: readonly Publication[] = [];
  readonly #historyIds = new Set<number>();
  /** The retained events that were read and not yet handed over, from `#at` on. */
  #page: RetainedPage = NO_PAGE;
  #at = 0;
  #retainedLeft: number;
  /** The topic whose retained event the subscriber has, or need not have any more. */
  #shown: string | undefined;

  constructor(
    private readonly realm: ReplayRealm,
    private readonly receiver: ReplayReceiver,
    private readonly turn: Turn,
    private readonly beginning: Beginning,
  ) {
    const { subscription, command } = beginning;
    this.subscription = subscription;
    this.#retainedLeft = command.retained === true ? realm.past.limits.retainedReplay : 0;
    subscription.gate ??= new Gate(undefined, undefined);
    subscription.gate.holder = this;
  }

  hold(publication: Publication): void {
    if (!this.receiver.backlog.reserve(publication)) {
      this.receiver.overwhelmed();
      return;
    }
    this.#live.push(publication);
    this.#liveIds.add(publication.id);
  }

  /** Does what can be done now. Returns whether it is over; else it waits for the endpoint, or calls back. */
  advance(again: () => void): boolean {
    if (this.#stage === 'new') this.#read(again);
    if (this.#stage === 'reading') return false;
    if (this.#stage === 'retained' && this.#handRetained(again)) {
      this.#stage = 'history';
      this.#at = 0;
    }
    if (this.#stage === 'history' && this.#handHistory()) this.#release();
    return this.#stage === 'over';
  }

  /** The subscription was ended while it was held. */
  stop(): void {
    this.#stage = 'over';
    for (let kept = this.#live.shift(); kept !== undefined; kept = this.#live.shift())
      this.receiver.backlog.free(kept);
    if (!this.#told) this.#tell(false);
  }

  #read(again: () => void): void {
    const { replay } = this.beginning.command;
    const { past } = this.realm;
    this.#await(
      again,
      () => (replay === undefined ? undefined : readHistory(past, this.subscription, replay)),
      (history) => {
        this.#await(
          again,
          () => (this.#retainedLeft > 0 ? this.#retainedAfter(undefined) : NO_PAGE),
          (page) => this.#begin(history, page),
        );
      },
    );
  }

  #begin(history: HistoryReading | undefined, page: RetainedPage): void {
    this.#history = history?.publications ?? [];
    for (const { id } of this.#history) this.#historyIds.add(id);
    this.#take(page);
    this.#stage = 'retained';
    this.#tell(history?.recovered);
  }

  #tell(recovered: boolean | undefined): void {
    this.#told = true;
    const { subscription, request } = this.beginning;
    const answer = { kind: 'subscribed', subscription, already: false } as const;
    this.receiver.answer(request, recovered === undefined ? answer : { ...answer, recovered });
  }

  /**
   * Hands retained events over, page by page. Returns whether that was all. What the subscriber may not see costs turns, but takes
   * nothing away from what it may: it is looked for to the end.
   */
  #handRetained(again: () => void): boolean {
    for (;;) {
      const publication = this.#page.publications[this.#at];
      if (this.#retainedLeft <= 0) break;
      if (publication === undefined) {
        const last = this.#page.stopped ?? this.#page.publications.at(-1)?.topic;
        if (last === undefined) break;
        if (!this.#readPage(again, last)) return false;
        continue;
      }
      if (!this.#mayHand) return false;
      this.#at += 1;
      if (publication.topic === this.#shown || !this.subscription.sees(publication, this.realm.past.now))
        continue;
      this.#shown = publication.topic;
      // What the history has, or what came live meanwhile, is told in its place there.
      if (this.#historyIds.has(publication.id) || this.#liveIds.has(publication.id)) continue;
      this.#retainedLeft -= 1;
      this.receiver.offer(this.subscription, publication.asRetained());
    }
    this.#page = NO_PAGE;
    return true;
  }

  /** Returns whether the page was there at once. */
  #readPage(again: () => void, after: string): boolean {
    this.#stage = 'reading';
    this.#await(
      again,
      () => this.#retainedAfter(after),
      (page) => {
        this.#take(page);
        this.#stage = 'retained';
      },
    );
    return this.#isIn('retained');
  }

  /** A page, at once or when others have had their turn. */
  #retainedAfter(after: string | undefined): RetainedPage | Promise<RetainedPage> {
    const { past } = this.realm;
    const { pattern } = this.beginning.command;
    if (this.turn.left > 0) return past.retained(pattern, after);
    return past.turn().then(() => {
      this.turn.left = LOOKS;
      return this.receiver.detached ? NO_PAGE : past.retained(pattern, after);
    });
  }

  #take(page: RetainedPage): void {
    this.#page = page;
    this.#at = 0;
    const topics = page.stopped === undefined ? 0 : LOOKS_OF_A_STOP;
    this.turn.left -= topics + LOOKS_OF_AN_EVENT * page.publications.length;
  }

  #handHistory(): boolean {
    for (; this.#at < this.#history.length; this.#at += 1) {
      if (!this.#mayHand) return false;
      const publication = this.#history[this.#at]!;
      if (this.#isNews(publication)) this.receiver.offer(this.subscription, publication);
    }
    return true;
  }

  /** What was held goes on its way, in its order; from now on matches come by themselves. */
  #release(): void {
    this.#stage = 'over';
    const { gate } = this.subscription;
    if (gate !== undefined) gate.holder = undefined;
    if (gate?.open === true) this.subscription.gate = undefined;
    const { now } = this.realm.past;
    for (let held = this.#live.shift(); held !== undefined; held = this.#live.shift()) {
      this.receiver.backlog.free(held);
      if (this.subscription.takesLate(held, now)) this.receiver.offer(this.subscription, held);
    }
  }

  get #mayHand(): boolean {
    return this.receiver.flowing && !this.receiver.detached;
  }

  #isNews(publication: Publication): boolean {
    return !this.#liveIds.has(publication.id) && this.subscription.sees(publication, this.realm.past.now);
  }

  #isIn(stage: 'reading' | 'retained' | 'over'): boolean {
    return this.#stage === stage;
  }

  /** Goes on with what a store answers, now or later; a store that fails ends the subscription. */
  #await<T>(again: () => void, read: () => T | Promise<T>, go: (answer: T) => void): void {
    this.#stage = 'reading';
    const failed = (error: unknown): void => {
      const why = this.realm.past.failedRead(error);
      const told = this.#told;
      this.#told = true;
      this.#stage = 'over';
      this.realm.withdraw(this.subscription, why, told);
      if (!told) this.receiver.answer(this.beginning.request, { kind: 'refused', ...why });
    };
    let answer: T | Promise<T>;
    try {
      answer = read();
    } catch (error) {
      failed(error);
      return;
    }
    if (!(answer instanceof Promise)) {
      go(answer);
      return;
    }
    const later = (change: () => void): void =>
      this.realm.run(() => {
        if (this.receiver.detached || !this.#isIn('reading')) return;
        change();
        again();
      });
    answer.then(
      (value) => later(() => go(value)),
      (error: unknown) => later(() => failed(error)),
    );
  }
}
