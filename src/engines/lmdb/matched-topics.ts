import type { HistoryQuery } from '../../broker/index.js';
import { matcherOf } from '../../broker/index.js';
import type { HistoryRealm } from './history-realm.js';
import type { TopicHistory } from './history-records.js';

/** Of so many topics the entries are merged; of more, the entries of all topics are gone through. */
const MOST = 256;
/** Patterns that are remembered. */
const MOST_KNOWN = 64;

interface Known {
  readonly history: HistoryRealm;
  /** `history.changes` when they were found. */
  readonly changes: number;
  /** None if there are too many. */
  readonly topics: readonly TopicHistory[] | undefined;
}

/** The topics that patterns match, so that no page of an answer has to look for them again. */
export class MatchedTopics {
  /** pattern → its topics; what was asked for longest ago comes first */
  readonly #known = new Map<string, Known>();

  /** The topics that a query names; undefined if there are more than can be merged. */
  topicsOf(history: HistoryRealm, { pattern, topic }: HistoryQuery): readonly TopicHistory[] | undefined {
    const only = topic ?? (pattern.match === 'exact' ? pattern.text : undefined);
    if (only !== undefined) {
      const one = matcherOf(pattern)(only) ? history.topics.get(only) : undefined;
      return one === undefined ? [] : [one];
    }
    const key = `${history.realmId} ${pattern.match} ${pattern.text}`;
    let known = this.#known.get(key);
    this.#known.delete(key);
    if (known?.history !== history || known.changes !== history.changes)
      known = { history, changes: history.changes, topics: found(history, matcherOf(pattern)) };
    this.#known.set(key, known);
    if (this.#known.size > MOST_KNOWN) this.#known.delete(this.#known.keys().next().value!);
    return known.topics;
  }
}

function found(
  { topics }: HistoryRealm,
  matches: (topic: string) => boolean,
): readonly TopicHistory[] | undefined {
  const all: TopicHistory[] = [];
  for (const history of topics.values()) {
    if (!matches(history.topic)) continue;
    all.push(history);
    if (all.length > MOST) return undefined;
  }
  return all;
}
