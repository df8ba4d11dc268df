import { describe, expect, it } from '@jest/globals';
import { Payload } from '../../broker/index.js';
import { samplePublication } from '../../testing/index.js';
import { MemoryHistoryStore } from './memory-history-store.js';

const AMPLE = { entries: 1000, bytes: 1_000_000 };
const ALL = { pattern: { match: 'multi', text: '#' }, limit: 1000, now: 0 } as const;

describe('the history in memory', () => {
  it('B8: forgets the topic that was quiet the longest when there are too many, and says so', () => {
    const store = new MemoryHistoryStore({ topics: 2 });
    for (const [at, topic] of ['a', 'b', 'a', 'c'].entries())
      store.append('realm1', samplePublication({ id: at + 1, topic }), AMPLE);
    const { publications, complete } = store.read('realm1', { ...ALL, afterPublication: 1 });
    expect([publications.map(({ id }) => id), complete]).toEqual([[3, 4], false]);
    expect(store.read('realm1', { ...ALL, afterPublication: 3 }).complete).toBe(true);
    expect(store.topics('realm1')).toBe(2);
  });

  it('B8: stays within its bytes with one topic per message', () => {
    const store = new MemoryHistoryStore({ bytes: 10_000 });
    for (let id = 1; id <= 1000; id += 1)
      store.append('realm1', samplePublication({ id, topic: `t.${id}`, bytes: 1000 }), AMPLE);
    const ids = store.read('realm1', ALL).publications.map(({ id }) => id);
    expect(ids).toEqual([992, 993, 994, 995, 996, 997, 998, 999, 1000]);
    expect(store.topics('realm1')).toBe(9);
  });

  it('B8: drops the oldest events where one topic alone has too many bytes', () => {
    const store = new MemoryHistoryStore({ bytes: 2500 });
    for (let id = 1; id <= 5; id += 1) store.append('realm1', samplePublication({ id, bytes: 1000 }), AMPLE);
    expect(store.read('realm1', ALL).publications.map(({ id }) => id)).toEqual([4, 5]);
  });

  it('B8: counts lists of receivers as well', () => {
    const store = new MemoryHistoryStore({ bytes: 20_000 });
    const names = new Set(Array.from({ length: 1000 }, (_, at) => `user-${at}`));
    for (let id = 1; id <= 3; id += 1)
      store.append('realm1', samplePublication({ id, audience: { exclude: { authids: names } } }), AMPLE);
    expect(store.read('realm1', ALL).publications).toEqual([]);
  });

  it('keeps no large message alive for a small payload', () => {
    const store = new MemoryHistoryStore();
    const large = new Uint8Array(60_000);
    const payload = Payload.ofBody(large.subarray(10, 20));
    store.append('realm1', samplePublication({ id: 1, payload }), AMPLE);
    const [kept] = store.read('realm1', ALL).publications;
    expect(kept?.payload.body().bytes.buffer.byteLength).toBe(10);
  });

  it('finds its place among many dropped events', () => {
    const store = new MemoryHistoryStore();
    for (let id = 1; id <= 5000; id += 1) {
      const bounds = { entries: id % 7 === 0 ? 500 : 3, bytes: 1_000_000 };
      store.append('realm1', samplePublication({ id, topic: `t.${id % 7}` }), bounds);
    }
    const { publications, complete } = store.read('realm1', { ...ALL, afterPublication: 4991 });
    expect([publications.map(({ id }) => id), complete]).toEqual([
      [4992, 4993, 4994, 4995, 4996, 4997, 4998, 4999, 5000],
      true,
    ]);
  });
});
