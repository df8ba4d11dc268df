import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LateHistoryStore, LateRetainedStore, Waiting } from '../../../test/support/late-stores.js';
import { RealmBed } from '../../../test/support/realm-bed.js';
import { MemoryHistoryStore, MemoryRetainedStore } from '../../engines/memory/index.js';
import type { RecordingEndpoint } from '../../testing/index.js';
import type { Pattern } from '../index.js';
import { Payload, matcherOf } from '../index.js';

type Step =
  | { readonly do: 'publish'; readonly topic: string; readonly retain: boolean }
  | {
      readonly do: 'subscribe';
      readonly who: number;
      readonly pattern: Pattern;
      readonly retained: boolean;
      /** How many publications ago it was that was seen last; undefined: no history wanted. */
      readonly since: number | undefined;
      readonly last: number | undefined;
    }
  | { readonly do: 'unsubscribe'; readonly which: number }
  | { readonly do: 'settle'; readonly which: number }
  | { readonly do: 'room'; readonly who: number; readonly room: number };

const KEPT = 4;
/** Topics below `h` have a history of four events; `x` has none. */
const topic = fc.constantFrom('h.a', 'h.b', 'h.c', 'x');
const pattern = fc.constantFrom<Pattern>(
  { match: 'exact', text: 'h.a' },
  { match: 'exact', text: 'x' },
  { match: 'wildcard', text: 'h.' },
  { match: 'multi', text: '#' },
);
const who = fc.nat(1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      topic,
      retain: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('subscribe' as const),
      who,
      pattern,
      retained: fc.boolean(),
      since: fc.option(fc.nat(8), { nil: undefined }),
      last: fc.option(fc.nat(6), { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unsubscribe' as const), which: fc.nat(5) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('settle' as const), which: fc.nat(5) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('room' as const), who, room: fc.nat(6) }),
  },
);

interface Published {
  readonly id: number;
  readonly topic: string;
  readonly retain: boolean;
}

interface Subscribed {
  readonly key: string;
  readonly who: number;
  readonly step: Extract<Step, { do: 'subscribe' }>;
  /** How many publications there were when it was asked for. */
  readonly at: number;
  /** The publication that was seen last; 0 if none was asked for, -1 if it is one that never was. */
  readonly since: number;
  ended: boolean;
}

/** How stores answer; `slow`: at once, but the subscribers take their time. */
type Mode = 'prompt' | 'slow' | 'late';

class Trial {
  readonly bed: RealmBed;
  readonly waiting = new Waiting();
  readonly published: Published[] = [];
  readonly subscribed: Subscribed[] = [];
  readonly listeners: readonly RecordingEndpoint[];
  readonly #publisher: RecordingEndpoint;

  constructor(
    readonly mode: Mode,
    early: boolean,
  ) {
    const [retained, history] = [new MemoryRetainedStore(), new MemoryHistoryStore()];
    const stores =
      mode === 'late'
        ? {
            retained: new LateRetainedStore(retained, this.waiting, early),
            history: new LateHistoryStore(history, this.waiting, early),
          }
        : { retained, history };
    this.bed = new RealmBed({ stores, history: [{ match: 'h.*', entries: KEPT }] });
    this.#publisher = this.bed.endpoint();
    this.listeners = [this.bed.endpoint(), this.bed.endpoint()];
    const watcher = this.bed.endpoint();
    void watcher.attachment.subscribe({}, { key: 'all', pattern: { match: 'multi', text: '#' } });
    watcher.react = (told) => {
      if (told.kind === 'delivered') this.#lastId = told.publication.id;
    };
  }

  #lastId = 0;

  async take(next: Step): Promise<void> {
    switch (next.do) {
      case 'publish': {
        const { topic: name, retain } = next;
        void this.#publisher.attachment.publish(
          {},
          { topic: name, retain, payload: Payload.ofBody(Buffer.from('x')) },
        );
        this.published.push({ id: this.#lastId, topic: name, retain });
        return;
      }
      case 'subscribe':
        return this.#subscribe(next);
      case 'unsubscribe': {
        const one = this.subscribed[next.which];
        if (one === undefined || one.ended) return;
        one.ended = true;
        const { attachment } = this.listeners[one.who]!;
        attachment.unsubscribe({}, attachment.subscriptions.get(one.key));
        return;
      }
      case 'settle':
        if (this.waiting.size > 0) await this.waiting.settle(next.which);
        return;
      case 'room':
        this.listeners[next.who]!.room = next.room;
        if (next.room > 0) this.listeners[next.who]!.attachment.resume();
    }
  }

  /** Lets everything that waits come in. */
  async finish(): Promise<void> {
    for (const one of this.listeners) {
      one.room = Number.POSITIVE_INFINITY;
      one.attachment.resume();
    }
    await this.waiting.settleAll();
  }

  #subscribe(next: Extract<Step, { do: 'subscribe' }>): void {
    const key = `${this.subscribed.length}`;
    const since = next.since === undefined ? 0 : (this.published.at(-1 - next.since)?.id ?? -1);
    this.subscribed.push({ key, who: next.who, step: next, at: this.published.length, since, ended: false });
    const replay =
      next.since !== undefined
        ? ({ kind: 'since', publication: since } as const)
        : next.last !== undefined
          ? ({ kind: 'last', count: next.last } as const)
          : undefined;
    const { attachment } = this.listeners[next.who]!;
    void attachment.subscribe({}, { key, pattern: next.pattern, retained: next.retained, replay });
  }
}

/** What one subscription was told: places in the order of publishing. */
interface Heard {
  readonly retained: readonly number[];
  readonly events: readonly number[];
  readonly recovered: boolean | undefined;
  readonly answers: number;
  /** Whether the answer came before the first event, and retained events before others. */
  readonly inOrder: boolean;
}

function heardBy(trial: Trial, { key, who: at }: Subscribed): Heard {
  const retained: number[] = [];
  const events: number[] = [];
  let answers = 0;
  let recovered: boolean | undefined;
  let inOrder = true;
  for (const told of trial.listeners[at]!.told) {
    if (
      told.kind === 'answered' &&
      told.outcome.kind === 'subscribed' &&
      told.outcome.subscription.key === key
    ) {
      answers += 1;
      ({ recovered } = told.outcome);
      inOrder &&= retained.length + events.length === 0;
    }
    if (told.kind !== 'delivered' || told.key !== key) continue;
    const place = trial.published.findIndex(({ id }) => id === told.publication.id);
    if (told.publication.retained) {
      inOrder &&= events.length === 0;
      retained.push(place);
    } else events.push(place);
  }
  return { retained, events, recovered, answers, inOrder };
}

/** The places of what the history keeps of a pattern when so much has been published. */
function keptAt(trial: Trial, matches: (name: string) => boolean, count: number): number[] {
  const kept: number[] = [];
  const left = new Map<string, number>();
  for (let at = count - 1; at >= 0; at -= 1) {
    const { topic: name } = trial.published[at]!;
    const room = left.get(name) ?? KEPT;
    if (room === 0 || !name.startsWith('h.') || !matches(name)) continue;
    left.set(name, room - 1);
    kept.unshift(at);
  }
  return kept;
}

function check(trial: Trial, one: Subscribed): void {
  const { step: asked, at, since, ended } = one;
  const heard = heardBy(trial, one);
  const matches = matcherOf(asked.pattern);
  const places = trial.published.map((_, place) => place);
  const wanted = places.filter((place) => matches(trial.published[place]!.topic));
  const all = [...heard.retained, ...heard.events];
  expect([heard.answers, heard.inOrder]).toEqual([1, true]);
  // Neither a duplicate nor anything out of order.
  expect(new Set(all).size).toBe(all.length);
  expect(heard.events).toEqual(heard.events.toSorted((a, b) => a - b));
  if (ended) return;
  const live = wanted.filter((place) => place >= at);
  const past = heard.events.filter((place) => place < at);
  if (asked.retained) {
    // What is live and retained may be known as retained before its turn comes; never twice, never lost.
    expect(live.filter((place) => !all.includes(place))).toEqual([]);
    checkRetained(trial, one, heard);
  } else {
    expect(heard.events.filter((place) => place >= at)).toEqual(live);
    expect(heard.retained).toEqual([]);
  }
  if (asked.since === undefined && asked.last === undefined) {
    expect([heard.recovered, past]).toEqual([undefined, []]);
    return;
  }
  checkHistory(trial, one, { recovered: heard.recovered, past, since });
}

function checkHistory(
  trial: Trial,
  { step: asked, at }: Subscribed,
  { recovered, past, since }: { recovered: boolean | undefined; past: readonly number[]; since: number },
): void {
  const matches = matcherOf(asked.pattern);
  const truth = trial.published
    .map((_, place) => place)
    .filter((place) => place < at && matches(trial.published[place]!.topic));
  const kept = keptAt(trial, matches, at);
  const mark = trial.published.findIndex(({ id }) => id === since);
  if (asked.since !== undefined) {
    const missed = truth.filter((place) => place > mark);
    // Never a silent gap.
    if (recovered === true) expect(past).toEqual(missed);
    if (trial.mode !== 'prompt') return;
    const known = keptAt(trial, () => true, at).includes(mark);
    expect(past).toEqual(known ? kept.filter((place) => place > mark) : kept);
    const covered = asked.pattern.text.startsWith('h');
    expect(recovered).toBe(covered && known && past.length === missed.length);
    return;
  }
  const count = asked.last ?? 0;
  if (trial.mode !== 'prompt') {
    if (recovered === true && past.length > 0) expect(past).toEqual(truth.slice(-past.length));
    return;
  }
  expect(past).toEqual(count === 0 ? [] : kept.slice(-count));
  const covered = asked.pattern.text.startsWith('h');
  expect(recovered).toBe(covered && (past.length === count || kept.length === truth.length));
}

function checkRetained(trial: Trial, { step: asked, at }: Subscribed, heard: Heard): void {
  const matches = matcherOf(asked.pattern);
  const retainedAt = (count: number): number[] => {
    const last = new Map<string, number>();
    for (let place = 0; place < count; place += 1) {
      const { topic: name, retain } = trial.published[place]!;
      if (retain && matches(name)) last.set(name, place);
    }
    return [...last.values()];
  };
  const all = new Set([...heard.retained, ...heard.events]);
  // What was retained then, and has not been replaced since, is told.
  const end = new Set(retainedAt(trial.published.length));
  expect(retainedAt(at).filter((place) => end.has(place) && !all.has(place))).toEqual([]);
  if (trial.mode !== 'prompt') return;
  const history = new Set(heard.events);
  const expected = retainedAt(at).filter((place) => !history.has(place));
  expect(heard.retained.toSorted((a, b) => a - b)).toEqual(expected.toSorted((a, b) => a - b));
}

describe.each(['prompt', 'slow', 'late'] as const)('replay, %s', (mode) => {
  it('joins retained, past and live events with neither gap nor duplicate, in order, and tells what is missing', () =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), async (steps, early) => {
        // A prompt store's answer is foretold exactly, unless its turn has to be waited for.
        const taken = mode === 'prompt' ? steps.filter((next) => next.do !== 'room') : steps;
        const trial = new Trial(mode, early);
        for (const next of taken) await trial.take(next);
        await trial.finish();
        for (const one of trial.subscribed) check(trial, one);
        trial.bed.end();
        expect(trial.bed.defects).toEqual([]);
      }),
      { numRuns: 200 },
    ));
});
