import type { Pattern, PublishCommand, Replay, SubscribeCommand } from '../../src/broker/index.js';
import { Payload } from '../../src/broker/index.js';
import { MemoryHistoryStore, MemoryRetainedStore } from '../../src/engines/memory/index.js';
import type { RecordingEndpoint, TestServicesOptions } from '../../src/testing/index.js';
import { LateHistoryStore, LateRetainedStore, Waiting } from './late-stores.js';
import { RealmBed } from './realm-bed.js';

/** A realm whose stores answer at once, and in which topics below `h` have a history of four events. */
export function promptBed(options: TestServicesOptions = {}): RealmBed {
  const stores = { retained: new MemoryRetainedStore(), history: new MemoryHistoryStore() };
  return new RealmBed({ stores, history: [{ match: 'h.#', entries: 4 }], ...options });
}

/** A realm whose stores answer when the test says so. */
export interface LateBed {
  readonly bed: RealmBed;
  readonly waiting: Waiting;
  readonly retained: LateRetainedStore;
  readonly history: LateHistoryStore;
}

/** Makes one, in which topics below `h` have a history. */
export function lateBed(): LateBed {
  const waiting = new Waiting();
  const retained = new LateRetainedStore(new MemoryRetainedStore(), waiting);
  const history = new LateHistoryStore(new MemoryHistoryStore(), waiting);
  const bed = new RealmBed({ stores: { retained, history }, history: [{ match: 'h.#' }] });
  return { bed, waiting, retained, history };
}

/** As much as the history has. */
export const ALL: Replay = { kind: 'last', count: 100 };

/** Publishes a text; takes the acknowledgement, if it is there at once, and returns the publication's id. */
export function say(
  who: RecordingEndpoint,
  topic: string,
  text: string,
  more: Partial<PublishCommand> = {},
): number {
  const from = who.told.length;
  const payload = Payload.ofBody(Buffer.from(text), 'text/plain');
  void who.attachment.publish({}, { topic, payload, ...more }, true);
  const answer = who.told[from];
  if (answer?.kind !== 'answered' || answer.outcome.kind !== 'published') return 0;
  who.told.splice(from, 1);
  return answer.outcome.publication;
}

/** Subscribes to an address, or a pattern; the key is its text if none is given. */
export function listen(
  who: RecordingEndpoint,
  text: string,
  more: Partial<SubscribeCommand> & { match?: Pattern['match'] } = {},
): void {
  const { match = 'exact', ...command } = more;
  void who.attachment.subscribe({}, { key: text, pattern: { match, text }, ...command });
}

/** What an endpoint was told since the last time: texts of events, `*` before retained ones, and other things in short. */
export function heard(who: RecordingEndpoint): string[] {
  return who.told.splice(0).map((told) => {
    if (told.kind === 'delivered') {
      const text = Buffer.from(told.publication.payload.body().bytes).toString();
      return told.publication.retained ? `*${text}` : text;
    }
    if (told.kind !== 'answered') return told.kind;
    const { outcome } = told;
    if (outcome.kind === 'refused') return `refused ${outcome.code}`;
    if (outcome.kind !== 'subscribed' || outcome.recovered === undefined) return outcome.kind;
    return `subscribed recovered:${outcome.recovered}`;
  });
}
