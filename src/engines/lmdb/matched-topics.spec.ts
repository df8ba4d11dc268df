import { describe, expect, it } from '@jest/globals';
import type { HistoryRealm } from './history-realm.js';
import { MatchedTopics } from './matched-topics.js';
import type { TopicHistory } from './history-records.js';

/** A realm of so many topics, and how often all of them were gone through. */
function realmOf(count: number): { readonly history: HistoryRealm; readonly walks: () => number } {
  const topics = new Map<string, TopicHistory>();
  for (let id = 1; id <= count; id += 1) {
    const topic = `t.${id}`;
    const entry = { id, topic, entries: 1, bytes: 0, weight: 0, droppedTo: 0, lastNumber: id };
    topics.set(topic, entry);
  }
  let walks = 0;
  const values = topics.values.bind(topics);
  topics.values = () => {
    walks += 1;
    return values();
  };
  return { history: { realmId: 1, changes: 0, topics } as HistoryRealm, walks: () => walks };
}

const ALL = { pattern: { match: 'prefix', text: 't.' }, limit: 1, now: 0 } as const;

describe('the topics that a pattern matches', () => {
  it('B12: are looked for once for all pages of an answer, until a topic comes or goes', () => {
    const { history, walks } = realmOf(256);
    const matched = new MatchedTopics();
    for (let page = 0; page < 3; page += 1) expect(matched.topicsOf(history, ALL)).toHaveLength(256);
    expect(walks()).toBe(1);
    history.changes += 1;
    matched.topicsOf(history, ALL);
    expect(walks()).toBe(2);
  });

  it('B12: are none where there are more than can be merged', () => {
    expect(new MatchedTopics().topicsOf(realmOf(257).history, ALL)).toBeUndefined();
  });

  it('are those of 64 patterns at most', () => {
    const { history, walks } = realmOf(3);
    const matched = new MatchedTopics();
    const ask = (text: string): void =>
      void matched.topicsOf(history, { ...ALL, pattern: { match: 'prefix', text } });
    for (let at = 0; at <= 64; at += 1) ask(`t.${at}`);
    ask('t.64');
    expect(walks()).toBe(65);
    ask('t.0');
    expect(walks()).toBe(66);
  });
});
